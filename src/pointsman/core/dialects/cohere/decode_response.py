"""Cohere chat answer -> usage: reads only what money needs; the bytes themselves go to the client as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.cohere.read_response import refuse_failed
from pointsman.core.dialects.cohere.usage import read_usage


class _Answer(msgspec.Struct):
    message: msgspec.Raw = msgspec.Raw()
    finish_reason: object = None
    usage: object = None


_decode = msgspec.json.Decoder(_Answer).decode


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; SERVER_ERROR when it says that it failed.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    if bytes(answer.message)[:1] != b"{":
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has status 200 and no message", sent=True)
    refuse_failed(answer.finish_reason)
    return read_usage(answer.usage)
