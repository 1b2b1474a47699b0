"""How a budget's window stands and where it will end if spending goes on as it has; integers only, rounded once."""

from typing import Literal

LEAST_PAST_MS = 3_600_000
"""From less than an hour nobody can tell how the rest of a window will be."""

MILLION = 1_000_000

BudgetState = Literal["ok", "near", "used_up", "over"]
"""`near` from four fifths of the limit on; `used_up` when nothing is left, `over` when more was spent than that."""


def forecast_spent(spent_nusd: int, start_ms: int, end_ms: int, now_ms: int) -> int | None:
    """What a window will have come to at its end, if the rest of it is like its beginning.

    Args:
        spent_nusd: so far.
        start_ms: the window's first millisecond.
        end_ms: the first one after it.
        now_ms: the time.

    Returns:
        Nano-dollars, rounded up; `None` within the window's first hour.
    """
    past_ms = min(now_ms, end_ms) - start_ms
    if past_ms < LEAST_PAST_MS:
        return None
    return -(-spent_nusd * (end_ms - start_ms) // past_ms)


def judge_budget(spent_nusd: int, held_nusd: int, limit_nusd: int) -> BudgetState:
    """How a window stands.

    Args:
        spent_nusd: known costs.
        held_nusd: what else counts against the limit: calls under way, and those whose cost nobody knows.
        limit_nusd: of the budget.
    """
    if spent_nusd > limit_nusd:
        return "over"
    if spent_nusd + held_nusd >= limit_nusd:
        return "used_up"
    return "near" if 5 * spent_nusd >= 4 * limit_nusd else "ok"


def find_share(spent_nusd: int, limit_nusd: int) -> int:
    """Which share of a limit is spent, in millionths, rounded down; of a limit of nothing all of it."""
    if limit_nusd <= 0:
        return MILLION
    return spent_nusd * MILLION // limit_nusd
