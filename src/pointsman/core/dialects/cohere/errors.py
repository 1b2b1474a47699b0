"""Cohere's errors, both ways: what a provider's error means, and how ours is written."""

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError
from pointsman.core.dialects.rejections import judge_status, show_error

_BY_STATUS = {498: FailureKind.INVALID_REQUEST, 499: FailureKind.SERVER_ERROR}
_BY_MESSAGE = (
    (400, "too many tokens: max tokens", FailureKind.INVALID_REQUEST),
    (400, "too many tokens", FailureKind.CONTEXT_LENGTH),
    (429, "per month", FailureKind.QUOTA_EXHAUSTED),
)
"""Cohere tells these by their words only."""
_encode = msgspec.json.Encoder().encode


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    message = _read_message(body)
    return _judge(status, message), show_error(message)


def encode_error(status: int, code: str, message: str, param: str | None, request_id: str) -> bytes:
    """Write an error as Cohere's SDKs read it; our code and path stand beside it."""
    return _encode({"id": request_id, "message": message, "code": code, "param": param})


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write the end of a broken stream; no `[DONE]` follows, so that nobody takes the answer for whole."""
    delta = {"error": message, "finish_reason": "ERROR"}
    document = {"type": "message-end", "id": request_id, "code": code, "delta": delta}
    return b"event: message-end\ndata: %b\n\n" % _encode(document)


def _judge(status: int, message: object) -> FailureKind:
    words = message.lower() if type(message) is str else ""
    for known_status, known_words, kind in _BY_MESSAGE:
        if status == known_status and known_words in words:
            return kind
    return _BY_STATUS.get(status) or judge_status(status)


def _read_message(body: bytes) -> object:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    if type(answer) is not dict:
        return None
    error = answer.get("error")
    return answer.get("message") or (error.get("message") if type(error) is dict else error)
