"""The agents, rules and strategies of seed 001: each rule matching and not, each switch there and not."""

import pytest
from written_worlds import (
    SEED_001,
    SEED_001_FACTORS,
    SEED_001_RULES,
    compile_document,
    decide_well,
    name_first,
    name_order,
    refuse_rightly,
    seed_001,
    strategy,
)

from pointsman.core.expressions.facts import Value
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.facts import Facts, LiveTarget
from pointsman.core.routing.key_policy import KeyPolicy

OPUS, TURBO, LLAMA, DEEPSEEK = "claude-3-opus", "gpt-4-turbo", "llama-3-70b", "deepseek-coder-33b"


def ask(agent: str, label: Label = "low", given: dict[str, Value | None] | None = None, **terms: object) -> Facts:
    return Facts(f"agent:{agent}", given=given, label=label, **terms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("agent", "given", "label", "first", "by"),
    [
        ("cto_agent", {}, "low", OPUS, "agent"),
        ("cto_agent", {}, "high", LLAMA, "rule"),
        ("cto_agent", {"task.complexity": 9}, "high", LLAMA, "rule"),
        ("cto_agent", {"task.complexity": 9}, "low", OPUS, "rule"),
        ("cto_agent", {"task.complexity": 8}, "low", OPUS, "agent"),
        ("cto_agent", {"task.complexity": 9, "cost_limit_reached": True}, "low", OPUS, "rule"),
        ("cto_agent", {"task.complexity": 8, "cost_limit_reached": True}, "low", LLAMA, "rule"),
        ("backend_agent", {}, "low", DEEPSEEK, "agent"),
        ("backend_agent", {"task.type": "code_generation", "task.complexity": 9}, "low", DEEPSEEK, "rule"),
        ("backend_agent", {"task.complexity": 7}, "low", OPUS, "rule"),
        ("backend_agent", {"task.complexity": 6}, "low", DEEPSEEK, "agent"),
        ("backend_agent", {"task.complexity": 6, "budget_mode": True}, "low", LLAMA, "rule"),
        ("backend_agent", {"task.complexity": 7, "budget_mode": True}, "low", OPUS, "rule"),
        ("backend_agent", {"task.complexity": 7}, "high", DEEPSEEK, "agent"),
        ("frontend_agent", {}, "low", TURBO, "agent"),
        ("frontend_agent", {"task.involves_ui_design": True}, "low", TURBO, "rule"),
        ("frontend_agent", {"task.involves_ui_design": True}, "high", LLAMA, "rule"),
        ("frontend_agent", {}, "high", LLAMA, "rule"),
        ("qa_agent", {}, "low", LLAMA, "agent"),
        ("qa_agent", {"task.type": "test_generation", "task.requires_reasoning": True}, "low", LLAMA, "rule"),
        ("qa_agent", {"task.requires_reasoning": True}, "low", TURBO, "rule"),
        ("qa_agent", {"task.requires_reasoning": True}, "high", LLAMA, "agent"),
    ],
)
def test_the_agents_rules(agent: str, given: dict[str, Value | None], label: Label, first: str, by: str) -> None:
    decision = decide_well(seed_001(), ask(agent, label, given))
    assert (decision.attempts[0].model.name, decision.decided_by) == (first, by)
    assert decision.attempts[0].degraded == ""


def test_an_agent_stands_on_its_model_its_fallback_and_its_other_models() -> None:
    assert name_order(decide_well(seed_001(), ask("cto_agent"))) == [OPUS, TURBO, LLAMA]
    # The fallback lacks code_completion, as does the model for saving.
    backend = decide_well(seed_001(), ask("backend_agent"))
    assert name_order(backend) == [DEEPSEEK, OPUS, LLAMA]
    assert [attempt.degraded for attempt in backend.attempts] == ["", "fallback", "fallback"]


def test_a_skill_that_the_model_lacks_is_told() -> None:
    decision = decide_well(seed_001(), ask("frontend_agent"))
    assert "gpt-4-turbo lacks ui_design" in decision.notes
    assert decide_well(seed_001(), ask("backend_agent")).notes == ()


