"""OpenAI's error object, shared by all of its formats: what a provider's means, and how ours is written."""

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError
from pointsman.core.dialects.rejections import judge_codes, judge_status, show_error

_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    408: "timeout_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_error",
}
_TYPES_BY_CODE = {"budget_exceeded": "insufficient_quota"}
_encode = msgspec.json.Encoder().encode


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    error = _read_error(body)
    kind = judge_status(status, error.get("code"), error.get("type"))
    return kind, show_error(error.get("message"), error.get("code"), error.get("param"))


def classify_error(error: object) -> FailureKind:
    """What an error object means that came without a status of its own, such as within a stream."""
    known = judge_codes(error.get("code"), error.get("type")) if type(error) is dict else None
    return known or FailureKind.SERVER_ERROR


def encode_error(status: int, code: str, message: str, param: str | None, request_id: str) -> bytes:
    """Write an error as OpenAI's SDKs read it."""
    kind = _TYPES_BY_CODE.get(code) or _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    error = {"message": message, "type": kind, "param": param, "code": code, "request_id": request_id}
    return _encode({"error": error})


def _read_error(body: bytes) -> dict[str, object]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    if type(answer) is list and answer:
        answer = answer[0]
    error = answer.get("error", answer) if type(answer) is dict else None
    if type(error) is str:
        return {"message": error}
    return error if type(error) is dict else {}
