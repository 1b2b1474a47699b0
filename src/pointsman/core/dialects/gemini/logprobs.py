"""How likely each token was, as Gemini tells it in `logprobsResult`, both ways."""

import math
from itertools import zip_longest

from pointsman.core.chat.answer import TokenLogprob
from pointsman.core.chat.conversation import JsonObject


def read_logprobs(result: object) -> tuple[TokenLogprob, ...] | None:
    """The tokens of a candidate; `None` when it tells of none.

    Raises:
        KeyError, TypeError, ValueError, AttributeError: when the result is none.
    """
    if type(result) is not dict:
        return None
    chosen = result.get("chosenCandidates")
    if type(chosen) is not list:
        return None
    stood = result.get("topCandidates") or []
    pairs = zip_longest(chosen, stood[: len(chosen)])
    return tuple([_read_token(token, _list_candidates(others)) for token, others in pairs])


def write_logprobs(logprobs: tuple[TokenLogprob, ...]) -> JsonObject:
    """The same, as Gemini tells it."""
    written: JsonObject = {"chosenCandidates": [_write_token(token) for token in logprobs]}
    if any(token.top for token in logprobs):
        written["topCandidates"] = [{"candidates": [_write_token(other) for other in token.top]} for token in logprobs]
    return written


def _list_candidates(others: object) -> list[object]:
    found = others.get("candidates") if type(others) is dict else None
    return found if type(found) is list else []


def _read_token(token: object, others: list[object]) -> TokenLogprob:
    text, logprob = _read_pair(token)
    return TokenLogprob(text, logprob, None, tuple([TokenLogprob(*_read_pair(other)) for other in others]))


def _read_pair(token: object) -> tuple[str, float]:
    if type(token) is not dict:
        raise TypeError("a token must be an object")
    text, logprob = token.get("token", ""), token.get("logProbability", 0.0)
    if type(text) is not str or type(logprob) not in (int, float) or not math.isfinite(logprob):
        raise ValueError("a token needs its text and a probability")
    return text, float(logprob)


def _write_token(token: TokenLogprob) -> JsonObject:
    return {"token": token.token, "logProbability": token.logprob}
