"""What waits for private data to be found is named where nobody looks for it, or for nothing that could be found."""

import pytest
from checking import BASE, check, find_problem

OFF = "privacy: {detect: off}\n"
AGENT = "agents:\n  a: {{model: small, rules: [{{when: {when}, use: big}}]{more}}}\n"
GLOBAL = "routing: {{rules: [{{when: {when}, action: deny}}]}}\n"
WAITS = [
    "data.contains_pii",
    "data.contains_pii == true",
    "data.contains_pii and task.critical",
    "data.contains_pii and task.critical or task.complexity > 8 and data.contains_pii",
]
DOES_NOT = ["not data.contains_pii", "data.contains_pii or task.critical", "data.contains_pii == false"]


def write_agent(when: str, more: str = "") -> str:
    return AGENT.format(when=when, more=more)


def write_rule(when: str) -> str:
    return GLOBAL.format(when=when)


@pytest.mark.parametrize("when", WAITS)
def test_a_rule_that_waits_for_a_find_is_named_where_nobody_searches(when: str) -> None:
    assert check(OFF + write_agent(when)) == ["agents.a.rules[0].when unreachable_rule warning"]
    assert check(OFF + write_rule(when)) == ["routing.rules[0].when unreachable_rule warning"]


@pytest.mark.parametrize("when", DOES_NOT)
def test_a_rule_that_can_hold_without_a_find_is_not(when: str) -> None:
    assert check(OFF + write_agent(when)) == []
    assert check(OFF + write_rule(when)) == []


@pytest.mark.parametrize("when", WAITS + DOES_NOT)
def test_a_search_for_rules_is_enough(when: str) -> None:
    assert check(write_agent(when)) == []
    assert check(write_rule(when)) == []


def test_an_agent_goes_by_its_own_policy() -> None:
    off, always = ", policy: {detect: off}", ", policy: {detect: always}"
    assert check(write_agent(WAITS[0], off)) == ["agents.a.rules[0].when unreachable_rule warning"]
    assert check(OFF + write_agent(WAITS[0], always)) == []
    assert check("policy: {detect: off}\n" + write_agent(WAITS[0])) == [
        "agents.a.rules[0].when unreachable_rule warning"
    ]


def test_a_rule_over_all_needs_one_caller_who_is_searched() -> None:
    task = "tasks: {t: {model: small, policy: {detect: rules}}}\n"
    assert check(OFF + task + write_rule(WAITS[0])) == []
    assert check("agents: {a: {model: small, policy: {detect: off}}}\n" + write_rule(WAITS[0])) == []


def test_the_switch_for_personal_data_needs_a_search_too() -> None:
    switch = "routing: {require_local_for_pii: true}\n"
    assert check(OFF + switch) == ["routing.require_local_for_pii unreachable_rule warning"]
    assert check(switch) == []
    assert check(OFF + "routing: {require_local_for_pii: false}\n") == []


@pytest.mark.parametrize("reader", [write_rule("not data.contains_pii"), "routing: {require_local_for_pii: true}\n"])
def test_looking_for_nothing_is_named_where_somebody_reads_it(reader: str) -> None:
    found = "privacy.entities unreachable_rule warning"
    assert check("privacy: {entities: []}\n" + reader) == [found]
    assert check("privacy: {entities: [], names: true}\n" + reader) == []
    assert check("privacy: {entities: [iban]}\n" + reader) == []


def test_looking_for_nothing_is_named_where_requests_are_always_searched() -> None:
    found = "privacy.entities unreachable_rule warning"
    assert check("privacy: {entities: [], detect: always}\n") == [found]
    assert check("privacy: {entities: []}\nagents: {a: {model: small, policy: {detect: always}}}\n") == [found]
    assert check("privacy: {entities: []}\n") == []


def test_the_message_says_what_to_write() -> None:
    message = find_problem(BASE + OFF + write_rule(WAITS[0]), "unreachable_rule").message
    assert "no request is searched for private data" in message and "privacy.detect: rules" in message
    message = find_problem(BASE + "privacy: {entities: [], detect: always}\n", "unreachable_rule").message
    assert "nothing counts as private data" in message and "leave the key out" in message


@pytest.mark.parametrize(
    ("factor", "calculation", "fits"),
    [
        ("cost_efficiency", "cost_per_token * estimated_tokens", True),
        ("performance_needs", "required_response_time", True),
        ("cost_efficiency", "data_sensitivity_score", False),
        ("quality_expectations", "data_sensitivity_score", False),
    ],
)
def test_a_factor_is_calculated_in_its_own_way(factor: str, calculation: str, fits: bool) -> None:
    written = f"routing: {{factors: {{{factor}: {{weight: 1, calculation: '{calculation}'}}}}}}\n"
    found = [] if fits else [f"routing.factors.{factor}.calculation invalid_value error"]
    assert check(written) == found
