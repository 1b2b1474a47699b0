"""Strategies, tiers, experiments, machines and upstream ids: what leads nowhere is named, what looks odd passes."""

import pytest
from checking import BASE, check, compile_text, find_problem

from pointsman.core.config.checks.listing import is_misspelt

AGENT = "agents: {a: {model: big, fallback: [small]}, b: {model: big}}\n"


@pytest.mark.parametrize(
    ("routing", "expected"),
    [
        ("strategy: balancd", ["routing.strategy unknown_reference error"]),
        ("strategies: {s: {weights: {cost_efficiency: 0}}}", ["routing.strategies.s.weights invalid_weights error"]),
        (
            "factors: {task_complexity: {weight: 0}, cost_efficiency: {weight: 0.0}}",
            ["routing.factors invalid_weights error"],
        ),
        ("tiers: [[big], []]", ["routing.tiers[1] empty_route error"]),
        ("tiers: [[big, small], [other, big]]", ["routing.tiers[1][1] fallback_cycle error"]),
        ("aliases: {chat: 'agent:c'}", ["routing.aliases.chat unknown_reference error"]),
        ("aliases: {chat: bigg}", ["routing.aliases.chat unknown_reference error"]),
        ("aliases: {chat: big, write: 'agent:a', gpt: gpt-4.1}", []),
        ("strategy: balanced", []),
        ("strategy: mine, strategies: {mine: {prefer_local_models: true}}", []),
        ("strategies: {s: {weights: {cost_efficiency: 0, quality_expectations: 1}}}", []),
        ("factors: {task_complexity: {weight: 0}, cost_efficiency: {weight: 0.1}}", []),
        ("tiers: [[big, other], [small]]", []),
    ],
)
def test_routing_names_what_exists_and_weighs_something(routing: str, expected: list[str]) -> None:
    assert check(AGENT + f"routing: {{{routing}}}\n") == expected


def test_a_misspelt_strategy_is_guessed() -> None:
    assert (
        find_problem(BASE + "routing: {strategy: cost_optimised}\n", "unknown_reference").suggestion == "cost_optimized"
    )


@pytest.mark.parametrize(
    ("experiment", "expected"),
    [
        ("agent: c, split: {control: 1, candidate: 1}", ["experiments.e.agent unknown_reference error"]),
        ("agent: a, split: {control: 0, candidate: 0}", ["experiments.e.split invalid_weights error"]),
        ("agent: b, split: {control: 1, candidate: 1}", ["experiments.e.split.candidate missing_key error"]),
        (
            "agent: a, split: {control: 1, cheaper: 1}, variants: {candidate: small}",
            [
                "experiments.e.split.cheaper missing_key error",
                "experiments.e.variants.candidate unknown_reference error",
            ],
        ),
        (
            "agent: a, split: {control: 1, x: 1}, variants: {x: small, control: big}",
            ["experiments.e.variants.control conflict error"],
        ),
        ("agent: a, split: {control: 90, candidate: 10}", []),
        ("agent: b, split: {control: 90, candidate: 10}, variants: {candidate: small}", []),
        ("agent: a, split: {control: 0, x: 1}, variants: {x: small}", []),
    ],
)
def test_experiments_split_requests_over_models_that_exist(experiment: str, expected: list[str]) -> None:
    assert check(AGENT + f"experiments: {{e: {{{experiment}}}}}\n") == expected


def test_an_agent_takes_part_in_one_experiment_at_a_time() -> None:
    both = "experiments: {e: {SPLIT}, f: {SPLIT, enabled: YES}}\n".replace(
        "SPLIT", "agent: a, split: {control: 1, candidate: 1}"
    )
    assert check(AGENT + both.replace("YES", "true")) == ["experiments.f conflict error"]
    assert check(AGENT + both.replace("YES", "false")) == []


@pytest.mark.parametrize(
    ("needs", "has", "is_too_much"),
    [
        ("gpu_memory_gb: 48", "gpu_memory_gb: 24", True),
        ("gpu_memory_gb: 24, cpu_cores: 16", "gpu_memory_gb: 24, cpu_cores: 8", True),
        ("gpu_memory_gb: 24", "gpu_memory_gb: 24", False),
        ("gpu_memory_gb: 48", "cpu_cores: 8", False),
        ("cpu_cores: 8", "gpu_memory_gb: 24", False),
    ],
)
def test_a_local_model_fits_into_its_machine(needs: str, has: str, is_too_much: bool) -> None:
    text = BASE.replace("house, context", f"house, resources: {{{needs}}}, context")
    problems = compile_text(text + f"server: {{local_resources: {{{has}}}}}\n").problems
    assert [one.code for one in problems] == (["resources_exceeded"] if is_too_much else [])


def test_what_a_cloud_model_needs_is_its_providers_matter() -> None:
    text = BASE.replace("gpt-4o,", "gpt-4o, resources: {gpu_memory_gb: 800},")
    assert compile_text(text + "server: {local_resources: {gpu_memory_gb: 1}}\n").problems == ()


@pytest.mark.parametrize(
    ("written", "meant", "verdict"),
    [
        ("gpt-4-tubro", "gpt-4-turbo", True),
        ("gpt-4-turb", "gpt-4-turbo", True),
        ("claude-3-opuss", "claude-3-opus", True),
        ("claude-3-sonett", "claude-3-sonnet", False),
        ("gpt-5.6-mini", "gpt-5.4-mini", False),
        ("gpt-5.4-nano", "gpt-5.4-mini", False),
        ("gpt-4-turbo-pro", "gpt-4-turbo", False),
        ("gpt-4", "gpt-4o", False),
        ("claude-opus-5-5", "claude-opus-5", False),
        ("gpt-4-turbo", "gpt-4-turbo", False),
    ],
)
def test_only_a_slip_of_letters_is_a_misspelt_name(written: str, meant: str, verdict: bool) -> None:
    assert is_misspelt(written, meant) is verdict


def test_a_misspelt_upstream_id_is_named_and_a_new_one_is_not() -> None:
    text = BASE + "  m: {provider: openai, model_id: ID}\n"
    problem = find_problem(text.replace("ID", "gpt-4-tubro"), "model_unlisted")
    assert (problem.path, problem.severity, problem.suggestion) == ("models.m.model_id", "warning", "gpt-4-turbo")
    for new in ("gpt-9-turbo", "gpt-4-turbine-xl", "o9"):
        assert "model_unlisted" not in str(compile_text(text.replace("ID", new)).problems)
    priced = text.replace("ID", "gpt-4-tubro, price_per_1m_tokens: {input: 1, output: 1}")
    assert compile_text(priced).problems == ()
