"""Google's error object, both ways: what a provider's error means, and how ours is written."""

from collections.abc import Iterator

import msgspec

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.failures import FailureKind, ShownError
from pointsman.core.dialects.rejections import judge_status, show_error

_STATUSES = {
    "INVALID_ARGUMENT": 400,
    "FAILED_PRECONDITION": 400,
    "OUT_OF_RANGE": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "NOT_FOUND": 404,
    "ALREADY_EXISTS": 409,
    "ABORTED": 409,
    "RESOURCE_EXHAUSTED": 429,
    "INTERNAL": 500,
    "UNKNOWN": 500,
    "DATA_LOSS": 500,
    "UNAVAILABLE": 503,
    "DEADLINE_EXCEEDED": 504,
}
_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    504: "DEADLINE_EXCEEDED",
}
_BY_REASON = {
    "API_KEY_INVALID": FailureKind.AUTHENTICATION,
    "API_KEY_EXPIRED": FailureKind.AUTHENTICATION,
    "ACCESS_TOKEN_EXPIRED": FailureKind.AUTHENTICATION,
    "BILLING_DISABLED": FailureKind.QUOTA_EXHAUSTED,
}
# What Google tells apart in words only, by the status that goes with it.
_BY_WORDS = (
    (400, "exceeds the maximum number of tokens", FailureKind.CONTEXT_LENGTH),
    (400, "api key not valid", FailureKind.AUTHENTICATION),
    (400, "api key expired", FailureKind.AUTHENTICATION),
    (429, "credits are depleted", FailureKind.QUOTA_EXHAUSTED),
    (429, "spending cap", FailureKind.QUOTA_EXHAUSTED),
)
_encode = msgspec.json.Encoder().encode


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    error = _read_error(body)
    return _judge(status, error), show_error(error.get("message"), error.get("status"), _find_field(error))


def classify_error(error: object) -> FailureKind:
    """What an error object means that came without a status of its own, such as within a stream."""
    if type(error) is not dict:
        return FailureKind.SERVER_ERROR
    name, code = error.get("status"), error.get("code")
    known = _STATUSES.get(name) if type(name) is str else None
    status = code if type(code) is int and 400 <= code < 600 else known
    return FailureKind.SERVER_ERROR if status is None else _judge(status, error)


def encode_error(status: int, code: str, message: str, param: str | None, request_id: str) -> bytes:
    """Write an error as Google's SDKs read it."""
    details: list[JsonObject] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": code,
            "domain": "pointsman",
            "metadata": {"request_id": request_id},
        }
    ]
    if param:
        violation = {"field": param, "description": message}
        details.append({"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]})
    name = _NAMES.get(status, "INVALID_ARGUMENT" if status < 500 else "UNAVAILABLE")
    return _encode({"error": {"code": status, "message": message, "status": name, "details": details}})


def encode_stream_error(code: str, message: str, request_id: str) -> bytes:
    """Write an error as the last event of a stream; Google's SDKs raise it as they read it."""
    return b"data: %b\n\n" % encode_error(502, code, message, None, request_id)


def _judge(status: int, error: JsonObject) -> FailureKind:
    for reason in _list_reasons(error):
        if reason in _BY_REASON:
            return _BY_REASON[reason]
    message = error.get("message")
    words = message.lower() if type(message) is str else ""
    for where, said, kind in _BY_WORDS:
        if where == status and said in words:
            return kind
    if status == 400 and error.get("status") == "FAILED_PRECONDITION":
        return FailureKind.FORBIDDEN  # the account's country or billing, never the request
    return judge_status(status)


def _list_details(error: JsonObject) -> list[JsonObject]:
    details = error.get("details")
    return [detail for detail in details if type(detail) is dict] if type(details) is list else []


def _list_reasons(error: JsonObject) -> Iterator[str]:
    for detail in _list_details(error):
        reason = detail.get("reason")
        if type(reason) is str:
            yield reason


def _find_field(error: JsonObject) -> object:
    for detail in _list_details(error):
        violations = detail.get("fieldViolations")
        if type(violations) is list and violations and type(violations[0]) is dict:
            return violations[0].get("field")
    return None


def _read_error(body: bytes) -> JsonObject:
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
