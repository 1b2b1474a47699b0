"""`decide` against the slow reference: the same answer on every combination of small domains."""

from collections.abc import Iterable
from itertools import product

import pytest
from reference import Answer, decide_slowly
from small_worlds import AGENTS, GIVEN, LIVE, RULES, STRATEGIES, TIERS, World, draw_worlds, list_worlds

from pointsman.core.routing.decide import decide, decide_fully
from pointsman.core.routing.decision import Decision, Refusal


def read_answer(decision: Decision | Refusal) -> Answer:
    """What both must agree on."""
    dropped = tuple(sorted((drop.model, drop.code) for drop in decision.dropped))
    if isinstance(decision, Refusal):
        kept = dropped if decision.code not in ("model_not_found", "denied_by_rule") else ()
        return Answer(decision.code, dropped=kept, label=decision.label)
    check = decision.check
    return Answer(
        order=tuple(attempt.model.name for attempt in decision.attempts),
        degraded=tuple(attempt.degraded for attempt in decision.attempts),
        dropped=dropped,
        decided_by=decision.decided_by,
        name=decision.name,
        label=decision.label,
        variant=decision.variant,
        check=None if check is None else (check.model.name if check.model else None, check.only_below),
    )


def count_agreements(worlds: Iterable[World]) -> int:
    """How many cases were compared; each must agree, and the short way must say what all the steps say."""
    count = 0
    for world in worlds:
        decision = decide(world.snapshot, world.facts, world.live)
        assert read_answer(decision) == decide_slowly(world.snapshot, world.facts, world.live), world
        assert decision == decide_fully(world.snapshot, world.facts, world.live), world
        count += 1
    return count


def test_every_place_agent_rule_label_and_override() -> None:
    places = tuple(each + each[-1:] for each in product(("local", "cloud", "cleared"), repeat=3))
    worlds = list_worlds(
        places=places,
        agent=AGENTS[:3],
        strategy=(None,),
        tiers=TIERS[:1],
        bits=(0,),
        target=("agent:a", "m2"),
        asked=(None,),
        given=GIVEN[1:3],
        terms=({},),
        live=({},),
    )
    assert count_agreements(worlds) == len(places) * 3 * len(RULES) * 2 * 3 * 4 * 2


def test_every_strategy_tier_complexity_label_and_live_state() -> None:
    worlds = list_worlds(
        places=(("local", "cloud", "cleared", "local"),),
        rules=RULES[:1],
        bits=(0, 2),
        target=("agent:a", "auto"),
        asked=(None,),
        people=({},),
        terms=({},),
    )
    assert count_agreements(worlds) == len(AGENTS) * (1 + len(STRATEGIES)) * len(TIERS) * 2 * 2 * 3 * len(GIVEN) * len(
        LIVE
    )


@pytest.mark.parametrize("seed", range(4))
def test_cases_out_of_all_combinations(seed: int) -> None:
    assert count_agreements(draw_worlds(12_000, seed)) == 12_000
