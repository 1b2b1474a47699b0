"""How long to think, in words and in tokens: the one table between formats that say it in either way."""

from pointsman.core.chat.conversation import Effort

_BUDGETS: dict[Effort, int] = {
    "none": 0,
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 24576,
    "xhigh": 32768,
}


def budget_for(effort: Effort) -> int:
    """The tokens that an effort stands for; 0 turns thinking off."""
    return _BUDGETS[effort]


def effort_for(budget: int) -> Effort:
    """The smallest effort that a budget of tokens fits in; `medium` for a negative one, left to the model."""
    if budget < 0:
        return "medium"
    return next((effort for effort, tokens in _BUDGETS.items() if budget <= tokens), "xhigh")
