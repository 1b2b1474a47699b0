"""Plausible log probabilities for tokens, in OpenAI's shape."""

from random import Random
from typing import Any

_LIKELY_TOKENS = (
    " the", " a", " and", " of", " to", " in", " is", ",", ".", " it",
    " that", " for", " on", " with", " as", " at", " by", " this", " an", " be", " or",
)  # fmt: skip


def rank_token(token: str, alternatives: int) -> list[tuple[str, float]]:
    """A token with its log probability, then others that might have stood in its place, `alternatives` in all."""
    dice = Random(token)
    chosen = -(dice.random() ** 3)
    others = [other for other in _LIKELY_TOKENS if other != token][: max(0, alternatives - 1)]
    return [(token, chosen), *((other, chosen - 1 - dice.random() - place) for place, other in enumerate(others))]


def rate_token(token: str, alternatives: int) -> dict[str, Any]:
    """An element of `logprobs.content`, with `alternatives` elements of `top_logprobs`."""
    ranked = rank_token(token, alternatives)
    top = [_show_logprob(*pair) for pair in ranked[:alternatives]]
    return {**_show_logprob(*ranked[0]), "top_logprobs": top}


def _show_logprob(token: str, logprob: float) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}
