"""Which word counts before which, what nothing lifts, and what a rule that cannot be asked does."""

from dataclasses import replace

import pytest
from written_worlds import compile_document, decide_well, name_first, name_order, refuse_rightly

from pointsman.core.config.routing_plan import RuntimeOverride
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.facts import Facts, ForcedModel, LiveTarget
from pointsman.core.routing.key_policy import KeyPolicy

HEAD = """\
version: 1
providers:
  sky: {base_url: "https://sky.example/v1"}
  house: {base_url: "http://localhost:8080/v1"}
models:
  own: {provider: sky, context_window: 8000, price_per_1m_tokens: {input: 1, output: 2}}
  fallback: {provider: house, context_window: 4000}
  saving: {provider: house, supports: {tools: false}}
  third: {provider: sky}
  fourth: {provider: house}
  fifth: {provider: sky}
  sixth: {provider: house, enabled: false}
agents:
  a:
    model: own
    fallback: [fallback]
    budget_mode: saving
    parameters: {max_tokens: 1000}
"""
CHOSEN, FORCED = ForcedModel("fifth", "o1", "ada"), ForcedModel("sixth", "o2", "ada", "a trial")


def write(own_rules: str = "", routing: str = "", more: str = "") -> Snapshot:
    rules = "    rules:\n" + own_rules if own_rules else ""
    return compile_document(HEAD + rules + (f"routing:\n{routing}" if routing else "") + more)


def ask(given: dict[str, Value | None] | None = None, **terms: object) -> Facts:
    return Facts("agent:a", given=given, **terms)  # type: ignore[arg-type]


OWN_RULE = '      - {name: mine, when: "task.critical", use: fourth}\n'
GLOBAL_USE = '  rules:\n    - {name: ours, when: "task.complexity > 6", action: use, use: third}\n'
GLOBAL_PREFER = GLOBAL_USE.replace("action: use", "action: prefer")
EXPERIMENT = "experiments:\n  x: {agent: a, split: {control: 1, candidate: 1}, sticky: request}\n"
STRATEGY = "  strategy: cost_optimized\n"
ALL_FACTS: dict[str, Value | None] = {"task.critical": True, "task.complexity": 7, "budget_mode": True}


def test_each_word_counts_before_those_that_follow() -> None:
    snapshot = write(OWN_RULE, GLOBAL_USE + STRATEGY, EXPERIMENT)
    overridden = replace(snapshot, routing=replace(snapshot.routing, overridden={"a": RuntimeOverride("r", "ada", "")}))
    forced = ForcedModel("fallback", "o2", "ada", "a trial")

    def settle(snapshot: Snapshot, given: dict[str, Value | None], **terms: object) -> tuple[str, str]:
        decision = decide_well(snapshot, ask(given, **terms))
        return decision.attempts[0].model.name, decision.decided_by

    assert settle(overridden, ALL_FACTS, forced=forced, chosen=CHOSEN) == ("fallback", "forced")
    assert settle(overridden, ALL_FACTS, chosen=CHOSEN) == ("fifth", "override")
    assert settle(overridden, ALL_FACTS) == ("own", "override")
    assert settle(snapshot, ALL_FACTS) == ("third", "global_rule")
    assert settle(snapshot, {"task.critical": True, "budget_mode": True}) == ("fourth", "rule")
    assert settle(snapshot, {"budget_mode": True}) == ("saving", "budget_mode")
    assert settle(snapshot, {}) in [("own", "experiment"), ("fallback", "experiment")]
    assert settle(write("", STRATEGY), {})[1] == "strategy"
    assert settle(write(), {}) == ("own", "agent")


def test_a_preference_counts_after_everything_that_names_a_model_and_before_the_strategy() -> None:
    snapshot = write(OWN_RULE, GLOBAL_PREFER + STRATEGY)
    assert decide_well(snapshot, ask({"task.critical": True, "task.complexity": 7})).decided_by == "rule"
    decision = decide_well(snapshot, ask({"task.complexity": 7}))
    assert (decision.attempts[0].model.name, decision.decided_by, decision.name) == ("third", "global_rule", "ours")


def test_the_first_rule_whose_model_may_serve_decides() -> None:
    rules = (
        '      - {when: "task.critical", use: sixth}\n'
        '      - {when: "task.critical", use: third}\n'
        '      - {when: "task.critical", use: fourth}\n'
    )
    assert name_order(decide_well(write(rules), ask({"task.critical": True}))) == ["third", "own", "fallback"]
    assert name_first(write(rules), ask({"task.critical": True}, label="high")) == "fourth"


