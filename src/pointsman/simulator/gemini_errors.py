"""Errors as Google's APIs word them: a code, a message, the name of the status, and details of known types."""

import re

import msgspec

from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import write_event

_STATUS_NAMES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
    529: "UNAVAILABLE",
}
_TYPES = "type.googleapis.com/google.rpc"


def write_error(refusal: Refusal) -> bytes:
    """The error document."""
    error: dict[str, object] = {
        "code": refusal.status,
        "message": _word(refusal),
        "status": _STATUS_NAMES.get(refusal.status, "INVALID_ARGUMENT"),
    }
    if details := _list_details(refusal):
        error["details"] = details
    return msgspec.json.encode({"error": error})


def write_error_event(refusal: Refusal) -> bytes:
    """The same in the middle of a stream."""
    return write_event(write_error(refusal))


def _word(refusal: Refusal) -> str:
    """Google's sentence where it is known for it, else ours."""
    if refusal.code == "context_length_exceeded":
        window, used = re.findall(r"\d+", refusal.message)
        return f"The input token count ({used}) exceeds the maximum number of tokens allowed ({window})."
    if refusal.code == "unknown_parameter" and refusal.param:
        parent, _, name = refusal.param.rpartition(".")
        return f"Invalid JSON payload received. Unknown name \"{name}\" at '{parent}': Cannot find field."
    if refusal.code == "invalid_api_key":
        return "API key not valid. Please pass a valid API key."
    return refusal.message


def _list_details(refusal: Refusal) -> list[dict[str, object]]:
    if refusal.code == "invalid_api_key":
        return [{"@type": f"{_TYPES}.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    if refusal.status == 429:
        return [{"@type": f"{_TYPES}.RetryInfo", "retryDelay": "7s"}]
    if refusal.status == 400 and refusal.param:
        violation = {"field": refusal.param, "description": refusal.message}
        return [{"@type": f"{_TYPES}.BadRequest", "fieldViolations": [violation]}]
    return []
