"""What holds for every decision, whatever the configuration, the request and the state of the deployments."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from hashlib import sha256
from math import sqrt
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_worlds import DIMENSIONS, RULES, Choice, World, build_world, draw_worlds
from written_worlds import compile_document, decide_well

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.privacy.labels import LABELS, is_cleared
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts

CHOICES = st.fixed_dictionaries({name: st.sampled_from(list(values)) for name, values in DIMENSIONS.items()})
WORLDS = CHOICES.map(build_world)

MANY_LISTS = settings(max_examples=600, deadline=None)


def list_candidates(answer: Decision | Refusal) -> set[str]:
    """Every model that may serve, be it within the attempts that a request has or not."""
    if isinstance(answer, Refusal):
        return set()
    late = {drop.model for drop in answer.dropped if drop.code == "attempts_exhausted"}
    return late | {attempt.model.name for attempt in answer.attempts}


def find_answer(world: World) -> Decision | Refusal:
    return decide(world.snapshot, world.facts, world.live)


@MANY_LISTS
@given(WORLDS)
def test_what_is_dropped_is_never_tried_and_nothing_is_tried_twice(world: World) -> None:
    answer = find_answer(world)
    dropped = [drop.model for drop in answer.dropped]
    assert len(dropped) == len(set(dropped))
    if isinstance(answer, Decision):
        names = [attempt.model.name for attempt in answer.attempts]
        assert 1 <= len(names) == len(set(names)) <= world.snapshot.settings.attempts
        assert not set(names) & set(dropped)
        assert all(attempt.model is world.snapshot.models[attempt.model.name] for attempt in answer.attempts)


@MANY_LISTS
@given(WORLDS)
def test_the_same_values_give_the_same_decision(world: World) -> None:
    assert find_answer(world) == find_answer(world)
    assert repr(find_answer(world)) == repr(find_answer(world))


@MANY_LISTS
@given(WORLDS)
def test_what_is_tried_is_cleared_for_the_label_and_stays_where_it_must(world: World) -> None:
    answer = find_answer(world)
    if isinstance(answer, Refusal):
        return
    tried = [attempt.model.deployment for attempt in answer.attempts]
    if answer.check is not None and answer.check.model is not None:
        tried.append(answer.check.model.deployment)
    assert all(is_cleared(answer.label, deployment.clearance) for deployment in tried)
    assert all(is_cleared(world.facts.label, deployment.clearance) for deployment in tried)
    if answer.label == "high" or answer.stays_local is not None or world.facts.local_only is not None:
        assert {deployment.location for deployment in tried} == {"local"}


SILENT_ABOUT_LABELS = [
    each for each in RULES if not any("task.privacy_level" in rule.condition.reads for rule in (*each[0], *each[1]))
]


def list_by_label(choice: Choice) -> list[set[str]]:
    """The candidates of one case as its label rises."""
    return [list_candidates(find_answer(build_world({**choice, "label": label}))) for label in LABELS]


@MANY_LISTS
@given(CHOICES)
def test_a_higher_label_never_enlarges_the_set_of_candidates(choice: Choice) -> None:
    low, medium, high = list_by_label({**choice, "rules": RULES[0]})
    assert high <= medium <= low


@MANY_LISTS
@given(CHOICES, st.sampled_from(SILENT_ABOUT_LABELS))
def test_a_higher_label_brings_nothing_but_what_a_later_rule_names(choice: Choice, rules: tuple[object, ...]) -> None:
    # Where a rule's model falls by the label, the next rule that matches may name another.
    low, medium, high = list_by_label({**choice, "rules": rules})
    plan = build_world({**choice, "rules": rules}).snapshot.routing
    named = {rule.model for rule in (*plan.rules, *plan.agent_rules.get("a", ())) if rule.model}
    assert (high - medium) | (medium - low) <= named


@MANY_LISTS
@given(WORLDS, st.sampled_from(["local", "needs", "cost", "window", "disabled", "deny"]))
def test_no_other_word_lifts_a_hard_constraint(world: World, constraint: str) -> None:
    models = world.snapshot.models
    snapshot, facts = world.snapshot, world.facts
    if constraint == "local":
        facts = msgspec.structs.replace(facts, local_only="daily")
    elif constraint == "needs":
        facts = msgspec.structs.replace(facts, needs=("tools",))
    elif constraint == "cost":
        facts = msgspec.structs.replace(facts, max_cost_nusd=0)
    elif constraint == "window":
        facts = msgspec.structs.replace(facts, tokens=40_000)
    elif constraint == "disabled":
        snapshot = replace(snapshot, models={**models, "m3": replace(models["m3"], enabled=False)})
    else:
        last = next(rule for rule in RULES[3][1] if rule.action == "deny")
        snapshot = replace(snapshot, routing=replace(snapshot.routing, rules=(*snapshot.routing.rules, last)))
    forbidden = {
        "local": {name for name, model in models.items() if model.deployment.location == "cloud"},
        "needs": {name for name, model in models.items() if "tools" in model.lacks},
        "cost": {name for name, model in models.items() if model.prices is None or model.prices.output_nusd > 0},
        "window": {name for name, model in models.items() if model.context_window is not None},
        "disabled": {"m3"},
        "deny": {"m3"},
    }[constraint]
    assert not list_candidates(decide(snapshot, facts, world.live)) & forbidden


SPLIT = """\
version: 1
providers: {house: {base_url: "http://localhost:8080/v1"}}
models: {a: {provider: house}, b: {provider: house}, c: {provider: house}}
agents: {writer: {model: a, fallback: [b]}}
experiments:
  pace: {agent: writer, split: {control: 70, candidate: 20, third: 10}, variants: {third: c}, sticky: %s}