def test_rate_limit_protection_puts_only_the_candidate_near_its_limit_behind() -> None:
    snapshot = seed_001(SEED_001_RULES)
    near, far = {"sky/claude-3-opus": LiveTarget(used=0.9)}, {"sky/claude-3-opus": LiveTarget(used=0.89)}
    decision = decide_well(snapshot, ask("cto_agent"), near)
    assert name_order(decision) == [TURBO, LLAMA, OPUS]
    assert (decision.decided_by, decision.name) == ("global_rule", "rate_limit_protection")
    assert decision.attempts[0].degraded == "fallback"
    assert name_order(decide_well(snapshot, ask("cto_agent"), far)) == [OPUS, TURBO, LLAMA]
    # Rules over all callers come before the agent's own.
    assert name_first(snapshot, ask("cto_agent", given={"task.complexity": 9}), near) == TURBO


def test_the_cost_circuit_breaker_leaves_local_models_only() -> None:
    snapshot = seed_001(SEED_001_RULES)
    tripped = decide_well(snapshot, ask("cto_agent", given={"daily_cost": 81, "budget": 100, "task.complexity": 9}))
    assert name_order(tripped) == [LLAMA]
    assert tripped.name == "cost_circuit_breaker"
    assert {drop.code for drop in tripped.dropped} == {"cloud_forbidden"}
    at_the_edge = ask("cto_agent", given={"daily_cost": 80, "budget": 100})
    assert name_first(snapshot, at_the_edge) == OPUS
    assert name_first(snapshot, ask("cto_agent", given={"daily_cost": 80})) == OPUS, "no budget, no breaker"


def test_privacy_enforcement_keeps_finds_local() -> None:
    snapshot = seed_001(SEED_001_RULES)
    found = decide_well(snapshot, ask("frontend_agent", given={"data.contains_pii": True}))
    assert name_order(found) == [LLAMA]
    assert found.stays_local == 'the rule "privacy_enforcement" applies'
    assert name_first(snapshot, ask("frontend_agent", given={"data.contains_pii": False})) == TURBO


def test_quality_assurance_asks_a_cloud_model_about_local_answers_only() -> None:
    snapshot = seed_001(SEED_001_RULES)
    local = decide_well(snapshot, ask("qa_agent", given={"task.critical": True}))
    assert local.check is not None and local.check.model is not None
    assert (local.check.rule, local.check.model.name, local.check.only_below) == ("quality_assurance", TURBO, None)
    usually_cloud = decide_well(snapshot, ask("cto_agent", given={"task.critical": True})).check
    assert usually_cloud is not None and usually_cloud.shown == (LLAMA,), "only where the cloud fails does it answer"
    assert decide_well(snapshot, ask("qa_agent")).check is None
    private = decide_well(snapshot, ask("qa_agent", "high", {"task.critical": True}))
    assert private.check is not None and private.check.model is None
    assert "nothing of this request may leave" in private.check.skipped


def test_cost_optimized_prefers_local_models_and_the_cloud_from_its_threshold() -> None:
    snapshot = seed_001(strategy("cost_optimized"))
    for complexity, location in ((1, "local"), (6, "local"), (7, "cloud"), (10, "cloud")):
        decision = decide_well(snapshot, ask("plain_agent", given={"task.complexity": complexity}))
        assert decision.attempts[0].model.deployment.location == location
        assert (decision.decided_by, decision.name) == ("strategy", "cost_optimized")
    raised = seed_001(strategy("cost_optimized", fallback_to_cloud_threshold="{complexity: 9, confidence: 0.6}"))
    at_8 = ask("plain_agent", given={"task.complexity": 8})
    assert name_first(snapshot, at_8) == TURBO
    assert name_first(raised, at_8) in (LLAMA, DEEPSEEK)


