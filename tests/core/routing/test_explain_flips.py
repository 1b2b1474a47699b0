"""Flips: each stated change of one fact does what it says, the nearest is told, and their number is bounded."""

from dataclasses import replace
from random import Random

import pytest
from explained import VALUES, Document, compile_document, draw_document, draw_question, draw_snapshot

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.ask import InvalidQuestion, Question, build_hypothesis
from pointsman.core.routing.describe import FlipView, describe, describe_value
from pointsman.core.routing.explain import explain
from pointsman.core.routing.facts import LiveTarget
from pointsman.core.routing.flips import MOST_FLIPS, name_first
from pointsman.core.routing.hypothesis import read_fact

AGENT: Document = {"model": "large", "fallback": ["own"]}


def build(rules: list[Document], agent_rules: list[Document] | None = None, **routing: object) -> Snapshot:
    dice = Random(1)
    document = draw_document(dice)
    document["models"] = {
        name: {"provider": "near" if name.startswith("own") else "far", "context_window": 32_000}
        for name in document["models"]
    }
    document["agents"]["writer"] = AGENT | {"rules": agent_rules or []}
    document["routing"] = {"rules": rules, "task_attributes": {"effort": "number", "country": "text"}} | routing
    document["privacy"] = {"detect": "rules"}
    return compile_document(document)


def ask(snapshot: Snapshot, **given: object) -> list[FlipView]:
    named = {name.replace("__", "."): value for name, value in given.items()}
    hypothesis = build_hypothesis(snapshot, Question("agent:writer", given=named))
    return list(describe(explain(hypothesis.snapshot, hypothesis.facts, hypothesis.live)).flips)


def show(flips: list[FlipView]) -> list[tuple[str, object, object, str | None]]:
    return [(flip.fact, flip.before, flip.after, flip.model) for flip in flips]


def decide_about(snapshot: Snapshot, question: Question, **given: object) -> str | None:
    return name_first(build_hypothesis(snapshot, replace(question, given={**question.given, **given})).decide())


@pytest.mark.parametrize("seed", range(70))
def test_every_stated_change_flips_the_decision_and_no_truth_value_is_left_out(seed: int) -> None:
    dice, stated = Random(seed), 0
    for _ in range(3):
        snapshot = draw_snapshot(dice)
        for _ in range(6):
            question = draw_question(dice)
            hypothesis = build_hypothesis(snapshot, question)
            explanation = explain(hypothesis.snapshot, hypothesis.facts, hypothesis.live)
            present = name_first(explanation.answer)
            view = describe(explanation)
            assert len(view.flips) <= MOST_FLIPS
            assert [flip.size for flip in explanation.flips.found] == sorted(
                flip.size for flip in explanation.flips.found
            )
            for flip in view.flips:
                assert flip.model != present
                assert decide_about(snapshot, question, **{flip.fact: flip.before}) == present, flip
                assert decide_about(snapshot, question, **{flip.fact: flip.after}) == flip.model, flip
            stated += len(view.flips)
            if len(view.flips) < MOST_FLIPS and view.flips_complete:
                require_all(snapshot, question, view.flips, present)
    assert stated > 0


def require_all(snapshot: Snapshot, question: Question, flips: tuple[FlipView, ...], present: str | None) -> None:
    """Whatever else can be tried of small ranges flips nothing nearer than what is stated."""
    told = {flip.fact for flip in flips}
    read = build_hypothesis(snapshot, question)
    complexity = read.facts.value_of("task.complexity", 5)
    assert isinstance(complexity, int)
    for direction in (-1, 1):
        others = range(complexity + direction, 0 if direction < 0 else 11, direction)
        nearest = next(
            (x for x in others if decide_about(snapshot, question, **{"task.complexity": x}) != present), None
        )
        found = {flip.after for flip in flips if flip.fact == "task.complexity"}
        assert nearest is None or nearest in found
    for name in (
        "request.has_tools",
        "request.has_images",
        "budget_mode",
        "task.critical",
        "cost_limit_reached",
        "primary_unavailable",
        "all_premium_models_unavailable",
    ):
        value = not read_fact(read, snapshot.routing.facts.facts[name])
        try:
            flipped = decide_about(snapshot, question, **{name: value})
        except InvalidQuestion:  # Such as a word about the primary that another about its class denies.
            continue
        if read.facts.target == "auto" or flipped == present:
            continue
        assert name in told, (name, flipped, present)


def test_the_nearest_number_on_both_sides_is_told() -> None:
    snapshot = build(
        [], [{"when": "task.complexity > 8", "use": "small"}, {"when": "task.complexity < 3", "use": "own"}]
    )
    assert show(ask(snapshot, task__complexity=7)) == [
        ("task.complexity", 7, 9, "small"),
        ("task.privacy_level", "low", "medium", "own"),
        ("primary_unavailable", False, True, "own"),
        ("task.complexity", 7, 2, "own"),
        ("request.tokens_estimated", 0, 32_001, None),
    ]


def test_a_limit_that_is_worked_out_is_found_to_the_cent() -> None:
    snapshot = build([{"name": "breaker", "when": "daily_cost > budget * 0.8", "action": "switch_to_local_only"}])
    flips = show(ask(snapshot, daily_cost=10, budget=100, task__privacy_level="low"))
    assert ("daily_cost", 10, 80.01, "own") in flips
    assert ("budget", 100, 12.49, "own") in flips


