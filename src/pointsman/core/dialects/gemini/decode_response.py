"""Gemini answer of a client that speaks Gemini, too: reads only what money needs; the bytes go on as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.gemini.errors import classify_error
from pointsman.core.dialects.gemini.usage import read_usage


class _Answer(msgspec.Struct):
    candidates: msgspec.Raw = msgspec.Raw()
    promptFeedback: msgspec.Raw = msgspec.Raw()
    usageMetadata: object = None
    error: object = None


_decode = msgspec.json.Decoder(_Answer).decode
_NONE = frozenset({b"", b"null", b"[]", b"{}"})


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; what an error says that came with status 200.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    if bytes(answer.candidates) in _NONE and bytes(answer.promptFeedback) in _NONE:
        kind = FailureKind.BAD_RESPONSE if answer.error is None else classify_error(answer.error)
        raise UpstreamFailure(kind, "the answer has status 200 and no candidates", sent=True)
    return read_usage(answer.usageMetadata)