def test_what_is_chosen_on_purpose_is_no_degradation() -> None:
    rules = '      - {when: "task.critical", use: fallback}\n'
    decision = decide_well(write(rules), ask({"task.critical": True}))
    assert [(each.model.name, each.degraded) for each in decision.attempts][:2] == [("fallback", ""), ("own", "")]


def test_a_forced_request_is_served_by_its_model_or_not_at_all() -> None:
    snapshot = write(OWN_RULE)
    critical: dict[str, Value | None] = {"task.critical": True}
    by_name = decide_well(snapshot, Facts("third", agent="a", given=critical))
    assert (name_order(by_name), by_name.decided_by) == (["third"], "forced")
    # A rule of the agent would take another model, yet nothing stands in for what was forced.
    assert (
        refuse_rightly(snapshot, Facts("third", agent="a", given=critical, label="high")).code == "privacy_unavailable"
    )
    assert refuse_rightly(snapshot, ask(critical, forced=FORCED)).code == "no_model_available"
    trial = decide_well(snapshot, ask(critical, forced=ForcedModel("third", "o2", "ada", "a trial")))
    assert (name_order(trial), trial.name, trial.text) == (["third"], "o2", "override o2 by ada: a trial")


def test_a_forced_model_that_is_gone_forces_nothing() -> None:
    decision = decide_well(write(), ask(forced=ForcedModel("gone", "o3", "ada")))
    assert (name_order(decision)[0], decision.decided_by) == ("own", "agent")


@pytest.mark.parametrize(
    ("terms", "allowed"),
    [
        ({"label": "high"}, {"fallback", "saving", "fourth"}),
        ({"label": "medium"}, {"fallback", "saving", "fourth"}),
        ({"local_only": "daily"}, {"fallback", "saving", "fourth"}),
        ({"needs": ("tools",)}, {"own", "fallback", "third", "fourth", "fifth"}),
        ({"tokens": 4_500}, {"own", "saving", "third", "fourth", "fifth"}),
        ({"max_cost_nusd": 0}, {"fallback", "saving", "fourth"}),
    ],
)
def test_whatever_names_a_model_keeps_the_hard_constraints(terms: dict[str, object], allowed: set[str]) -> None:
    for name in ("own", "fallback", "saving", "third", "fourth", "fifth", "sixth"):
        use = f'{{name: r, when: "task.critical", action: ACTION, use: {name}}}'
        tiers = f"  tiers: [[{name}]]\n  fallback_strategy: maximum_resilience\n"
        experiment = f"experiments:\n  x: {{agent: a, split: {{control: 0, v: 1}}, variants: {{v: {name}}}}}\n"
        named = ForcedModel(name, "o", "ada")
        critical: dict[str, Value | None] = {"task.critical": True}
        ways = [
            (write(f'      - {{when: "task.critical", use: {name}}}\n'), ask(critical, **terms)),
            (write("", "  rules:\n    - " + use.replace("ACTION", "use") + "\n"), ask(critical, **terms)),
            (write("", "  rules:\n    - " + use.replace("ACTION", "prefer") + "\n"), ask(critical, **terms)),
            (write("", tiers), ask(critical, **terms)),
            (write("", STRATEGY, experiment), ask(critical, **terms)),
            (write("", "  strategy: performance_optimized\n"), ask(critical, **terms)),
            (write(), ask(critical, chosen=named, **terms)),
        ]
        for snapshot, facts in ways:
            assert set(name_order(decide_well(snapshot, facts))) <= allowed, name
        if name not in allowed:
            assert refuse_rightly(write(), ask(critical, forced=named, **terms)).dropped[0].model == name
            if name != "sixth":
                assert refuse_rightly(write(), Facts(name, **terms)).dropped[0].model == name  # type: ignore[arg-type]


def test_a_rule_that_cannot_be_asked_counts_where_it_restricts_and_nowhere_else() -> None:
    zero: dict[str, Value | None] = {"daily_cost": 0}
    division = "1 / daily_cost > 5"
    for action, outcome in (("deny", None), ("switch_to_local_only", "fallback"), ("force_local_model", "fallback")):
        snapshot = write("", f'  rules:\n    - {{name: r, when: "{division}", action: {action}}}\n')
        if outcome is None:
            refusal = refuse_rightly(snapshot, ask(zero))
            assert (refusal.code, refusal.failed, refusal.fired) == ("denied_by_rule", ("r",), ("r",))
        else:
            decision = decide_well(snapshot, ask(zero))
            assert (name_order(decision)[0], decision.failed) == (outcome, ("r",))
        assert name_first(snapshot, ask({"daily_cost": 1})) == "own"
    for action in ("use, use: third", "prefer, use: third", "switch_to_fallback", "require_cloud_verification"):
        snapshot = write("", f'  rules:\n    - {{name: r, when: "{division}", action: {action}}}\n')
        decision = decide_well(snapshot, ask(zero))
        assert (name_order(decision)[0], decision.failed, decision.fired, decision.check) == ("own", ("r",), (), None)
    own = write(
        f'      - {{name: r, when: "{division}", use: third}}\n      - {{name: d, when: "{division}", deny: true}}\n'
    )
    assert refuse_rightly(own, ask(zero)).failed == ("r", "d")


