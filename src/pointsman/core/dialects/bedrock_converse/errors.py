"""What Bedrock's errors mean, as an answer or within a stream."""

import msgspec

from pointsman.core.chat.failures import FailureKind, ShownError, UpstreamFailure
from pointsman.core.dialects.rejections import judge_status, show_error

_BY_NAME = {
    "accessdeniedexception": FailureKind.FORBIDDEN,
    "expiredtokenexception": FailureKind.AUTHENTICATION,
    "incompletesignatureexception": FailureKind.AUTHENTICATION,
    "invalidsignatureexception": FailureKind.AUTHENTICATION,
    "missingauthenticationtokenexception": FailureKind.AUTHENTICATION,
    "unrecognizedclientexception": FailureKind.AUTHENTICATION,
    "internalserverexception": FailureKind.SERVER_ERROR,
    "modelerrorexception": FailureKind.SERVER_ERROR,
    "modelstreamerrorexception": FailureKind.SERVER_ERROR,
    "modelnotreadyexception": FailureKind.OVERLOADED,
    "modeltimeoutexception": FailureKind.FIRST_BYTE_TIMEOUT,
    "resourcenotfoundexception": FailureKind.MODEL_MISSING,
    "servicequotaexceededexception": FailureKind.QUOTA_EXHAUSTED,
    "serviceunavailableexception": FailureKind.OVERLOADED,
    "throttlingexception": FailureKind.RATE_LIMITED,
    "validationexception": FailureKind.INVALID_REQUEST,
}
_BY_MESSAGE = (
    ("input is too long", FailureKind.CONTEXT_LENGTH),
    ("prompt is too long", FailureKind.CONTEXT_LENGTH),
    ("maximum context length", FailureKind.CONTEXT_LENGTH),
    ("model identifier is invalid", FailureKind.MODEL_MISSING),
    ("on-demand throughput isn", FailureKind.MODEL_MISSING),
)
"""What Bedrock tells by the words of a `ValidationException` only."""
_BY_STATUS = {424: FailureKind.SERVER_ERROR}


def classify_status(status: int, body: bytes) -> tuple[FailureKind, ShownError | None]:
    """What an answer with an error status means, and what the provider said of it."""
    error = _read_error(body)
    message = error.get("message") or error.get("Message")
    name = error.get("__type")
    kind = _judge(name, message)
    if kind is None or (kind is FailureKind.INVALID_REQUEST and status != 400):
        kind = _BY_STATUS.get(status) or judge_status(status)
    if kind is FailureKind.INVALID_REQUEST:
        kind = _judge_words(message) or kind
    return kind, show_error(message, _cut_name(name))


def read_exception(name: str, payload: bytes) -> UpstreamFailure:
    """What an exception within a stream means."""
    message = _read_error(payload).get("message")
    kind = _judge(name, message) or FailureKind.SERVER_ERROR
    detail = "the provider sent an error within the stream"
    return UpstreamFailure(kind, detail, sent=True, shown=show_error(message, _cut_name(name)))


def _judge(name: object, message: object) -> FailureKind | None:
    cut = _cut_name(name)
    kind = _BY_NAME.get(cut.lower()) if cut else None
    if kind is FailureKind.INVALID_REQUEST:
        return _judge_words(message) or kind
    return kind


def _judge_words(message: object) -> FailureKind | None:
    words = message.lower() if type(message) is str else ""
    return next((kind for known, kind in _BY_MESSAGE if known in words), None)


def _cut_name(name: object) -> str | None:
    """The name behind the namespace, as in `com.amazon.coral.service#ThrottlingException`."""
    return name.rpartition("#")[2].partition(":")[0][:128] if type(name) is str else None


def _read_error(body: bytes) -> dict[str, object]:
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return answer if type(answer) is dict else {}
