"""How an error ends a stream in OpenAI's chat format; the error object itself is that of all of OpenAI's formats."""

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.openai_errors import classify_error, classify_status, encode_error
from pointsman.core.dialects.rejections import show_error

__all__ = ["classify_error", "classify_status", "encode_error", "encode_stream_error", "fail_with", "is_failed"]


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write an error as the last event of a stream; no `[DONE]` follows, so that no SDK takes the answer for whole."""
    return b"data: %b\n\n" % encode_error(502, code, message, None, request_id)


def is_failed(error: object, finish_reason: object) -> bool:
    """Whether a choice with these is an error in place of an answer, as OpenRouter has them."""
    return error is not None and finish_reason in (None, "", "error")


def fail_with(error: object) -> UpstreamFailure:
    """The failure that an error object means which came with status 200."""
    shown = show_error(error.get("message"), error.get("code"), error.get("param")) if type(error) is dict else None
    return UpstreamFailure(classify_error(error), "the answer is an error with status 200", sent=True, shown=shown)