def test_a_threshold_alone_means_local_first_below_it() -> None:
    snapshot = seed_001(strategy("mine", fallback_to_cloud_threshold="{complexity: 5}"))
    assert decide_well(snapshot, ask("plain_agent", given={"task.complexity": 4})).attempts[0].model.name != TURBO
    assert name_first(snapshot, ask("plain_agent", given={"task.complexity": 5})) in (TURBO, OPUS)


def test_unsure_local_answers_are_asked_again_of_the_cloud() -> None:
    decision = decide_well(seed_001(strategy("cost_optimized")), ask("plain_agent"))
    assert decision.check is not None and decision.check.model is not None
    assert (decision.check.only_below, decision.check.model.deployment.location) == (600_000, "cloud")
    own = seed_001(strategy("cost_optimized", fallback_to_cloud_threshold="{confidence: 0.9}"))
    check = decide_well(own, ask("plain_agent")).check
    assert check is not None and check.only_below == 900_000
    private = decide_well(seed_001(strategy("cost_optimized")), ask("plain_agent", "high")).check
    assert private is not None and private.model is None


def test_the_cloud_budget_of_a_strategy_leaves_local_models_and_no_other_strategy_lifts_it() -> None:
    snapshot = seed_001(strategy("cost_optimized", cloud_budget_per_day="100.00"))
    below, spent = 99_999_999_999, 100_000_000_000
    complex_task: dict[str, Value | None] = {"task.complexity": 9}
    assert name_first(snapshot, ask("plain_agent", given=complex_task, cloud_today_nusd=below)) in (TURBO, OPUS)
    for asked in (None, "performance_optimized"):
        facts = ask("plain_agent", given=complex_task, cloud_today_nusd=spent, strategy=asked)
        decision = decide_well(snapshot, facts)
        assert {attempt.model.deployment.location for attempt in decision.attempts} == {"local"}
        assert {drop.code for drop in decision.dropped} == {"budget_spent"}


def test_performance_optimized_prefers_the_cloud_hedges_and_caches() -> None:
    decision = decide_well(seed_001(strategy("performance_optimized")), ask("plain_agent"))
    assert [attempt.model.deployment.location for attempt in decision.attempts] == ["cloud", "cloud", "local"]
    assert (decision.hedges, decision.caches) == (True, True)
    flipped = strategy(
        "performance_optimized", prefer_cloud_models=False, parallel_requests=False, cache_responses=False
    )
    decision = decide_well(seed_001(flipped), ask("plain_agent"))
    assert decision.attempts[0].model.deployment.location == "local", (
        "nothing is preferred, and the local ones are fast"
    )
    assert (decision.hedges, decision.caches) == (False, False)


def test_privacy_first_allows_local_models_only() -> None:
    snapshot = seed_001(strategy("privacy_first"))
    assert set(name_order(decide_well(snapshot, ask("plain_agent")))) == {LLAMA, DEEPSEEK}
    assert refuse_rightly(snapshot, Facts(TURBO)).code == "privacy_unavailable"
    for allowed, left in ((False, 2), (True, 3)):
        own = seed_001(strategy("mine", allow_cloud_models=allowed))
        assert len(name_order(decide_well(own, ask("plain_agent")))) == left


@pytest.mark.parametrize(("required", "left"), [("local", {LLAMA, DEEPSEEK}), ("cloud", {TURBO, OPUS})])
def test_a_required_type_drops_the_others(required: str, left: set[str]) -> None:
    decision = decide_well(seed_001(strategy("mine", required_model_type=required)), ask("plain_agent"))
    assert set(name_order(decision)) == left


def test_balanced_sends_routine_tasks_home_and_complex_ones_out() -> None:
    snapshot = seed_001(strategy("balanced"))

    def location(complexity: int, **switches: object) -> str:
        chosen = seed_001(strategy("balanced", **switches)) if switches else snapshot
        decision = decide_well(chosen, ask("plain_agent", given={"task.complexity": complexity}))
        return decision.attempts[0].model.deployment.location

    assert [location(at) for at in (1, 3, 7, 10)] == ["local", "local", "cloud", "cloud"]
    assert location(6, complex_from=6) == "cloud"
    assert location(4, routine_up_to=4) == "local"
    # Without the weights, what is between keeps the given order: the agent's own model comes first.
    between = ask("plain_agent", given={"task.complexity": 5})
    assert name_first(seed_001(strategy("balanced", dynamic_routing=False)), between) == TURBO
    assert name_first(snapshot, between) == DEEPSEEK, "free, fast, and its own: it scores best"
    assert location(9, cloud_for_complex_tasks=False) == "local"
    assert location(2, local_for_routine_tasks=False, dynamic_routing=False) == "cloud"


