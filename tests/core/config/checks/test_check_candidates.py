"""Callers need models that are there, stay where they must, and can do and hold what is asked; else nothing is said."""

import pytest
from checking import BASE, check, compile_text, find_problem


def write_agent(model: str, fallback: str = "", more: str = "") -> str:
    return f"agents: {{a: {{model: {model}, fallback: [{fallback}], {more}}}}}\n"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (write_agent("big", "other", "policy: {privacy: high}"), ["agents.a privacy_unsatisfiable error"]),
        (write_agent("big") + "policy: {privacy: high}\n", ["agents.a privacy_unsatisfiable error"]),
        (write_agent("big") + "routing: {force_local_models: true}\n", ["agents.a privacy_unsatisfiable error"]),
        (write_agent("big") + "routing: {strategy: privacy_first}\n", ["agents.a privacy_unsatisfiable error"]),
        (
            write_agent("big") + "routing: {strategy: s, strategies: {s: {required_model_type: local}}}\n",
            ["agents.a privacy_unsatisfiable error"],
        ),
        (
            "interactions: {planning: {model: big}}\ntasks: {t: {model: other}}\npolicy: {privacy: high}\n",
            ["interactions.planning privacy_unsatisfiable error", "tasks.t privacy_unsatisfiable error"],
        ),
        (
            write_agent("small", "big", "policy: {privacy: high}"),
            ["agents.a.fallback[0] incompatible_fallback error"],
        ),
        (
            write_agent("small", more="policy: {privacy: high}, rules: [{when: task.critical, use: big}]"),
            ["agents.a.rules[0].use unreachable_rule warning"],
        ),
        (write_agent("big", more="local_alternative: other"), ["agents.a.local_alternative not_local error"]),
    ],
)
def test_what_must_stay_local_needs_a_local_model(more: str, expected: list[str]) -> None:
    assert check(more) == expected


@pytest.mark.parametrize(
    "more",
    [
        write_agent("small", more="policy: {privacy: high}"),
        write_agent("big", more="local_alternative: small, policy: {privacy: high}"),
        write_agent("big", more="budget_mode: small") + "routing: {force_local_models: true}\n",
        write_agent("big", more="rules: [{when: task.critical, use: small}]") + "routing: {force_local_models: true}\n",
        write_agent("big") + "routing: {force_local_models: true, tiers: [[other], [small]]}\n",
        write_agent("big", more="policy: {privacy: medium}"),
        write_agent("big", more="policy: {privacy: low}") + "policy: {privacy: high}\n",
        # Which strategy is set counts, not which there are.
        write_agent("big") + "routing: {strategy: balanced, strategies: {s: {allow_cloud_models: false}}}\n",
        # A cloud fallback is dropped while only local models are allowed, on purpose and for a time.
        write_agent("small", "big") + "routing: {force_local_models: true}\n",
    ],
)
def test_a_way_to_stay_local_is_enough(more: str) -> None:
    assert check(more) == []


def test_a_local_model_that_is_switched_off_helps_nobody() -> None:
    text = BASE.replace("house, ", "house, enabled: false, ") + write_agent("big", "small", "policy: {privacy: high}")
    assert find_problem(text, "privacy_unsatisfiable").path == "agents.a"


def test_another_environment_that_forces_locality_is_judged_too() -> None:
    more = write_agent("big") + "environments: {development: {routing: {force_local_models: true}}}\n"
    assert check(more) == ["agents.a privacy_unsatisfiable error"]
    assert check(more.replace("model: big", "model: big, local_alternative: small")) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (
            write_agent("big", "other", "capabilities_required: [code, design]"),
            ["agents.a.fallback[0] incompatible_fallback warning"],
        ),
        (
            write_agent("big", "other", "capabilities_required: [design], strict_capabilities: true"),
            ["agents.a.fallback[0] incompatible_fallback error"],
        ),
        (
            write_agent("other", "big", "capabilities_required: [design]"),
            ["agents.a.model capability_missing warning"],
        ),
        (
            write_agent("big", more="capabilities_required: [code, desing]"),
            ["agents.a.capabilities_required[1] capability_unknown warning"],
        ),
        # What nobody has is said once, and not of each fallback as well.
        (
            "tasks: {t: {model: big, fallback: [other], capabilities_required: [music]}}\n",
            ["tasks.t.capabilities_required[0] capability_unknown warning"],
        ),
        (
            write_agent("other", "small", "capabilities_required: [design], strict_capabilities: true"),
            [
                "agents.a empty_route error",
                "agents.a.model capability_missing warning",
                "agents.a.fallback[0] incompatible_fallback error",
            ],
        ),
    ],
)
def test_skills_that_are_lacking(more: str, expected: list[str]) -> None:
    assert check(more) == expected


def test_where_nothing_is_said_of_any_model_each_may_have_every_skill() -> None:
    text = (
        "providers: {openai: {}}\nagents: {a: {model: gpt-4o, fallback: [gpt-4.1], capabilities_required: [design]}}\n"
    )
    assert compile_text(text).problems == ()


def test_a_skill_that_no_model_has_is_compared_with_those_there_are() -> None:
    problem = find_problem(BASE + write_agent("big", more="capabilities_required: [desing]"), "capability_unknown")
    assert problem.suggestion == "design"


HARD = BASE.replace("[tools, code, design]", "[tools, vision]")


def test_a_fallback_without_a_hard_capability_could_never_stand_in() -> None:
    text = HARD + write_agent("big", "other", "capabilities_required: [vision]")
    assert find_problem(text, "incompatible_fallback").severity == "error"


@pytest.mark.parametrize(
    "more",
    [
        write_agent("big", "other", "capabilities_required: [code, tools]"),
        write_agent("big", "other"),
        # Nothing is said of what gpt-4.1 can do, so nothing is said of what it cannot.
        write_agent("big", "gpt-4.1", "capabilities_required: [design, tools]"),
        write_agent("gpt-4.1", "big", "capabilities_required: [design]"),
        # An alternative is taken for another reason than its skills.
        write_agent("big", more="capabilities_required: [design], local_alternative: small, budget_mode: small"),
        write_agent("big", "small", "capabilities_required: [code], strict_capabilities: true"),
    ],
)
def test_skills_that_are_there_or_of_which_nothing_is_known(more: str) -> None:
    assert check(more) == []


def test_a_fallback_with_a_far_smaller_window_is_worth_a_word() -> None:
    text = BASE.replace("context_window: 128000", "context_window: WINDOW") + write_agent("big", "small")
    problem = find_problem(text.replace("WINDOW", "8192"), "incompatible_fallback")
    assert (problem.path, problem.severity) == ("agents.a.fallback[0]", "warning")
    assert '"small" holds 8,192 tokens and "big" 128,000' in problem.message
    for fine in ("32000", "100000", "1000000"):
        assert compile_text(text.replace("WINDOW", fine)).problems == ()


def test_a_caller_whose_models_are_all_switched_off_is_named() -> None:
    off = BASE.replace("model_id: gpt-4o", "model_id: gpt-4o, enabled: false") + write_agent("big")
    problem = find_problem(off, "empty_route")
    assert (problem.path, problem.severity) == ("agents.a", "warning")
    assert check(write_agent("big")) == []


def test_a_provider_that_is_switched_off_leaves_the_fallback() -> None:
    text = BASE.replace("openai: {}", "openai: {enabled: false}") + write_agent("big", "other")
    assert compile_text(text).problems == ()
