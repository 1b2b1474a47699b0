"""OpenAI's error object, both ways: what a provider's error means, and how ours is written."""

import re

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError

MOST_MESSAGE_CHARACTERS = 2_000
_BY_STATUS = {
    400: FailureKind.INVALID_REQUEST,
    401: FailureKind.AUTHENTICATION,
    402: FailureKind.QUOTA_EXHAUSTED,
    403: FailureKind.FORBIDDEN,
    404: FailureKind.MODEL_MISSING,
    408: FailureKind.FIRST_BYTE_TIMEOUT,
    409: FailureKind.CONFLICT,
    413: FailureKind.REQUEST_TOO_LARGE,
    415: FailureKind.UNPROCESSABLE,
    422: FailureKind.UNPROCESSABLE,
    429: FailureKind.RATE_LIMITED,
    503: FailureKind.OVERLOADED,
    504: FailureKind.FIRST_BYTE_TIMEOUT,
    529: FailureKind.OVERLOADED,
}
_BY_CODE = {
    "context_length_exceeded": FailureKind.CONTEXT_LENGTH,
    "insufficient_quota": FailureKind.QUOTA_EXHAUSTED,
    "credit_balance_exhausted": FailureKind.QUOTA_EXHAUSTED,
    "enforced_spend_limit_reached": FailureKind.QUOTA_EXHAUSTED,
    "rate_limit_exceeded": FailureKind.RATE_LIMITED,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "slow_down": FailureKind.RATE_LIMITED,
    "server_is_overloaded": FailureKind.OVERLOADED,
    "overloaded_error": FailureKind.OVERLOADED,
    "invalid_api_key": FailureKind.AUTHENTICATION,
    "model_not_found": FailureKind.MODEL_MISSING,
    "invalid_request_error": FailureKind.INVALID_REQUEST,
}
_KINDS_BEYOND_STATUS = {
    400: frozenset({FailureKind.CONTEXT_LENGTH, FailureKind.QUOTA_EXHAUSTED, FailureKind.MODEL_MISSING}),
    403: frozenset({FailureKind.QUOTA_EXHAUSTED}),
    429: frozenset({FailureKind.QUOTA_EXHAUSTED}),
}
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
_KEYS = re.compile(r"\b(?:sk-|pk-|rk-|pm_|hf_|gsk_|xai-|AIza|AKIA)[-_A-Za-z0-9]{12,}|Bearer\s+\S+")
_encode = msgspec.json.Encoder().encode


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    error = _read_error(body)
    return _kind_of(status, _kind_by_code(error)), _show(error)


def _kind_of(status: int, by_code: FailureKind | None) -> FailureKind:
    if by_code is not None and by_code in _KINDS_BEYOND_STATUS.get(status, ()):
        return by_code
    if 300 <= status < 400:
        return FailureKind.REDIRECT
    return _BY_STATUS.get(status, FailureKind.INVALID_REQUEST if 400 <= status < 500 else FailureKind.SERVER_ERROR)


def classify_error(error: object) -> FailureKind:
    """What an error object means that came without a status of its own, such as within a stream."""
    return (_kind_by_code(error) if type(error) is dict else None) or FailureKind.SERVER_ERROR


def encode_error(status: int, code: str, message: str, param: str | None, request_id: str) -> bytes:
    """Write an error as OpenAI's SDKs read it."""
    kind = _TYPES_BY_CODE.get(code) or _TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    error = {"message": message, "type": kind, "param": param, "code": code, "request_id": request_id}
    return _encode({"error": error})


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write an error as the last event of a stream; no `[DONE]` follows, so that no SDK takes the answer for whole."""
    return b"data: %b\n\n" % encode_error(502, code, message, None, request_id)


def _show(error: dict[str, object]) -> ShownError | None:
    message, code, param = error.get("message"), error.get("code"), error.get("param")
    if type(message) is not str or not message:
        return None
    return ShownError(
        _KEYS.sub("***", message[:MOST_MESSAGE_CHARACTERS]),
        _KEYS.sub("***", code[:128]) if type(code) is str else None,
        _KEYS.sub("***", param[:256]) if type(param) is str else None,
    )


def _kind_by_code(error: dict[str, object]) -> FailureKind | None:
    for name in (error.get("code"), error.get("type")):
        if type(name) is str and name in _BY_CODE:
            return _BY_CODE[name]
    return None


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
