"""What a call's answers may come to at most: the limit that somebody stated, else one that we state ourselves."""

from collections.abc import Iterator

import msgspec

from pointsman.core.chat.conversation import Effort
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import MOST_TOKENS
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.dialects.thinking import budget_for
from pointsman.core.routing.estimate_cost import MOST_OUTPUT_TOKENS, limit_of

_MOST_CHOICES = 128
_CONFIGS = ("generationConfig", "generation_config")
_MEMBERS = frozenset(("n", "reasoning_effort", "reasoning", "thinking", "output_config", *_CONFIGS))
_BUDGETS = ("budget_tokens", "token_budget", "max_tokens", "thinkingBudget", "thinking_budget")
_EFFORTS = ("effort", "thinkingLevel", "thinking_level")
_KNOWN: dict[str, Effort] = {
    "none": "none",
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
}
"""Words for how long to think; any other one is taken for the longest."""


class AnswerBound(msgspec.Struct, frozen=True, gc=False):
    """The answers of one call.

    Attributes:
        limit: of one answer's tokens, as stated or as it is to be stated.
        tokens: what one answer may come to, with what the model thinks.
        choices: how many answers there are.
        thinking_tokens: what the model is to think; a limit that leaves no room for it is raised upstream.
        is_stated: whether caller or agent stated the limit.
    """

    limit: int
    tokens: int
    choices: int
    thinking_tokens: int
    is_stated: bool


def bound_answer(request: ChatRequest, model: Model, caller: Agent | None) -> AnswerBound:
    """What the answers of a chat may come to at most."""
    stated = request.output_limit
    if stated is None:
        stated = limit_of(caller)
    fields, choices, thinking = request.fields, 1, 0
    if not _MEMBERS.isdisjoint(fields):
        choices, thinking = _count_choices(fields), min(max(_list_budgets(fields), default=0), MOST_TOKENS)
    if not thinking and caller is not None and caller.parameters:
        thinking = max([_read_effort(value) for name, value in caller.parameters if name == "reasoning_effort"] or [0])
    usual = model.max_output_tokens or MOST_OUTPUT_TOKENS + thinking
    limit = usual if stated is None else min(stated, MOST_TOKENS)
    tokens = limit
    if thinking >= limit:
        most = model.max_output_tokens or MOST_TOKENS
        tokens = max(limit, min(limit + thinking, most))
    return AnswerBound(limit, tokens, choices, thinking, stated is not None)


def _count_choices(fields: dict[str, object]) -> int:
    found = [_read_count(fields.get("n"))]
    for config in _list_objects(fields, _CONFIGS):
        found += [_read_count(config.get(name)) for name in ("candidateCount", "candidate_count")]
    return min(max(*found, 1), _MOST_CHOICES)


def _list_budgets(fields: dict[str, object]) -> Iterator[int]:
    """Each length of thought that a request names, in whichever format's words."""
    if "reasoning_effort" in fields:
        yield _read_effort(fields["reasoning_effort"])
    configs = _list_objects(fields, _CONFIGS)
    said = [inner for config in configs for inner in _list_objects(config, ("thinkingConfig", "thinking_config"))]
    for holder in (*_list_objects(fields, ("reasoning", "thinking", "output_config")), *said):
        for name in _BUDGETS:
            yield _read_count(holder.get(name))
        for name in _EFFORTS:
            yield _read_effort(holder.get(name))


def _list_objects(holder: dict[str, object], names: tuple[str, ...]) -> list[dict[str, object]]:
    found = [holder.get(name) for name in names]
    return [value for value in found if type(value) is dict]


def _read_effort(word: object) -> int:
    return budget_for(_KNOWN.get(word.lower(), "xhigh")) if type(word) is str else 0


def _read_count(value: object) -> int:
    """A count; some clients hold every number as a float."""
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and value > 0 else 0
