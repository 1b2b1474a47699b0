"""Anthropic answer -> what money needs of it; the bytes themselves go to the client as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.anthropic_messages.errors import classify_error
from pointsman.core.dialects.anthropic_messages.usage import read_usage


class _Answer(msgspec.Struct):
    content: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None


_decode = msgspec.json.Decoder(_Answer).decode


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; what an error means that came with status 200.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    if not bytes(answer.content).startswith(b"["):
        kind = FailureKind.BAD_RESPONSE if answer.error is None else classify_error(answer.error)
        raise UpstreamFailure(kind, "the answer has status 200 and no content", sent=True)
    return read_usage(answer.usage)
