"""Cohere chat answer -> what it says and how sure its tokens are; read only for answers that are checked."""

import math
from collections.abc import Iterator

import msgspec

from pointsman.core.chat.verification import MILLIONTHS, AnswerText

_LEAST_LOGPROB = -100.0
_GOOD_ENDS = frozenset({"COMPLETE", "STOP_SEQUENCE", "MAX_TOKENS", "TOOL_CALL"})
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerText:
    """The texts, the plan and the calls of a plain answer; what has another form than Cohere's is left out."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AnswerText("")
    if type(answer) is not dict:
        return AnswerText("")
    reason = answer.get("finish_reason")
    has_ended_well = type(reason) is str and reason in _GOOD_ENDS
    return AnswerText("\n\n".join(_read_message(answer.get("message"))), _find_confidence(answer), has_ended_well)


def _read_message(message: object) -> Iterator[str]:
    if type(message) is not dict:
        return
    content = message.get("content")
    if type(content) is str:
        yield content
    for part in _list_of(message, "content"):
        text = part.get("text") if type(part) is dict else None
        if type(text) is str:
            yield text
    for name in ("tool_plan", "tool_calls"):
        said = message.get(name)
        if said:
            yield said if type(said) is str else _encode({name: said}).decode()


def _find_confidence(answer: dict[str, object]) -> int | None:
    """The mean over all tokens that have a probability; none that cannot be one counts."""
    probabilities = [
        math.exp(max(min(logprob, 0), _LEAST_LOGPROB))
        for item in _list_of(answer, "logprobs")
        for logprob in _list_of(item, "logprobs")
        if isinstance(logprob, int | float)
    ]
    return round(math.fsum(probabilities) / len(probabilities) * MILLIONTHS) if probabilities else None


def _list_of(holder: object, name: str) -> list[object]:
    found = holder.get(name) if type(holder) is dict else None
    return found if type(found) is list else []
