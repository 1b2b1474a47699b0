"""Seed 004: types of tasks, selection criteria, savings, environments, and the cascade below an agent's own models."""

import pytest
from written_worlds import (
    SEED_004_CASCADE,
    SEED_004_CRITERIA,
    decide_well,
    name_first,
    name_order,
    refuse_rightly,
    seed_004,
)

from pointsman.core.routing.facts import Facts, LiveTarget

TURBO, SONNET, HAIKU = "gpt-4-turbo", "claude-3-5-sonnet", "claude-3-haiku"
FIVE = "  attempts: 5\n"


@pytest.mark.parametrize(
    ("task", "order"),
    [
        ("complex_reasoning", [TURBO, SONNET, "gpt-4"]),
        ("code_generation", [TURBO, SONNET, "codellama-70b"]),
        ("requirements_analysis", [SONNET, TURBO, "gemini-pro"]),
        ("security_review", [SONNET, TURBO, "local-security-model"]),
    ],
)
def test_a_type_of_task_has_its_own_models(task: str, order: list[str]) -> None:
    snapshot = seed_004()
    named = decide_well(snapshot, Facts(f"task:{task}"))
    assert (name_order(named), named.decided_by, named.name) == (order, "task", task)
    stated = decide_well(snapshot, Facts("auto", given={"task.type": task}))
    assert (name_order(stated), stated.decided_by) == (order, "task")


def test_auto_without_a_known_type_weighs_every_model() -> None:
    decision = decide_well(seed_004(SEED_004_CRITERIA), Facts("auto", given={"task.type": "poetry"}))
    assert (decision.agent, decision.decided_by, decision.strategy) == (None, "strategy", "balanced")
    assert len(decision.dropped) == 6, "nine models, and three attempts"


def test_a_private_task_runs_on_its_local_model_or_not_at_all() -> None:
    assert name_order(decide_well(seed_004(), Facts("task:security_review", label="high"))) == ["local-security-model"]
    assert refuse_rightly(seed_004(), Facts("task:complex_reasoning", label="high")).code == "privacy_unavailable"


def test_the_reason_of_an_agent_or_a_task_is_told() -> None:
    assert decide_well(seed_004(), Facts("agent:test_agent")).text == "Thorough and methodical testing approach"
    assert decide_well(seed_004(), Facts("task:complex_reasoning")).text == "high accuracy, sophisticated analysis"


def weigh(factor: str, measures: str, **facts: object) -> list[str]:
    """Every model, by one measure alone."""
    routing = "  strategy: mine\n  strategies: {mine: {}}\n"
    routing += f"  factors: {{{factor}: {{weight: 1, measures: [{measures}]}}}}\n"
    return name_order(decide_well(seed_004(routing + FIVE), Facts("auto", **facts)))  # type: ignore[arg-type]


def test_each_measure_orders_by_what_it_says() -> None:
    free = ["codellama-70b", "local-security-model"]
    assert weigh("cost_sensitivity", "token_cost")[:2] == free
    assert weigh("cost_sensitivity", "request_cost", tokens=100_000, needs=())[:2] == free
    assert weigh("cost_sensitivity", "budget_constraints", budget_left_nusd=1)[:2] == free
    assert weigh("performance_requirements", "latency")[0] == "gpt-3.5-turbo"
    assert weigh("specialized_capabilities", "context_length")[:3] == [SONNET, "claude-3-opus", HAIKU]
    assert weigh("quality_expectations", "output_quality")[0] == TURBO, "nothing is known: the given order stays"


def test_declared_quality_and_live_health_are_measures() -> None:
    tiers = "  strategy: mine\n  strategies: {mine: {}}\n  tiers: [[gpt-4], [gpt-4-turbo]]\n"
    quality = tiers + "  factors: {quality_expectations: {weight: 1, measures: [accuracy]}}\n"
    assert name_first(seed_004(quality), Facts("auto")) == "gpt-4"
    health = tiers + "  factors: {quality_expectations: {weight: 1, measures: [reliability]}}\n"
    ill = {f"sky/{name}": LiveTarget(health=0.9) for name in (TURBO, SONNET, "gpt-4")}
    assert name_first(seed_004(health), Facts("auto"), ill) == "claude-3-opus"


def cascade(fallback_strategy: str) -> list[tuple[str, str]]:
    snapshot = seed_004(SEED_004_CASCADE, FIVE, f"  fallback_strategy: {fallback_strategy}\n")
    decision = decide_well(snapshot, Facts("agent:documentation_writer"))
    return [(attempt.model.name, attempt.degraded) for attempt in decision.attempts]


