"""OpenAI Responses answer -> what it says and how sure its tokens are; read only for answers that are checked."""

import math
from collections.abc import Iterator

import msgspec

from pointsman.core.chat.verification import MILLIONTHS, AnswerText

_LEAST_LOGPROB = -100.0
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerText:
    """The text of all items of a plain answer; what has another form than OpenAI's is left out."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AnswerText("")
    items = [item for item in _list_of(answer, "output") if type(item) is dict]
    texts = [text for item in items for text in _read_item(item)]
    is_complete = type(answer) is dict and answer.get("status") == "completed"
    return AnswerText("\n\n".join(texts), _find_confidence(items), is_complete)


def _read_item(item: dict[str, object]) -> Iterator[str]:
    if item.get("type") == "function_call":
        yield _encode({name: item.get(name) for name in ("name", "arguments")}).decode()
    for part in _list_of(item, "content") if item.get("type") == "message" else ():
        for name in ("text", "refusal"):
            text = part.get(name) if type(part) is dict else None
            if type(text) is str and text:
                yield text


def _find_confidence(items: list[dict[str, object]]) -> int | None:
    """The mean over all tokens that have a probability; none that cannot be one counts."""
    probabilities = [
        math.exp(max(min(token["logprob"], 0), _LEAST_LOGPROB))
        for item in items
        for part in _list_of(item, "content")
        for token in _list_of(part, "logprobs")
        if type(token) is dict and type(token.get("logprob")) in (int, float)
    ]
    return round(math.fsum(probabilities) / len(probabilities) * MILLIONTHS) if probabilities else None


def _list_of(holder: object, name: str) -> list[object]:
    found = holder.get(name) if type(holder) is dict else None
    return found if type(found) is list else []