def test_a_number_is_changed_as_finely_as_its_conditions_are() -> None:
    snapshot = build([], [{"when": "task.effort > 2.7505", "use": "small"}])
    assert ("task.effort", 1, 2.7506, "small") in show(ask(snapshot, task__effort=1))


def test_a_band_between_two_numbers_is_not_jumped_over() -> None:
    condition = "19990 < request.tokens_estimated and request.tokens_estimated <= 19993"
    snapshot = build([], [{"when": condition, "use": "small"}])
    assert ("request.tokens_estimated", 5, 19_991, "small") in show(ask(snapshot, request__tokens_estimated=5))
    assert ("request.tokens_estimated", 30_000, 19_993, "small") in show(
        ask(snapshot, request__tokens_estimated=30_000)
    )


def test_texts_and_tags_are_taken_from_conditions() -> None:
    rules = [{"when": "task.type in ['code', 'test']", "use": "small"}, {"when": "'night' in tags", "use": "other"}]
    snapshot = build([], rules)
    assert ("task.type", "", "code", "small") in show(ask(snapshot))
    assert ("tags", [], ["night"], "other") in show(ask(snapshot))
    assert ("tags", ["a", "night"], ["a"], "large") in show(ask(snapshot, tags=["night", "a"]))
    assert ("task.type", "code", "", "large") in show(ask(snapshot, task__type="code"))


def test_a_refusal_says_what_would_let_the_request_through() -> None:
    snapshot = build([{"name": "closed", "when": "time.weekday == 'sunday'", "action": "deny"}])
    assert ("time.weekday", "sunday", "monday", "large") in show(ask(snapshot, time__weekday="sunday"))


def test_private_data_counts_only_where_somebody_looks_for_it() -> None:
    snapshot = build([])
    assert not any(flip.fact == "data.contains_pii" for flip in ask(snapshot))
    read = build([{"name": "kept", "when": "data.contains_pii", "action": "force_local_model"}])
    assert ("data.contains_pii", False, True, "own") in show(ask(read))
    assert ("data.contains_pii", True, False, "large") in show(ask(read, data__contains_pii=True))
    assert not any(flip.fact == "data.contains_pii" for flip in ask(read, task__privacy_level="high"))


@pytest.mark.parametrize(
    ("seen", "fact"),
    [
        (LiveTarget(cooling_ms=5_000), "primary_unavailable"),
        (LiveTarget(used=1.0), "model.rate_limit_approaching"),
        (LiveTarget(cooling_ms=5_000), "all_premium_models_unavailable"),
    ],
)
def test_what_really_rests_is_told_though_no_rule_reads_it(seen: LiveTarget, fact: str) -> None:
    snapshot = build([], tiers=[["large"], ["own"]])
    live = {snapshot.models["large"].deployment.id: seen}
    explanation = explain(snapshot, build_hypothesis(snapshot, Question("agent:writer")).facts, live)
    assert name_first(explanation.answer) == "own"
    assert (fact, True, False, "large") in show(list(describe(explanation).flips))


def test_a_class_is_not_supposed_to_be_otherwise_than_what_is_said_of_its_only_model() -> None:
    snapshot = build([], tiers=[["large"], ["own"]])
    told = ask(snapshot, all_premium_models_unavailable=True)
    assert "primary_unavailable" not in {flip.fact for flip in told}
    assert ("all_premium_models_unavailable", True, False, "large") in show(told)


def test_nothing_is_told_where_the_name_leads_nowhere() -> None:
    snapshot = build([])
    hypothesis = build_hypothesis(snapshot, Question("agent:nobody"))
    assert explain(snapshot, hypothesis.facts).flips.found == ()


def test_many_rules_cost_a_bounded_number_of_trials() -> None:
    rules = [
        {"name": f"rule-{number}", "when": f"task.type == 'kind-{number}'", "action": "use", "use": "small"}
        for number in range(2_000)
    ]
    snapshot = build(rules)
    hypothesis = build_hypothesis(snapshot, Question("agent:writer"))
    explanation = explain(snapshot, hypothesis.facts)
    assert not explanation.flips.is_complete
    assert 0 < len(explanation.flips.found) <= MOST_FLIPS


def test_every_fact_that_can_be_supposed_is_what_it_was_supposed_to_be() -> None:
    document = draw_document(Random(3))
    document["models"]["large"] |= {"provider": "far", "enabled": True}
    document["models"]["own"]["enabled"] = True
    document["agents"]["writer"] = AGENT
    document["privacy"] = {"detect": "always"}
    document["routing"] = {"tiers": [["large"], ["own"]], "task_attributes": {"effort": "number", "country": "text"}}
    snapshot = compile_document(document)
    of_model = {"model.name": ("own", "small"), "model.provider": ("near",), "model.type": ("local", "cloud")}
    tried = dict(VALUES) | of_model | {"model.tier": (1, 4)}
    tried |= {"agent": ("writer",), "interaction": ("chat",)}
    table = snapshot.routing.facts.facts
    assert tried.keys() == table.keys()
    for name, values in tried.items():
        for value in values:
            hypothesis = build_hypothesis(snapshot, Question("agent:writer", given={name: value}))
            assert describe_value(read_fact(hypothesis, table[name])) == value, name
