"""OpenAI Responses answer -> usage: reads only what money needs; the bytes themselves go to the client as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_responses.read_response import read_failure
from pointsman.core.dialects.openai_responses.usage import read_usage


class _Answer(msgspec.Struct):
    output: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None
    status: object = None


_decode = msgspec.json.Decoder(_Answer).decode


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; what the error means when it is a failed one.
    """
    try:
        answer = _decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    is_empty = not bytes(answer.output).startswith(b"[")
    if answer.status == "failed" or (is_empty and answer.error is not None):
        raise read_failure(answer.error)
    if is_empty:
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has status 200 and no output", sent=True)
    return read_usage(answer.usage)
