"""What Gemini's models differ in: how they are told how long to think, and whether calls must be signed."""

from pointsman.core.chat.conversation import Effort, JsonObject, Thinking
from pointsman.core.dialects.thinking import budget_for

UNSIGNED = "skip_thought_signature_validator"
"""What Google documents for calls that another model made: https://ai.google.dev/gemini-api/docs/thought-signatures"""

_LEVELS: dict[Effort, str] = {
    "none": "minimal",
    "minimal": "minimal",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
}
_BEYOND_LEVELS = frozenset({"none", "xhigh"})
# The least and the most tokens that older generations may be told to think; 0 turns it off where it can be turned off.
_BUDGETS: tuple[tuple[str, int, int, bool], ...] = (
    ("2.5-pro", 128, 32768, False),
    ("2.5-flash-lite", 512, 24576, True),
    ("2.5-flash", 1, 24576, True),
)


def is_third(model: str) -> bool:
    """Whether a model is of Gemini's third generation, which has levels of thinking and demands signatures."""
    return model.rpartition("/")[2].lower().startswith("gemini-3")


def write_thinking(thinking: Thinking, model: str, losses: list[str]) -> JsonObject:
    """The `thinkingConfig` for a model; what it cannot be told is added to `losses`."""
    written: JsonObject = {}
    if thinking.budget_tokens is not None:
        written["thinkingBudget"] = thinking.budget_tokens
    elif thinking.effort is not None and is_third(model):
        written["thinkingLevel"] = _LEVELS[thinking.effort].upper()
        if thinking.effort in _BEYOND_LEVELS:
            losses.append("reasoning_effort")
    elif thinking.effort is not None:
        wanted = budget_for(thinking.effort)
        written["thinkingBudget"] = allowed = _clamp(wanted, model)
        if (wanted == 0) != (allowed == 0):
            losses.append("reasoning_effort")
    if thinking.shows is not None:
        written["includeThoughts"] = thinking.shows
    elif thinking.summary:
        written["includeThoughts"] = True
    return written


def _clamp(budget: int, model: str) -> int:
    id = model.rpartition("/")[2].lower()
    for beginning, least, most, can_stop in _BUDGETS:
        if id.startswith(f"gemini-{beginning}"):
            return 0 if budget == 0 and can_stop else max(least, min(budget, most))
    return budget
