"""What only some models behind Bedrock can be told, each family by names of its own; one table by model id."""

from collections.abc import Callable
from dataclasses import dataclass

from pointsman.core.chat.conversation import Effort, JsonObject, Thinking
from pointsman.core.dialects.thinking import budget_for, effort_for

LEAST_BUDGET_TOKENS = 1_024


@dataclass(frozen=True, slots=True)
class Family:
    """The models of one maker.

    Attributes:
        pattern: what stands in their ids.
        write_top_k: the number -> the model's own field for it, or `None` where there is none.
        write_thinking: how long to think, and the most tokens of the answer -> the model's own fields, or `None`
            where it cannot be told.
        tells_stop_sequence: whether it tells which text ended an answer.
        is_strict_while_thinking: whether it takes neither other temperatures nor forced calls while it thinks.
    """

    pattern: str
    write_top_k: Callable[[int], JsonObject] | None = None
    write_thinking: Callable[[Thinking, int | None], JsonObject | None] | None = None
    tells_stop_sequence: bool = False
    is_strict_while_thinking: bool = False


def find_family(model: str) -> Family:
    """The family of a model id; one of which nothing is known where the id does not say."""
    name = model.lower()
    return next((family for family in _FAMILIES if family.pattern in name), _UNKNOWN)


def _write_claude_thinking(thinking: Thinking, most_tokens: int | None) -> JsonObject | None:
    """A budget must be smaller than the limit of the whole answer, so that a small limit leaves no room to think."""
    budget = _find_budget(thinking)
    if budget < 0:
        return {"thinking": {"type": "adaptive"}}
    if budget == 0:
        return {"thinking": {"type": "disabled"}}
    budget = max(budget, LEAST_BUDGET_TOKENS)
    if most_tokens is not None:
        budget = min(budget, most_tokens - 1)
    if budget < LEAST_BUDGET_TOKENS:
        return None
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _write_nova_thinking(thinking: Thinking, most_tokens: int | None) -> JsonObject:
    effort = _find_effort(thinking)
    if effort == "none":
        return {"reasoningConfig": {"type": "disabled"}}
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _THREE_EFFORTS[effort]}}


def _write_gpt_thinking(thinking: Thinking, most_tokens: int | None) -> JsonObject | None:
    effort = _find_effort(thinking)
    return None if effort == "none" else {"reasoning_effort": _THREE_EFFORTS[effort]}


def _find_budget(thinking: Thinking) -> int:
    if thinking.budget_tokens is not None:
        return thinking.budget_tokens
    return budget_for(thinking.effort) if thinking.effort is not None else -1


def _find_effort(thinking: Thinking) -> Effort:
    return thinking.effort if thinking.effort is not None else effort_for(_find_budget(thinking))


_THREE_EFFORTS: dict[Effort, str] = {
    "none": "low",
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
}
_UNKNOWN = Family("")
_FAMILIES = (
    Family("anthropic.", lambda k: {"top_k": k}, _write_claude_thinking, True, True),
    Family("amazon.nova-2", lambda k: {"inferenceConfig": {"topK": k}}, _write_nova_thinking),
    Family("amazon.nova", lambda k: {"inferenceConfig": {"topK": k}}),
    Family("openai.gpt", None, _write_gpt_thinking),
)
