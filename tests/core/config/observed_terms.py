"""The keys of terms that requests run under: policies, the search for private data, budgets, experiments."""

from collections.abc import Iterator
from typing import Any

from key_pairs import ABSENT, CALLERS, LOCAL_SPARE, Pair
from observations import problems
from routing_observations import (
    Surroundings,
    asked,
    chosen,
    counted,
    dealt,
    find_a_name,
    find_nothing_slowly,
    hedges,
    held_back,
    repeats,
    searched,
)

QUICK = {"routing.back_off.initial": "1ms", "routing.back_off.max": "1ms"}
UNEVEN = {"models.m.quality": 0.5, "models.n.quality": 0.9}
ALWAYS = LOCAL_SPARE | {"privacy.detect": "always"}

PRIVACY = (
    Pair("privacy.detect", "rules", "always", searched("agent:a"), LOCAL_SPARE),
    Pair("privacy.entities", ["iban"], ["email", "iban"], searched("agent:a"), ALWAYS),
    Pair("privacy.names", False, True, asked("agent:a", Surroundings(names=find_a_name)), ALWAYS),
    Pair(
        "privacy.deadline",
        "1ms",
        "1h",
        asked("agent:a", Surroundings(names=find_nothing_slowly)),
        ALWAYS | {"privacy.names": True},
    ),
)


def put_budget(**changes: Any) -> dict[str, Any]:
    """A budget that the agent a is over."""
    budget = {"scope": "agent:a", "window": "day", "limit": "5", "on_exceed": "local_only"} | changes
    return {f"budgets[].{name}": value for name, value in budget.items()}


BUDGET = "budgets[]"
BUDGETS = (
    Pair(f"{BUDGET}.name", ABSENT, "ours", counted, put_budget()),
    Pair(f"{BUDGET}.scope", "agent:a", "user:b", counted, put_budget()),
    Pair(f"{BUDGET}.window", "hour", "day", counted, put_budget()),
    Pair(f"{BUDGET}.limit", "5", "50", counted, put_budget()),
    Pair(f"{BUDGET}.time_zone", "UTC", "Asia/Tokyo", counted, put_budget()),
    Pair(
        f"{BUDGET}.on_exceed",
        "local_only",
        "budget_mode",
        asked("agent:a", Surroundings(spent_nusd=10**10)),
        put_budget() | LOCAL_SPARE,
    ),
    Pair(f"{BUDGET}.confirm_zero", False, True, problems, put_budget(limit="0")),
)

LIMIT = "limits[]"
LIMITED = {f"{LIMIT}.scope": "agent:a", f"{LIMIT}.concurrent": 2}
LIMITS = (
    Pair(f"{LIMIT}.name", ABSENT, "ours", held_back, LIMITED),
    Pair(f"{LIMIT}.scope", "agent:a", "user:b", held_back, LIMITED),
    Pair(f"{LIMIT}.requests_per_minute", 6, 12, held_back, {f"{LIMIT}.scope": "agent:a"}),
    Pair(f"{LIMIT}.tokens_per_minute", 100, 200, held_back, {f"{LIMIT}.scope": "agent:a"}),
    Pair(f"{LIMIT}.concurrent", 1, 2, held_back, {f"{LIMIT}.scope": "agent:a"}),
)

EXPERIMENT = "experiments.NAME"
TRIED = {
    f"{EXPERIMENT}.agent": "a",
    f"{EXPERIMENT}.split": {"control": 0, "candidate": 1},
    f"{EXPERIMENT}.variants": {"candidate": "n"},
}
ADA = [{"given": {"user": "ada"}, "dice": place / 8} for place in range(8)]

EXPERIMENTS = (
    Pair(f"{EXPERIMENT}.agent", "a", "b", chosen("agent:a"), TRIED | {"agents.b": {"model": "o"}}),
    Pair(f"{EXPERIMENT}.enabled", True, False, chosen("agent:a"), TRIED),
    Pair(
        f"{EXPERIMENT}.split",
        {"control": 0, "candidate": 1},
        {"control": 1, "candidate": 0},
        chosen("agent:a"),
        TRIED,
    ),
    Pair(f"{EXPERIMENT}.variants", {"candidate": "n"}, {"candidate": "o"}, chosen("agent:a"), TRIED),
    Pair(
        f"{EXPERIMENT}.sticky",
        "user",
        "request",
        dealt("agent:a", ADA),
        TRIED | {f"{EXPERIMENT}.split": {"control": 1, "candidate": 1}},
    ),
)

TERMS = (*PRIVACY, *BUDGETS, *LIMITS, *EXPERIMENTS)


def list_term_pairs() -> Iterator[Pair]:
    """What the policies of all callers, and the one over all of them, have in common."""
    holders = {f"{section}.NAME": target for section, target in CALLERS.items()}
    for holder, target in {
        **{f"{path}.policy": target for path, target in holders.items()},
        "policy": "agent:a",
    }.items():
        fallback = {f"{path}.fallback": ["n"] for path in holders}
        yield Pair(f"{holder}.detect", "off", "always", searched(target), LOCAL_SPARE)
        yield Pair(f"{holder}.hedging", False, True, hedges(target), fallback)
        yield Pair(f"{holder}.retry_after_send", False, True, repeats(target), QUICK)
        yield Pair(f"{holder}.quality_threshold", 0.4, 0.8, chosen(target), UNEVEN | fallback)
