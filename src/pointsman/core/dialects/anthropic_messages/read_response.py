"""Anthropic answer -> hub; what only this format can say stays in `extra`."""

from typing import cast

import msgspec

from pointsman.core.chat.answer import AnswerPart, ChatAnswer, Choice
from pointsman.core.chat.conversation import JsonObject, ToolResult
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.anthropic_messages.errors import classify_error
from pointsman.core.dialects.anthropic_messages.read_blocks import ShapeError, read_content
from pointsman.core.dialects.anthropic_messages.terms import NAME, TIERS_REPORTED, read_finish
from pointsman.core.dialects.anthropic_messages.usage import read_usage

_READ_HERE = frozenset({"id", "type", "role", "model", "content", "stop_reason", "stop_sequence", "usage"})
_COUNTS = "input_tokens output_tokens cache_read_input_tokens cache_creation_input_tokens output_tokens_details"
_COUNTS_READ_HERE = frozenset([*_COUNTS.split(), "service_tier"])
_decode = msgspec.json.Decoder(dict[str, object]).decode


def read_response(body: bytes) -> ChatAnswer:
    """A plain answer with status 200.

    Raises:
        UpstreamFailure: BAD_RESPONSE when the body is no answer; what an error in it means, when it holds one.
    """
    try:
        answer = _decode(body)
        return _read_answer(answer)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ShapeError):
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "the answer is no message", sent=True) from None


def _read_answer(answer: JsonObject) -> ChatAnswer:
    content = answer.get("content")
    if type(content) is not list:
        raise_for_error(answer.get("error"))
        raise ShapeError("content", "must be a list of blocks")
    extra: JsonObject = {}
    parts = read_content(content, "content", extra)
    if any(isinstance(part, ToolResult) for part in parts):
        raise ShapeError("content", "holds a result where an answer should be")
    for name, value in answer.items():
        if name not in _READ_HERE and value is not None:
            extra[name] = value
    usage = answer.get("usage")
    if type(usage) is dict:
        extra.update(
            {f"usage.{name}": value for name, value in usage.items() if name not in _COUNTS_READ_HERE and value}
        )
    reason, sequence = answer.get("stop_reason"), answer.get("stop_sequence")
    choice = Choice(
        cast(tuple[AnswerPart, ...], parts),
        None if reason is None else read_finish(reason),
        sequence if type(sequence) is str else "",
    )
    return ChatAnswer(
        _string(answer, "id"),
        _string(answer, "model"),
        (choice,),
        read_usage(usage),
        service_tier=read_tier(usage),
        extra=extra,
        extra_dialect=NAME if extra else "",
    )


def raise_for_error(error: object) -> None:
    """Raise what an error means that came with status 200; nothing when there is none."""
    if error is not None:
        raise UpstreamFailure(classify_error(error), "the answer has status 200 and holds an error", sent=True)


def read_tier(usage: object) -> str:
    """The class of service that answered, or `""`."""
    tier = usage.get("service_tier") if type(usage) is dict else None
    return TIERS_REPORTED.get(tier, "") if type(tier) is str else ""


def _string(answer: JsonObject, name: str) -> str:
    value = answer.get(name)
    return value if type(value) is str else ""