def test_the_factors_of_the_document_weigh_and_each_of_them_counts() -> None:
    even = decide_well(seed_001(strategy("balanced"), SEED_001_FACTORS), ask("plain_agent"))
    names = " ".join(name for name, _ in even.attempts[0].score)
    assert names == ("task_complexity cost_efficiency privacy_requirements performance_needs model_availability total")
    assert even.attempts[0].score[-1][1] == pytest.approx(sum(part for _, part in even.attempts[0].score[:-1]))
    assert 0 < even.confidence < 1
    only_speed = "  factors: {performance_needs: {weight: 1}}\n"
    assert name_first(seed_001(strategy("balanced"), only_speed), ask("plain_agent")) == DEEPSEEK
    only_health = "  factors: {model_availability: {weight: 1}}\n"
    busy = {"house/deepseek-coder-33b": LiveTarget(in_flight=50), "house/llama-3-70b": LiveTarget(health=0.5)}
    order = name_order(decide_well(seed_001(strategy("balanced"), only_health), ask("plain_agent"), busy))
    assert order == [TURBO, OPUS, DEEPSEEK]


def test_the_environments_of_the_seed() -> None:
    forced = seed_001("  force_local_models: true\n")
    assert name_order(decide_well(forced, ask("frontend_agent"))) == [LLAMA]
    assert refuse_rightly(forced, Facts(OPUS)).code == "privacy_unavailable"
    finds = seed_001("  require_local_for_pii: true\n")
    assert name_order(decide_well(finds, ask("frontend_agent", given={"data.contains_pii": True}))) == [LLAMA]
    assert name_first(finds, ask("frontend_agent")) == TURBO
    assert seed_001("  verbose_logs: true\n").routing.logs_decisions


def test_the_local_alternative_takes_the_place_where_locality_is_forced() -> None:
    snapshot = seed_001()
    both = seed_001("  aliases: {cto: 'agent:cto_agent'}\n")
    for facts in (ask("frontend_agent", "high"), ask("frontend_agent", local_only="daily")):
        assert name_order(decide_well(snapshot, facts)) == [LLAMA]
    assert name_first(both, Facts("cto", label="high")) == LLAMA


@pytest.mark.parametrize("facts", [{"given": {"budget_mode": True}}, {"policy": KeyPolicy(budget_mode=True)}])
def test_the_model_for_saving_is_taken_when_budget_mode_is_on(facts: dict[str, object]) -> None:
    saving = "  saver: {model: gpt-4-turbo, fallback: [claude-3-opus], budget_mode: llama-3-70b}\n"
    snapshot = compile_document(SEED_001 + saving)
    decision = decide_well(snapshot, Facts("agent:saver", **facts))  # type: ignore[arg-type]
    assert (name_order(decision), decision.decided_by) == ([LLAMA, TURBO, OPUS], "budget_mode")
    assert name_order(decide_well(snapshot, ask("saver"))) == [TURBO, OPUS, LLAMA]


def test_skills_come_before_scores_and_after_the_location_that_a_strategy_asks_for() -> None:
    # Only one model has what the CTO asks for; it is in the cloud, and for simple tasks the strategy is to stay local.
    simple, usual = ({"task.complexity": level} for level in (2, 5))
    decision = decide_well(seed_001(strategy("cost_optimized")), ask("cto_agent", given=simple))
    assert name_order(decision) == [LLAMA, OPUS, TURBO]
    assert name_order(decide_well(seed_001(strategy("balanced")), ask("cto_agent", given=usual)))[0] == OPUS
