"""What LiteLLM raised, as the answer that the provider gave, or as the failure that kept it from giving one."""

import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.long_tail.arguments import refuse
from pointsman.upstream.long_tail.way_out import Way

MOST_MESSAGE_CHARACTERS: Final = 4_000
_MOST_CAUSES: Final = 16
_PREFIX = re.compile(r"(?:litellm\.)?(?:\w+(?:Error|Timeout): )*(?:\w*Exception(?: -|:) )?")
_ADVICE = re.compile(r"[.,]? ?To drop these|[.,]? ?Set .?litellm\.", re.IGNORECASE)

_CODES: Final[dict[str, str]] = {
    "ContextWindowExceededError": "context_length_exceeded",
    "RateLimitError": "rate_limit_exceeded",
    "NotFoundError": "model_not_found",
}
"""What its classes tell that the texts of their errors do not always say."""

_LOCAL: Final = frozenset(("APIConnectionError", "InternalServerError", "MidStreamFallbackError", "Timeout"))
"""Classes that also stand for what went wrong on the way, or within LiteLLM itself."""

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Rejected:
    """A provider's answer with an error status.

    Attributes:
        status: of the answer.
        headers: what is kept of its headers.
        body: an error as OpenAI writes it.
    """

    status: int
    headers: Mapping[str, object]
    body: bytes


def read_refusal(error: Exception, way: Way) -> Rejected:
    """What the provider answered, where the call failed because of its answer.

    Raises:
        UpstreamFailure: where there was no answer, or none that can be read.
    """
    name, status = type(error).__name__, getattr(error, "status_code", None)
    if name == "UnsupportedParamsError":
        reason = _ADVICE.split(_read_message(error))[0].rstrip(". ")
        raise refuse(f"{reason}; leave that out, or drop it with a quirk of the provider") from None
    headers = _read_headers(error)
    if not headers and name in _LOCAL:
        raise read_failure(error, way) from None
    if type(status) is not int or not 300 <= status <= 599:
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, f"LiteLLM: {name} of its answer", sent=True) from None
    return Rejected(status, headers, _write_error(name, _read_message(error)))


def read_failure(error: BaseException, way: Way) -> UpstreamFailure:
    """Why there is no answer, or no more of it; the words of LiteLLM's errors may quote a prompt, so none is kept."""
    if way.failure is not None:
        return way.failure
    name = type(error).__name__
    for cause in _list_causes(error):
        if isinstance(cause, ssl.SSLError):
            return UpstreamFailure(FailureKind.TLS, f"no safe connection: {cause.reason or name}", sent=False)
    if name == "Timeout":
        return UpstreamFailure(FailureKind.FIRST_BYTE_TIMEOUT, "LiteLLM has waited too long", sent=True)
    return UpstreamFailure(FailureKind.INTERRUPTED, f"LiteLLM: {name}", sent=True)


def _list_causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    for _ in range(_MOST_CAUSES):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__


def _read_headers(error: Exception) -> dict[str, object]:
    headers = getattr(error, "litellm_response_headers", None)
    return {str(name).lower(): value for name, value in headers.items()} if isinstance(headers, Mapping) else {}


def _read_message(error: Exception) -> str:
    """What the provider said, without what LiteLLM wrote before it."""
    message = getattr(error, "message", None)
    text = message if type(message) is str else ""
    return text[_PREFIX.match(text).end() :][:MOST_MESSAGE_CHARACTERS]  # type: ignore[union-attr]


def _write_error(name: str, message: str) -> bytes:
    """The provider's own error object where LiteLLM quotes it, else one with its words."""
    quoted = _find_quoted(message)
    error = quoted.get("error")
    if type(error) is not dict:
        said = quoted.get("message")
        text = said if type(said) is str else message
        error = {"message": text, "type": None, "param": None, "code": _CODES.get(name)}
    return _encode({"error": error})


def _find_quoted(message: str) -> dict[str, object]:
    """The JSON object that a message holds, be it within the Python form of bytes; empty where there is none."""
    text = message[message.find("{") : message.rfind("}") + 1]
    for form in (text, text.replace("\\'", "'")):
        try:
            return msgspec.json.decode(form, type=dict[str, object])
        except (msgspec.MsgspecError, RecursionError):
            continue
    return {}
