"""How an error ends a stream of the Responses format; the error object itself is that of all of OpenAI's formats."""

import msgspec

from pointsman.core.dialects.openai_errors import classify_error, classify_status, encode_error

__all__ = ["classify_error", "classify_status", "encode_error", "encode_stream_error"]

LAST_NUMBER = 2**31 - 1
"""Whoever writes the error does not know how many events came before; the numbers must rise all the same."""

_CODES = {"upstream_rate_limited": "rate_limit_exceeded"}
_encode = msgspec.json.Encoder().encode


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write an error as the last events of a stream: the error itself, and the answer as failed."""
    error = {"type": "error", "code": code, "message": message, "param": None, "sequence_number": LAST_NUMBER - 1}
    # The codes of a failed answer are a closed list, to which ours do not belong.
    failed = {
        "type": "response.failed",
        "sequence_number": LAST_NUMBER,
        "response": {
            "id": f"resp_{request_id}",
            "object": "response",
            "created_at": 0,
            "status": "failed",
            "error": {"code": _CODES.get(code, "server_error"), "message": message},
            "incomplete_details": None,
            "model": "",
            "output": [],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": None,
        },
    }
    return b"event: error\ndata: %b\n\nevent: response.failed\ndata: %b\n\n" % (_encode(error), _encode(failed))
