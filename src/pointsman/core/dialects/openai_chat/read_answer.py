"""OpenAI chat answer -> what it says and how sure its tokens are; read only for answers that are checked."""

import math
from collections.abc import Iterator

import msgspec

from pointsman.core.chat.verification import MILLIONTHS, AnswerText

_LEAST_LOGPROB = -100.0
_GOOD_ENDS = frozenset({"stop", "length", "tool_calls", "function_call"})
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerText:
    """The text of all choices of a plain answer; what has another form than OpenAI's is left out."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AnswerText("")
    choices = [choice for choice in _list_of(answer, "choices") if type(choice) is dict]
    texts = [text for choice in choices for text in _read_message(choice.get("message"))]
    return AnswerText("\n\n".join(texts), _find_confidence(choices), _have_ended_well(choices))


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
    for name in ("refusal", "tool_calls", "function_call"):
        said = message.get(name)
        if said:
            yield said if type(said) is str else _encode({name: said}).decode()


def _have_ended_well(choices: list[dict[str, object]]) -> bool:
    ends = [choice.get("finish_reason") for choice in choices]
    return bool(ends) and all(type(end) is str and end in _GOOD_ENDS for end in ends)


def _find_confidence(choices: list[dict[str, object]]) -> int | None:
    """The mean over all tokens that have a probability; none that cannot be one counts."""
    probabilities = [
        math.exp(max(min(token["logprob"], 0), _LEAST_LOGPROB))
        for choice in choices
        for token in _list_of(choice.get("logprobs"), "content")
        if type(token) is dict and type(token.get("logprob")) in (int, float)
    ]
    return round(math.fsum(probabilities) / len(probabilities) * MILLIONTHS) if probabilities else None


def _list_of(holder: object, name: str) -> list[object]:
    found = holder.get(name) if type(holder) is dict else None
    return found if type(found) is list else []
