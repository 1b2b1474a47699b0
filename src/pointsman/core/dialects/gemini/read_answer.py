"""Gemini answer -> what it says and how sure its tokens are; read only for answers that are checked."""

import math
from collections.abc import Iterator

import msgspec

from pointsman.core.chat.verification import MILLIONTHS, AnswerText

_LEAST_LOGPROB = -100.0
_GOOD_ENDS = frozenset({"STOP", "MAX_TOKENS"})
_SAID = ("functionCall", "executableCode", "codeExecutionResult")
_encode = msgspec.json.Encoder().encode


def read_answer(body: bytes) -> AnswerText:
    """The text of all candidates of a plain answer, without thoughts; what has another form is left out."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return AnswerText("")
    candidates = [candidate for candidate in _list_of(answer, "candidates") if type(candidate) is dict]
    texts = [text for candidate in candidates for text in _read_parts(_list_of(candidate.get("content"), "parts"))]
    ends = [candidate.get("finishReason") for candidate in candidates]
    has_ended_well = bool(ends) and all(type(end) is str and end in _GOOD_ENDS for end in ends)
    return AnswerText("\n\n".join(texts), _find_confidence(candidates), has_ended_well)


def _read_parts(parts: list[object]) -> Iterator[str]:
    for part in parts:
        if type(part) is not dict or part.get("thought") is True:
            continue
        text = part.get("text")
        if type(text) is str and text:
            yield text
        for name in _SAID:
            if part.get(name):
                yield _encode({name: part[name]}).decode()


def _find_confidence(candidates: list[dict[str, object]]) -> int | None:
    """The mean over all tokens that have a probability; failing these, what candidates tell of all their tokens."""
    tokens = [
        token.get("logProbability")
        for candidate in candidates
        for token in _list_of(candidate.get("logprobsResult"), "chosenCandidates")
        if type(token) is dict
    ]
    found = tokens or [candidate.get("avgLogprobs") for candidate in candidates]
    logprobs = [float(value) for value in found if isinstance(value, int | float)]
    if not logprobs:
        return None
    probabilities = [math.exp(max(min(value, 0), _LEAST_LOGPROB)) for value in logprobs]
    return round(math.fsum(probabilities) / len(probabilities) * MILLIONTHS)


def _list_of(holder: object, name: str) -> list[object]:
    found = holder.get(name) if type(holder) is dict else None
    return found if type(found) is list else []
