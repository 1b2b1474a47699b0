"""Anthropic's error object, both ways: what a provider's error means, and how ours is written."""

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError
from pointsman.core.dialects.rejections import judge_codes, judge_status, show_error

_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_TYPES_BY_CODE = {
    "budget_exceeded": "billing_error",
    "upstream_rate_limited": "rate_limit_error",
    "upstream_overloaded": "overloaded_error",
    "upstream_timeout": "timeout_error",
    "upstream_stream_stalled": "timeout_error",
}
_CODES_IN_MESSAGES = (
    ("prompt is too long", "context_length_exceeded"),
    ("exceed context limit", "context_length_exceeded"),
    ("credit balance is too low", "insufficient_quota"),
)
"""What Anthropic tells apart in words only: all of these are an `invalid_request_error`."""

_KINDS_BY_TYPE = {
    "authentication_error": FailureKind.AUTHENTICATION,
    "billing_error": FailureKind.QUOTA_EXHAUSTED,
    "permission_error": FailureKind.FORBIDDEN,
    "not_found_error": FailureKind.MODEL_MISSING,
    "request_too_large": FailureKind.REQUEST_TOO_LARGE,
    "timeout_error": FailureKind.FIRST_BYTE_TIMEOUT,
}
_encode = msgspec.json.Encoder().encode


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    error = _read_error(body)
    detailed = _find_detailed_code(error)
    kind = judge_status(status, _find_code_in_message(error), detailed, error.get("type"))
    return kind, show_error(error.get("message"), detailed or error.get("type"), error.get("param"))


def classify_error(error: object) -> FailureKind:
    """What an error object means that came without a status of its own, such as within a stream."""
    if type(error) is not dict:
        return FailureKind.SERVER_ERROR
    kind = error.get("type")
    known = judge_codes(_find_code_in_message(error), _find_detailed_code(error), kind)
    return known or _KINDS_BY_TYPE.get(kind if type(kind) is str else "", FailureKind.SERVER_ERROR)


def encode_error(status: int, code: str, message: str, param: str | None, request_id: str) -> bytes:
    """Write an error as Anthropic's SDKs read it; our code stands beside the type, and where they look for codes."""
    kind = _TYPES_BY_CODE.get(code) or _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    error = {"type": kind, "message": message, "code": code, "param": param, "details": {"error_code": code}}
    return _encode({"type": "error", "error": error, "request_id": request_id})


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write an error as the last event of a stream."""
    return b"event: error\ndata: %b\n\n" % encode_error(502, code, message, None, request_id)


def _find_code_in_message(error: dict[str, object]) -> str | None:
    message = error.get("message")
    if type(message) is not str:
        return None
    said = message[:1_000].lower()
    return next((code for words, code in _CODES_IN_MESSAGES if words in said), None)


def _find_detailed_code(error: dict[str, object]) -> object:
    details = error.get("details")
    return details.get("error_code") if type(details) is dict else None


def _read_error(body: bytes) -> dict[str, object]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    error = answer.get("error", answer) if type(answer) is dict else None
    if type(error) is str:
        return {"message": error}
    return error if type(error) is dict else {}