def test_an_agents_rule_about_candidates_takes_away_those_that_other_words_name_too() -> None:
    rules = "      - {name: no_cloud, when: \"model.type == 'cloud'\", deny: true}\n" + OWN_RULE.replace(
        "fourth", "third"
    )
    for facts in (ask({"task.critical": True}), ask(chosen=CHOSEN), ask()):
        decision = decide_well(write(rules), facts)
        assert name_order(decision) == ["fallback", "saving"]
        assert (decision.decided_by, decision.name) == ("rule", "no_cloud")


def test_a_model_near_its_limit_is_moved_back_even_where_a_rule_names_it() -> None:
    routing = (
        "  rules:\n"
        "    - {name: protect, when: model.rate_limit_approaching, action: switch_to_fallback}\n"
        '    - {name: ours, when: "task.critical", action: use, use: third}\n'
    )
    near = {"sky/third": LiveTarget(used=0.95)}
    critical: dict[str, Value | None] = {"task.critical": True}
    assert name_first(write("", routing), ask(critical)) == "third"
    assert name_order(decide_well(write("", routing), ask(critical), near)) == ["own", "fallback", "saving"]
    # What people choose by hand stays: they may have their reasons.
    assert name_first(write("", routing), ask(chosen=CHOSEN), {"sky/fifth": LiveTarget(used=0.95)}) == "fifth"


def test_live_state_comes_last_and_puts_back_what_cools_is_full_or_too_slow() -> None:
    slow = HEAD.replace("own: {provider: sky, ", "own: {provider: sky, speed: {first_token: 3s}, ")
    assert name_first(compile_document(slow), ask(timeout_ms=2_999)) == "fallback"
    assert name_first(compile_document(slow), ask(timeout_ms=3_000)) == "own"
    for state, first in (
        (LiveTarget(cooling_ms=1), "fallback"),
        (LiveTarget(used=1.0), "fallback"),
        (LiveTarget(used=0.99), "own"),
    ):
        assert name_first(write(), ask(), {"sky/own": state}) == first
    all_cooling = {f"{place}": LiveTarget(cooling_ms=9) for place in ("sky/own", "house/fallback", "house/saving")}
    assert name_order(decide_well(write(), ask(), all_cooling)) == ["own", "fallback", "saving"], (
        "better late than never"
    )


def test_a_strategy_that_does_not_exist_lifts_nothing_that_the_set_one_says() -> None:
    snapshot = write("", "  strategy: privacy_first\n")
    for asked in ("gone", "performance_optimized", None):
        decision = decide_well(snapshot, ask(strategy=asked))
        assert name_order(decision) == ["fallback", "saving"]


def test_the_callers_limit_of_an_answer_counts_for_the_context() -> None:
    assert name_first(write(), ask(tokens=7_000)) == "own"
    assert name_first(write(), ask(tokens=7_001)) == "saving"
    assert name_first(write(), ask(tokens=7_001, most_output_tokens=100)) == "own"


@pytest.mark.parametrize(
    ("policy", "target", "code"),
    [
        (KeyPolicy(models=("agent:a",)), "agent:a", ""),
        (KeyPolicy(models=("agent:*",)), "agent:a", ""),
        (KeyPolicy(models=("own",)), "agent:a", "model_not_found"),
        (KeyPolicy(models=("agent:a",)), "own", "model_not_found"),
        (KeyPolicy(models=("agent:a",)), "auto", "model_not_found"),
        (None, "agent:b", "model_not_found"),
        (None, "sixth", "model_not_found"),
    ],
)
def test_a_key_asks_for_what_it_lists(policy: KeyPolicy | None, target: str, code: str) -> None:
    facts = Facts(target, policy=policy)
    if code:
        assert refuse_rightly(write(), facts).code == code
    else:
        assert name_first(write(), facts) == "own"
