"""The Python door to decisions, by seed 001's agents: every rule of theirs, every strategy, and what is refused."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import pointsman
from pointsman import (
    ConfigurationError,
    LLMRouter,
    RoutingDecision,
    RoutingRefused,
    UnknownAgent,
    get_llm_router,
    select_model_by_cost_efficiency,
)

OPUS, GPT, LLAMA, DEEPSEEK = "claude-3-opus", "gpt-4-turbo", "llama-3-70b", "deepseek-coder-33b"
Words = Mapping[str, Any]

OURS = """\
version: 1
providers:
  far: {base_url: https://far.example/v1}
  near: {base_url: http://127.0.0.1:9/v1, location: local}
models:
  big: {provider: far, price_per_1m_tokens: {input: "3", output: "15"}, context_window: 8000}
  unpriced: {provider: far}
  home: {provider: near}
agents:
  writer: {model: big, fallback: [home], parameters: {max_tokens: 100}}
  guesser: {model: unpriced}
  cloudy: {model: big}
"""


@pytest.mark.parametrize(
    ("agent", "task", "context", "model", "condition"),
    [
        ("cto_agent", {"privacy_level": "high"}, {}, LLAMA, "task.privacy_level == 'high'"),
        ("cto_agent", {"complexity": 9}, {}, OPUS, "task.complexity > 8"),
        ("cto_agent", {}, {"cost_limit_reached": True}, LLAMA, "cost_limit_reached"),
        ("backend_agent", {"type": "code_generation"}, {}, DEEPSEEK, "task.type == 'code_generation'"),
        ("backend_agent", {"type": "review", "complexity": 7}, {}, OPUS, "task.complexity > 6"),
        ("backend_agent", {"complexity": 3}, {"budget_mode": True}, LLAMA, "budget_mode == true"),
        ("frontend_agent", {"involves_ui_design": True}, {}, GPT, "task.involves_ui_design"),
        ("frontend_agent", {"privacy_level": "high"}, {}, LLAMA, "task.privacy_level == 'high'"),
        ("qa_agent", {"type": "test_generation"}, {}, LLAMA, "task.type == 'test_generation'"),
        ("qa_agent", {"requires_reasoning": True}, {}, GPT, "task.requires_reasoning"),
    ],
)
def test_every_rule_of_every_agent_matches_a_plain_task(
    agent: str, task: Words, context: Words, model: str, condition: str
) -> None:
    decision = LLMRouter("config").route_request(agent, task, context)
    assert (decision.model_id, decision.decided_by, decision.confidence) == (model, "rule", 1.0)
    assert decision.reason.endswith(condition)


@pytest.mark.parametrize(
    ("context", "rule", "model"),
    [
        ({"rate_limit_approaching": True}, "rate_limit_protection", GPT),
        ({"rate_limit_approaching": {OPUS: True, LLAMA: False}}, "rate_limit_protection", GPT),
        ({"model.rate_limit_approaching": True}, "rate_limit_protection", GPT),
        ({"daily_cost": 81, "budget": 100.0}, "cost_circuit_breaker", LLAMA),
    ],
)
def test_every_rule_over_all_agents_matches_a_plain_context(context: Words, rule: str, model: str) -> None:
    decision = LLMRouter("config").route_request("cto_agent", {"complexity": 5}, context)
    assert (decision.model_id, decision.decided_by) == (model, "global_rule")
    assert f'"{rule}"' in decision.reason


@pytest.mark.parametrize("near", [False, {OPUS: False}, {LLAMA: True}])
def test_a_limit_that_is_far_moves_nobody(near: object) -> None:
    assert LLMRouter("config").route_request("cto_agent", {}, {"rate_limit_approaching": near}).model_id == OPUS


@pytest.mark.parametrize(
    ("strategy", "complexity", "model"),
    [
        ("cost_optimized", 3, LLAMA),
        ("cost_optimized", 7, GPT),
        ("performance_optimized", 3, GPT),
        ("privacy_first", 9, LLAMA),
        ("balanced", 8, GPT),
        ("balanced", 2, LLAMA),
    ],
)
def test_a_context_may_set_the_strategy(strategy: str, complexity: int, model: str) -> None:
    context = {"routing_strategy": strategy}
    decision = LLMRouter("config").route_request("qa_agent", {"complexity": complexity}, context)
    assert (decision.model_id, decision.decided_by, decision.reason) == (model, "strategy", f'strategy "{strategy}"')
    assert 0 <= decision.confidence <= 1


def test_a_decision_has_the_fields_of_the_seed_and_more() -> None:
    decision = LLMRouter("config").route_request("cto_agent", {"complexity": 9}, {})
    model_id, reason, confidence, estimated_cost = decision
    assert (model_id, reason, confidence, estimated_cost) == (OPUS, decision.reason, 1.0, 0.0525)
    assert (decision.estimated_cost_nusd, decision.provider) == (52_500_000, "anthropic")
    assert (decision.fallbacks, decision.dropped) == ((GPT, LLAMA), ())
    assert [field.name for field in dataclasses.fields(decision)][:4] == list(decision.__match_args__[:4])
    assert RoutingDecision("x", "why", 0.9, 0.1) == RoutingDecision(
        model_id="x", reason="why", confidence=0.9, estimated_cost=0.1
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        decision.model_id = "x"  # type: ignore[misc]


def test_what_is_left_out_is_told_and_never_a_fallback() -> None:
    decision = LLMRouter("config").route_request("cto_agent", {"privacy_level": "high"})
    assert {(one.model_id, one.code) for one in decision.dropped} == {
        (OPUS, "cloud_forbidden"),
        (GPT, "cloud_forbidden"),
    }
    assert decision.fallbacks == ()
    assert decision.notes == (f"{LLAMA} lacks architecture_design, complex_reasoning",)


def test_a_price_that_nobody_knows_is_no_price() -> None:
    Path("ours.yaml").write_text(OURS)
    decision = LLMRouter(Path("ours.yaml")).route_request("guesser")
    assert (decision.estimated_cost, decision.estimated_cost_nusd) == (None, None)


def test_the_text_and_the_limit_of_the_answer_make_the_cost() -> None:
    Path("ours.yaml").write_text(OURS)
    router = LLMRouter("ours.yaml")
    usual, short, long = (
        router.route_request("writer", task).estimated_cost_nusd
        for task in ({}, {"prompt": "Hello"}, {"prompt": "Tell me a story. " * 500})
    )
    assert usual == 1_000 * 3_000 + 100 * 15_000
    assert short is not None and long is not None and short < usual < long
    limited = router.route_request("writer", {}, {"max_tokens": 1}).estimated_cost_nusd
    assert limited == 1_000 * 3_000 + 1 * 15_000
    assert router.route_request("writer", {"prompt": "word " * 9_000}).model_id == "home"


def test_no_model_at_all_is_never_a_default() -> None:
    Path("ours.yaml").write_text(OURS)
    with pytest.raises(RoutingRefused, match="must stay local") as caught:
        LLMRouter("ours.yaml").route_request("cloudy", {"privacy_level": "high"})
    refused = caught.value
    assert (refused.code, [one.model_id for one in refused.dropped]) == ("privacy_unavailable", ["big"])
    assert refused.message in str(refused) and "big: a cloud model" in str(refused)
    with pytest.raises(RoutingRefused) as caught:
        LLMRouter("ours.yaml").route_request("cloudy", {}, {"max_cost": "0.000001"})
    assert caught.value.code == "max_cost_exceeded"


def test_an_unknown_agent_is_a_key_error_that_helps() -> None:
    router = LLMRouter("config")
    with pytest.raises(KeyError) as caught:
        router.route_request("cto-agnt", {}, {})
    assert str(caught.value) == 'there is no agent "cto-agnt"; did you mean cto_agent?'
    with pytest.raises(UnknownAgent, match="there are cto_agent, backend_agent, frontend_agent, qa_agent") as unknown:
        router.route_request("writer")
    assert isinstance(unknown.value, ValueError) and unknown.value.agent_id == "writer"
    with pytest.raises(UnknownAgent, match="no agent what looks like a key"):
        router.route_request("sk-proj-" + "a1B2c3D4" * 6)


def test_the_environment_is_as_the_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    router = LLMRouter("config")
    assert router.route_request("cto_agent").model_id == OPUS
    before = router.revision
    monkeypatch.setenv("POINTSMAN_ENV", "development")
    assert router.route_request("cto_agent").model_id == OPUS
    router.reload()
    assert (router.route_request("cto_agent").model_id, router.revision == before) == (LLAMA, False)


def test_where_the_configuration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LLMRouter().route_request("qa_agent").model_id == LLAMA
    assert get_llm_router() is get_llm_router()
    Path("mine").mkdir()
    Path("mine/pointsman.yaml").write_text(OURS)
    assert LLMRouter("mine").route_request("writer").model_id == "big"
    monkeypatch.setenv("POINTSMAN_CONFIG", "mine/pointsman.yaml")
    assert LLMRouter().route_request("writer").model_id == "big"
    assert "price_unknown" in {problem.code for problem in LLMRouter().warnings}
    with pytest.raises(FileNotFoundError, match="pointsman init"):
        LLMRouter("nowhere")


def test_a_bad_file_tells_all_that_is_wrong_and_the_former_one_stays() -> None:
    ours = Path("ours.yaml")
    ours.write_text(OURS)
    router = LLMRouter(ours)
    ours.write_text(OURS.replace("max_tokens: 100", "max_tokens: many").replace("model: unpriced", "model: ghost"))
    with pytest.raises(ConfigurationError) as caught:
        router.reload()
    assert {problem.line for problem in caught.value.problems if problem.severity == "error"} == {10, 11}
    assert router.route_request("writer").model_id == "big"
    with pytest.raises(ConfigurationError):
        LLMRouter(ours)


@pytest.mark.parametrize(
    ("complexity", "threshold", "model"),
    [
        ("simple", 0.8, "gemini-pro"),
        ("moderate", 0.9, "gemini-pro"),
        ("complex", 0.95, "claude-3-5-sonnet"),
        ("simple", 0.9, "claude-3-5-sonnet"),
        (2, 0.5, "gemini-pro"),
    ],
)
def test_cost_efficiency_by_the_tiers_of_seed_004(
    complexity: Any, threshold: float, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LLMRouter("llm.yaml").select_model_by_cost_efficiency(complexity, threshold) == model
    monkeypatch.setenv("POINTSMAN_CONFIG", "llm.yaml")
    assert select_model_by_cost_efficiency(complexity, threshold) == model


def test_cost_efficiency_says_why_and_what_cannot_be() -> None:
    router = LLMRouter("config")
    assert "cheapest of all" in router.explain_cost_efficiency("simple", 0.8).reason
    with pytest.raises(pointsman.InvalidRequest, match="task_complexity: it is simple, moderate, complex") as caught:
        router.select_model_by_cost_efficiency("hard", 0.8)  # type: ignore[arg-type]
    assert caught.value.name == "task_complexity"
    Path("ours.yaml").write_text(OURS.split("models:")[0] + "models: {unpriced: {provider: far}}\n")
    with pytest.raises(RoutingRefused, match="write price_per_1m_tokens"):
        LLMRouter("ours.yaml").select_model_by_cost_efficiency("simple", 0.8)


def test_any_number_of_threads_may_ask_while_it_is_loaded_anew() -> None:
    ours = Path("ours.yaml")
    ours.write_text(OURS)
    other = OURS.replace("{model: big, fallback: [home]", "{model: home, fallback: [big]")
    router = LLMRouter(ours)
    with ThreadPoolExecutor(4) as pool:
        decisions = [pool.submit(router.route_request, "writer", {"prompt": "Hello"}) for _ in range(200)]
        for place in range(4):
            ours.write_text(other if place % 2 else OURS)
            router.reload()
        seen = {(decision.result().model_id, decision.result().provider) for decision in decisions}
        routers = {id(router) for router in pool.map(lambda _: get_llm_router(), range(32))}
    assert seen <= {("big", "far"), ("home", "near")}
    assert len(routers) == 1


@pytest.mark.parametrize(
    ("agent", "task"),
    [("cto_agent", {"complexity": 9}), ("backend_agent", {"type": "code_generation"}), ("qa_agent", {})],
)
def test_the_command_line_explains_the_same_decision(agent: str, task: Words) -> None:
    arguments = ["explain", "--agent", agent, "--task", json.dumps(task), "--config", "config", "--json"]
    command = [sys.executable, "-m", "pointsman.cli.main", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    told = json.loads(answer.stdout)
    decision = LLMRouter("config").route_request(agent, task)
    assert [told["model"], *[attempt["model"] for attempt in told["attempts"][1:]]] == [
        decision.model_id,
        *decision.fallbacks,
    ]
    assert told["decided_by"]["text"] == decision.reason
