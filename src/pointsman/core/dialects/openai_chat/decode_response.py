"""OpenAI chat answer -> hub: reads only what money needs; the bytes themselves go to the client as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_chat.usage import read_usage


class _Answer(msgspec.Struct):
    choices: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None


_decode = msgspec.json.Decoder(_Answer).decode


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; SERVER_ERROR when it is an error
            that came with status 200.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    if bytes(answer.choices) in (b"", b"null"):
        kind = FailureKind.SERVER_ERROR if answer.error is not None else FailureKind.BAD_RESPONSE
        raise UpstreamFailure(kind, "the answer has status 200 and no choices", sent=True)
    return read_usage(answer.usage)