def test_the_cascade_goes_down_as_the_fallback_strategy_says() -> None:
    assert cascade("graceful_degradation") == [
        ("gpt-4", ""), ("claude-3-opus", "same_tier"), ("gemini-pro", "same_tier"),
        ("gpt-3.5-turbo", "lower_tier"), (HAIKU, "lower_tier"),
    ]  # fmt: skip
    assert cascade("quick_degradation") == [
        ("gpt-4", ""), ("gpt-3.5-turbo", "lower_tier"), (HAIKU, "lower_tier"),
        ("codellama-70b", "lower_tier"), ("local-security-model", "lower_tier"),
    ]  # fmt: skip
    assert cascade("maximum_resilience") == cascade("graceful_degradation")


def test_maximum_resilience_takes_higher_tiers_too_and_every_model_where_there_are_none() -> None:
    snapshot = seed_004(SEED_004_CASCADE, FIVE, "  fallback_strategy: maximum_resilience\n")
    private = decide_well(snapshot, Facts("agent:documentation_writer", label="high"))
    assert [(each.model.name, each.degraded) for each in private.attempts] == [
        ("codellama-70b", "lower_tier"),
        ("local-security-model", "lower_tier"),
    ]
    without = seed_004(FIVE, "  fallback_strategy: maximum_resilience\n")
    order = name_order(decide_well(without, Facts("agent:documentation_writer")))
    assert order == ["gpt-4", TURBO, SONNET, "claude-3-opus", "gemini-pro"]
    tiers = "  tiers: [[gpt-4-turbo], [gpt-4]]\n"
    upwards = decide_well(
        seed_004(tiers, "  fallback_strategy: maximum_resilience\n"), Facts("agent:documentation_writer")
    )
    assert [(each.model.name, each.degraded) for each in upwards.attempts] == [("gpt-4", ""), (TURBO, "other")]


def test_a_cooling_model_is_tried_after_those_of_lower_tiers() -> None:
    snapshot = seed_004(SEED_004_CASCADE)
    live = {"sky/gpt-4": LiveTarget(cooling_ms=1)}
    decision = decide_well(snapshot, Facts("agent:documentation_writer"), live)
    assert (name_order(decision)[0], decision.decided_by) == ("claude-3-opus", "agent")
    assert decision.attempts[0].degraded == "same_tier"


def test_simple_tasks_take_the_cheapest_where_savings_say_so() -> None:
    saving = seed_004("  savings: [use_cheaper_models_for_simple_tasks]\n")
    for complexity, first in ((3, "codellama-70b"), (4, TURBO)):
        decision = decide_well(saving, Facts("task:code_generation", given={"task.complexity": complexity}))
        assert decision.attempts[0].model.name == first
    assert name_first(seed_004(), Facts("task:code_generation", given={"task.complexity": 3})) == TURBO
    assert name_first(saving, Facts("task:code_generation")) == TURBO, "an unknown complexity is no simple one"


def test_the_cheapest_must_be_good_enough() -> None:
    routing = "  savings: [use_cheaper_models_for_simple_tasks]\n  quality_threshold: 0.9\n" + SEED_004_CASCADE
    decision = decide_well(seed_004(routing), Facts("task:complex_reasoning", given={"task.complexity": 1}))
    # What a task names itself counts as good enough unless it is said to be bad; the cascade's tiers below do not.
    assert decision.attempts[0].model.name == SONNET
    assert any("quality 0.9 is wanted" in note for note in decision.notes)
    without = decide_well(
        seed_004(routing.replace("  quality_threshold: 0.9\n", "")),
        Facts("task:complex_reasoning", given={"task.complexity": 1}),
    )
    assert without.attempts[0].model.deployment.location == "local"


@pytest.mark.parametrize(
    ("strategy", "first"), [("cost_optimized", "local"), ("balanced", "local"), ("performance_optimized", "cloud")]
)
def test_the_strategies_that_the_environments_stand_for(strategy: str, first: str) -> None:
    decision = decide_well(
        seed_004(f"  strategy: {strategy}\n"), Facts("task:code_generation", given={"task.complexity": 2})
    )
    assert decision.attempts[0].model.deployment.location == first


def test_what_is_known_of_the_first_tier_can_be_asked() -> None:
    rules = "  rules:\n    - {when: all_premium_models_unavailable, action: use, use: claude-3-haiku}\n"
    snapshot = seed_004(SEED_004_CASCADE, rules)
    cooling = {f"sky/{name}": LiveTarget(cooling_ms=1) for name in (TURBO, SONNET)}
    assert name_first(snapshot, Facts("agent:test_agent"), cooling) == HAIKU
    assert name_first(snapshot, Facts("agent:test_agent"), {"sky/gpt-4-turbo": LiveTarget(cooling_ms=1)}) == SONNET
    primary = "  rules:\n    - {when: primary_unavailable, action: use, use: claude-3-haiku}\n"
    assert name_first(seed_004(primary), Facts("agent:test_agent"), cooling) == HAIKU
    assert name_first(seed_004(primary), Facts("agent:test_agent")) == SONNET