"""


def draw_variants(snapshot: Snapshot, count: int = 10_000) -> list[tuple[str, str]]:
    decisions = [decide_well(snapshot, Facts("agent:writer", given={"user": f"user-{at}"})) for at in range(count)]
    return [(decision.variant, decision.attempts[0].model.name) for decision in decisions]


def test_shares_of_a_split_are_as_written_and_each_variant_has_its_model() -> None:
    drawn = draw_variants(compile_document(SPLIT % "user"))
    counts = Counter(drawn)
    assert set(counts) == {("control", "a"), ("candidate", "b"), ("third", "c")}
    for (variant, _), share in zip([("control", ""), ("candidate", ""), ("third", "")], (0.7, 0.2, 0.1), strict=True):
        found = sum(count for (name, _), count in counts.items() if name == variant)
        # Five standard deviations: the hash is fixed, so this says that it is even, not that luck held.
        assert abs(found - 10_000 * share) < 5 * sqrt(10_000 * share * (1 - share))


def test_a_user_keeps_a_variant_whatever_else_differs() -> None:
    snapshot = compile_document(SPLIT % "user")
    for at in range(200):
        seen = {
            decide_well(snapshot, Facts("agent:writer", given={"user": f"u{at}"}, dice=dice, session=session)).variant
            for dice in (0.0, 0.5, 0.99)
            for session in ("", "s1", "s2")
        }
        assert len(seen) == 1


def test_what_keeps_a_variant_is_the_user_the_session_or_nothing() -> None:
    def count(sticky: str, **facts: object) -> int:
        snapshot = compile_document(SPLIT % sticky)
        requests = [Facts("agent:writer", dice=at / 300, **facts) for at in range(300)]  # type: ignore[arg-type]
        return len({decide_well(snapshot, request).variant for request in requests})

    assert count("user", given={"user": "ada"}) == 1
    assert count("user", session="s") == 1, "without a user, the session is the next best"
    assert count("user") == 3
    assert count("session", given={"user": "ada"}) == 3, "a user may have many sessions"
    assert count("session", session="s") == 1
    assert count("request", given={"user": "ada"}, session="s") == 3


def test_an_enlarged_share_takes_users_from_others_and_moves_nobody_else() -> None:
    before = draw_variants(compile_document(SPLIT % "user"), 3_000)
    after = draw_variants(
        compile_document((SPLIT % "user").replace("candidate: 20, third: 10", "candidate: 25, third: 5")), 3_000
    )
    moves = {(old[0], new[0]) for old, new in zip(before, after, strict=True) if old != new}
    assert moves == {("third", "candidate")}


def fingerprint() -> str:
    """Of many decisions and of all that is drawn, for comparing processes."""
    digest = sha256()
    for world in draw_worlds(1_500, 11):
        digest.update(repr(find_answer(world)).encode())
    digest.update(repr(draw_variants(compile_document(SPLIT % "user"), 500)).encode())
    return digest.hexdigest()


@pytest.mark.parametrize("hash_seed", ["0", "1", "4242"])
def test_another_process_decides_alike(hash_seed: str) -> None:
    code = "from test_decide_properties import fingerprint; print(fingerprint())"
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == fingerprint()
