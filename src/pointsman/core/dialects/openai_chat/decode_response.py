"""OpenAI chat answer -> hub: reads only what money needs; the bytes themselves go to the client as received."""

import msgspec

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_chat.errors import fail_with, is_failed
from pointsman.core.dialects.openai_chat.usage import read_usage


class _Answer(msgspec.Struct):
    choices: msgspec.Raw = msgspec.Raw()
    usage: object = None
    error: object = None


class _Choice(msgspec.Struct):
    error: object = None
    finish_reason: object = None


_decode = msgspec.json.Decoder(_Answer).decode
_decode_choices = msgspec.json.Decoder(list[_Choice]).decode
_NONE = frozenset({b"", b"null"})


def decode_response(body: bytes) -> Usage | None:
    """The usage that a plain answer with status 200 reports, or `None` when it reports none.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer at all; what an error says that came with status 200.
    """
    try:
        answer = _decode(body)
        choices = bytes(answer.choices)
        error = answer.error if choices in _NONE or not choices[1:-1].strip() else _find_error(choices)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is not a JSON object", sent=True) from None
    if error is not None:
        raise fail_with(error)
    if choices in _NONE or not choices[1:-1].strip():
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer has status 200 and no choices", sent=True)
    return read_usage(answer.usage)


def _find_error(choices: bytes) -> object:
    """What stands in place of an answer; a search spares the answers without any a second reading."""
    if b'"error"' not in choices:
        return None
    found = _decode_choices(choices)
    return next((choice.error for choice in found if is_failed(choice.error, choice.finish_reason)), None)
