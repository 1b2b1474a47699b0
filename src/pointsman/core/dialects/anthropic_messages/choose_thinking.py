"""How a model of Anthropic's is told to think: by a budget up to generation 4.5, by an effort from 4.7 on, both at 4.6.

A model whose name tells no generation, such as another maker's behind the same format, is taken to know both.
"""

import re
from functools import lru_cache

import msgspec

from pointsman.core.chat.conversation import Effort, JsonObject, Thinking
from pointsman.core.dialects.thinking import budget_for, effort_for

LEAST_BUDGET_TOKENS = 1_024
LEAST_TOP_P = 0.95
"""What `top_p` may be beside thinking, at least."""

Generation = tuple[int, int]
_BOTH_WAYS: Generation = (4, 6)
_NEWEST: Generation = (99, 0)
_FIRST_WITH_SYSTEM_TURNS: Generation = (4, 8)
_CLAUDE = re.compile(r"claude-")
_GENERATION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_WORDS: dict[Effort, str] = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh"}


class ThinkingPlan(msgspec.Struct):
    """What a request says about thinking.

    Attributes:
        config: the member `thinking`, or `None`.
        effort: the member `output_config.effort`, or `""`.
        limit: `max_tokens`, which has to be larger than a budget.
    """

    config: JsonObject | None
    effort: str
    limit: int

    @property
    def is_on(self) -> bool:
        """Whether the model is asked to think."""
        return self.config is not None and self.config["type"] != "disabled"

    @property
    def has_budget(self) -> bool:
        """Whether the model is given a budget to think with."""
        return self.config is not None and self.config["type"] == "enabled"


@lru_cache(maxsize=256)
def read_generation(model: str) -> Generation | None:
    """The generation in the name of a Claude model, the newest where it names none; `None` for other names."""
    name = model.lower()
    match = _GENERATION.search(name)
    if match is None:
        return _NEWEST if _CLAUDE.search(name) else None
    return int(match[1]), int(match[2] or 0)


def takes_system_turns(model: str) -> bool:
    """Whether a system message may stand between turns."""
    generation = read_generation(model)
    return generation is not None and _FIRST_WITH_SYSTEM_TURNS <= generation < _NEWEST


def plan_thinking(
    thinking: Thinking | None, model: str, limit: int, most: int | None, losses: list[str]
) -> ThinkingPlan:
    """What to say about thinking.

    Args:
        thinking: what the caller wants.
        model: the provider's id of it.
        limit: of the answer's tokens, before room is made for a budget.
        most: the most tokens that an answer of the model may have, or `None`.
        losses: takes what cannot be said.
    """
    if thinking is None:
        return ThinkingPlan(None, "", limit)
    budget, effort, generation = thinking.budget_tokens, thinking.effort, read_generation(model)
    if budget == 0 or (budget is None and effort == "none"):
        return ThinkingPlan({"type": "disabled"}, _name_effort(effort, generation, losses), limit)
    if budget is None and effort is None:
        if thinking.shows or thinking.summary:
            losses.append("thinking.shows")
        return ThinkingPlan(None, "", limit)
    if generation is not None and generation < _BOTH_WAYS:
        return _plan_budget(thinking, limit, most, losses)
    if budget is not None and budget > 0:
        if generation is None or generation == _BOTH_WAYS:
            return _plan_budget(thinking, limit, most, losses)
        losses.append("thinking.budget_tokens")
        effort = effort or effort_for(budget)
    return ThinkingPlan({"type": "adaptive", **_display(thinking)}, _name_effort(effort, generation, losses), limit)


def _plan_budget(thinking: Thinking, limit: int, most: int | None, losses: list[str]) -> ThinkingPlan:
    """A budget, and the limit raised where the budget would leave no room for an answer; no further than is allowed."""
    wanted = thinking.budget_tokens
    if wanted is None:
        budget = budget_for(thinking.effort or "medium")
    elif wanted < LEAST_BUDGET_TOKENS:
        losses.append("thinking.budget_tokens")
        budget = LEAST_BUDGET_TOKENS if wanted > 0 else budget_for("medium")
    else:
        budget = wanted
    if limit <= budget:
        limit += budget
        if most is not None and limit > most:
            limit, budget = most, min(budget, most // 2)
            if budget < LEAST_BUDGET_TOKENS:
                losses.append("thinking")
                return ThinkingPlan(None, "", limit)
    effort = "" if thinking.effort is None or wanted is None else _WORDS.get(thinking.effort, "")
    return ThinkingPlan({"type": "enabled", "budget_tokens": budget, **_display(thinking)}, effort, limit)


def _name_effort(effort: Effort | None, generation: Generation | None, losses: list[str]) -> str:
    if effort is None or effort == "none":
        return ""
    word = _WORDS[effort]
    if word == "xhigh" and generation == _BOTH_WAYS:
        word = "high"
    if word != effort:
        losses.append("thinking.effort")
    return word


def _display(thinking: Thinking) -> JsonObject:
    if thinking.shows is None and not thinking.summary:
        return {}
    return {"display": "omitted" if thinking.shows is False else "summarized"}
