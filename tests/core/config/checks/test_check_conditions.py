"""Mistakes in conditions have their own line and column, and rules that wait for a missing budget are named."""

import pytest
from checking import BASE, check, compile_text

AGENT = "agents:\n  a:\n    model: small\n    rules:\n"
FIRST_LINE = BASE.count("\n") + 5
"""Of the first rule."""


def list_mistakes(rule: str) -> list[str]:
    found = compile_text(BASE + AGENT + rule).problems
    return [f"{one.line - FIRST_LINE + 1}:{one.column} {one.path} {one.code} {one.suggestion or ''}" for one in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            "      - {when: task.complxity > 3, use: small}\n",
            "1:16 agents.a.rules[0].when unknown_fact task.complexity",
        ),
        (
            "      - {when: \"task.critical and task.privacy_level == 'hgih'\", use: small}\n",
            "1:57 agents.a.rules[0].when invalid_rule high",
        ),
        (
            "      - {when: 'task.complexity > \"3\"', use: small}\n",
            "1:35 agents.a.rules[0].when invalid_rule ",
        ),
        ("      - when: task.complexity >\n        use: small\n", "1:31 agents.a.rules[0].when invalid_rule "),
        ("      - {use: small, when: daily_cost}\n", "1:28 agents.a.rules[0].when invalid_rule "),
        # The text does not stand there as it is, so the mistake is at its start.
        (
            "      - when: >\n          task.critical and\n          task.complxity > 3\n        use: small\n",
            "1:15 agents.a.rules[0].when unknown_fact task.complexity",
        ),
        (
            "      - {when: 'task.type == ''a'' and task.complxity > 3', use: small}\n",
            "1:16 agents.a.rules[0].when unknown_fact task.complexity",
        ),
    ],
)
def test_a_mistake_in_a_condition_has_its_place(rule: str, expected: str) -> None:
    assert list_mistakes(rule) == [expected]


def test_a_mistake_in_a_folded_condition_says_its_column_in_words() -> None:
    rule = "      - when: >\n          task.critical and\n          task.complxity > 3\n        use: small\n"
    (problem,) = compile_text(BASE + AGENT + rule).problems
    assert problem.message.startswith("column 19 of the condition: ")


def test_every_mistake_of_every_rule_is_named() -> None:
    rules = (
        "      - {when: task.complxity > 3 and task.citical, use: small}\n"
        "      - {when: task.complexity > 3, use: small}\n"
        "      - {when: __import__('os'), use: small}\n"
    )
    paths = [(one.path, one.code) for one in compile_text(BASE + AGENT + rules).problems]
    assert paths == [
        ("agents.a.rules[0].when", "unknown_fact"),
        ("agents.a.rules[0].when", "unknown_fact"),
        ("agents.a.rules[2].when", "invalid_rule"),
    ]


def test_rules_over_all_agents_are_read_too() -> None:
    more = "agents: {a: {model: small}}\nrouting: {rules: [{when: data.contain_pii, action: deny}]}\n"
    assert check(more) == ["routing.rules[0].when unknown_fact error"]


def test_facts_may_be_declared_and_must_be_named_well() -> None:
    rule = AGENT + "      - {when: task.urgent and task.words > 500, use: small}\n"
    assert check(rule) == ["agents.a.rules[0].when unknown_fact error"] * 2
    assert check(rule + "routing: {task_attributes: {urgent: bool, words: number}}\n") == []
    assert check(rule + "routing: {task_attributes: {urgent: bool, words: text}}\n") == [
        "agents.a.rules[0].when invalid_rule error"
    ]
    assert check("routing: {task_attributes: {complexity: number}}\n") == [
        "routing.task_attributes.complexity invalid_name error"
    ]


def test_models_of_rules_tiers_and_variants_must_exist() -> None:
    more = (
        "agents: {a: {model: small, fallback: [big], rules: [{when: task.critical, use: bigg}]}}\n"
        "routing:\n"
        "  rules: [{when: task.critical, action: use, use: smal}]\n"
        "  tiers: [[big], [otter]]\n"
        "experiments: {e: {agent: a, split: {control: 1, candidate: 1}, variants: {candidate: smaller}}}\n"
        "budgets: [{scope: 'model:othr', window: day, limit: '$5'}]\n"
    )
    assert check(more) == [
        "agents.a.rules[0].use unknown_reference error",
        "routing.rules[0].use unknown_reference error",
        "routing.tiers[1][0] unknown_reference error",
        "experiments.e.variants.candidate unknown_reference error",
        "budgets[0].scope unknown_reference error",
    ]


def test_a_rule_may_name_a_model_that_only_the_catalogue_knows() -> None:
    compiled = compile_text(BASE + "agents: {a: {model: small, rules: [{when: task.critical, use: gpt-4.1}]}}\n")
    assert compiled.problems == ()
    assert compiled.snapshot is not None
    assert compiled.snapshot.models["gpt-4.1"].deployment.provider == "openai"


WAITING = "agents: {a: {model: small, rules: [{when: RULE, use: small}]}, b: {model: small}}\n"
NEVER = ["agents.a.rules[0].when unreachable_rule warning"]


@pytest.mark.parametrize(
    "rule",
    [
        "cost_limit_reached",
        "cost_limit_reached == true",
        "daily_cost > budget * 0.8",
        "task.critical and cost_limit_reached",
        "cost_limit_reached or daily_cost > budget",
    ],
)
def test_a_rule_that_waits_for_a_budget_needs_one(rule: str) -> None:
    text = WAITING.replace("RULE", rule)
    assert check(text) == NEVER
    assert check(text + "budgets: [{scope: 'agent:b', window: day, limit: '$5'}]\n") == NEVER


@pytest.mark.parametrize(
    "more",
    [
        "budgets: [{scope: total, window: day, limit: '$5'}]\n",
        "budgets: [{scope: 'agent:a', window: day, limit: '$5'}]\n",
        "budgets: [{scope: 'team:red', window: day, limit: '$5'}]\n",
        "routing: {strategies: {mine: {cloud_budget_per_day: 100.00}}}\n",
    ],
)
def test_any_budget_that_may_apply_is_enough(more: str) -> None:
    assert check(WAITING.replace("RULE", "cost_limit_reached") + more) == []


@pytest.mark.parametrize(
    "rule", ["cost_limit_reached or task.critical", "not cost_limit_reached", "budget_mode == true", "daily_cost > 5"]
)
def test_a_rule_that_can_match_without_a_budget_needs_none(rule: str) -> None:
    assert check(WAITING.replace("RULE", rule)) == []
