"""Rows of bad input about the sense of a document whose form is right (Y24, Y28, Y30, Y31, Y38), each at its place."""

import pytest
from bad_documents import (
    Row,
    agent,
    budget,
    compile_with_variables,
    list_errors,
    number_rows,
    overlay,
    rule,
    section,
    standing_in,
    unpriced,
)

ROWS: dict[str, list[Row]] = {
    "Y24": [
        (budget("limit: 1").replace("total", "'agent:nobody'"), "5:13 budgets[0].scope unknown_reference"),
        (budget("limit: 1").replace("total", "'provider:opnai'"), "5:13 budgets[0].scope unknown_reference"),
        (
            section("experiments: {e: {agent: nobody, split: {control: 1, candidate: 1}}}"),
            "4:26 experiments.e.agent unknown_reference",
        ),
        (rule("task.critical", "use: nobody"), "5:62 agents.writer.rules[0].use unknown_reference"),
        (section("routing: {strategy: cheapest}"), "4:21 routing.strategy unknown_reference"),
        (section("routing: {tiers: [[nobody]]}"), "4:20 routing.tiers[0][0] unknown_reference"),
    ],
    "Y28": [
        (agent("policy: {privacy: high}"), "5:3 agents.writer privacy_unsatisfiable"),
        (
            section("agents: {a: {model: gpt-4o, fallback: [gpt-4.1], policy: {privacy: high}}}"),
            "4:10 agents.a privacy_unsatisfiable",
        ),
        (
            section("policy: {privacy: high}\ninteractions: {i: {model: gpt-4o}}"),
            "5:16 interactions.i privacy_unsatisfiable",
        ),
        (section("tasks: {t: {model: gpt-4o, policy: {privacy: high}}}"), "4:9 tasks.t privacy_unsatisfiable"),
        (
            section("routing: {force_local_models: true}\nagents: {a: {model: gpt-4o}}"),
            "5:10 agents.a privacy_unsatisfiable",
        ),
        (
            overlay("agents: {writer: {policy: {privacy: high}}}"),
            "7:18 environments.dev.agents.writer privacy_unsatisfiable",
        ),
    ],
    "Y30": [
        (
            standing_in("model: able, fallback: [gpt-4o], policy: {privacy: high}"),
            "8:31 agents.a.fallback[0] incompatible_fallback",
        ),
        (
            standing_in("model: able, fallback: [gpt-4o], policy: {privacy: high}", "interactions"),
            "8:31 interactions.a.fallback[0] incompatible_fallback",
        ),
        (
            standing_in("model: able, fallback: [weak], capabilities_required: [tools]"),
            "8:31 agents.a.fallback[0] incompatible_fallback",
        ),
        (
            standing_in("model: able, fallback: [weak], capabilities_required: [prose, vision]"),
            "8:31 agents.a.fallback[0] incompatible_fallback",
        ),
        (
            standing_in("model: able, fallback: [weak], capabilities_required: [tools]", "tasks"),
            "8:31 tasks.a.fallback[0] incompatible_fallback",
        ),
        (
            standing_in("model: able, fallback: [weak], capabilities_required: [prose], strict_capabilities: true"),
            "8:31 agents.a.fallback[0] incompatible_fallback",
        ),
    ],
    "Y31": [
        (rule("task.complexty > 3"), "5:42 agents.writer.rules[0].when unknown_fact"),
        (rule("task.complexity >"), "5:58 agents.writer.rules[0].when invalid_rule"),
        (rule("\"task.privacy_level == 'hgih'\""), "5:65 agents.writer.rules[0].when invalid_rule"),
        (rule("task.type > 3"), "5:42 agents.writer.rules[0].when invalid_rule"),
        (rule("\"task.complexity == 'high'\""), "5:62 agents.writer.rules[0].when invalid_rule"),
        (rule("daily_cost"), "5:42 agents.writer.rules[0].when invalid_rule"),
        (rule("\"__import__('os')\""), "5:43 agents.writer.rules[0].when invalid_rule"),
        (rule("agent.__class__", "deny: true"), "5:42 agents.writer.rules[0].when invalid_rule"),
        (section("routing:\n  rules: [{when: bogus, action: deny}]"), "5:18 routing.rules[0].when unknown_fact"),
    ],
    "Y38": [
        (unpriced("total"), "4:3 models.m price_required"),
        (unpriced("cloud"), "4:3 models.m price_required"),
        (unpriced("'provider:own'"), "4:3 models.m price_required"),
        (unpriced("'model:m'"), "4:3 models.m price_required"),
        (unpriced("total", ", on_exceed: local_only"), "4:3 models.m price_required"),
    ],
}
NUMBERED = number_rows(ROWS)


@pytest.mark.parametrize(("document", "expected"), NUMBERED.values(), ids=NUMBERED)
def test_a_bad_document_is_refused_with_its_one_error(document: str | bytes, expected: str) -> None:
    compiled = compile_with_variables(document)
    assert compiled.snapshot is None
    assert list_errors(compiled) == [expected]


def test_every_row_has_five_variants() -> None:
    assert [name for name, variants in ROWS.items() if len(variants) < 5] == []


def test_y38_a_budget_that_only_alerts_needs_no_price() -> None:
    assert compile_with_variables(unpriced("total", ", on_exceed: alert")).snapshot is not None
