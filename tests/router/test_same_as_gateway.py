"""A program that says what a client would say gets the decision that the gateway would make of the same request."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from pointsman import LLMRouter, RoutingRefused
from pointsman.control.configuration import load_configuration
from pointsman.core.chat.request_texts import list_texts
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.privacy.detect import detect
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.gather_facts import Circumstances, Found, gather_facts, should_search
from pointsman.core.routing.key_policy import KeyPolicy
from pointsman.core.routing.said import read_said

SAYINGS: tuple[dict[str, Any], ...] = (
    {},
    {"task": {"complexity": 9}},
    {"task": {"type": "code_generation", "critical": True}},
    {"task": {"privacy_level": "high"}},
    {"task": {"privacy_level": "medium"}, "privacy": "high"},
    {"strategy": "cost_optimized"},
    {"strategy": "balanced", "task": {"complexity": 2}},
    {"strategy": "privacy_first"},
    {"max_cost": "0.001"},
    {"budget_mode": True},
)
TEXTS = (
    "Say hello.",
    "Design a distributed, fault-tolerant scheduler; prove its invariants, compare three protocols step by step.",
    "Write to ada@example.com about 4111 1111 1111 1111.",
    "word " * 30_000,
)


@pytest.mark.parametrize("text", TEXTS, ids=["short", "hard", "private", "long"])
@pytest.mark.parametrize("metadata", SAYINGS, ids=lambda said: ",".join(said) or "nothing")
@pytest.mark.parametrize("agent", ["cto_agent", "backend_agent", "frontend_agent", "qa_agent"])
def test_a_program_and_a_client_get_the_same(agent: str, metadata: dict[str, Any], text: str) -> None:
    answer = ask_gateway(agent, metadata, text)
    task = {**metadata.get("task", {}), "messages": [{"role": "user", "content": text}]}
    context = {name: value for name, value in metadata.items() if name != "task"}
    try:
        decision = LLMRouter("config").route_request(agent, task, context)
    except RoutingRefused as refused:
        assert isinstance(answer, Refusal) and answer.code == refused.code
        return
    assert isinstance(answer, Decision)
    assert [decision.model_id, *decision.fallbacks] == [attempt.model.name for attempt in answer.attempts]
    assert (decision.reason, decision.decided_by) == (answer.text, answer.decided_by)
    assert decision.confidence == answer.confidence
    assert [one.model_id for one in decision.dropped] == [drop.model for drop in answer.dropped]


def ask_gateway(agent: str, metadata: dict[str, Any], text: str) -> Decision | Refusal:
    """What the relay makes of such a request, without its sockets."""
    snapshot = load_configuration(Path("config"), {}).snapshot
    assert snapshot is not None
    messages = [{"role": "user", "content": text}]
    request = decode_request(msgspec.json.encode({"model": f"agent:{agent}", "messages": messages}))
    policy = KeyPolicy(strategies=("*",))
    found = None
    if should_search(snapshot, snapshot.agents[agent], policy):
        counts = detect(list_texts(request.fields), frozenset(snapshot.settings.detect_entities)).counts
        found = Found("something found in it" if counts else "")
    facts = gather_facts(snapshot, request, Circumstances(policy, read_said((), metadata), found=found))
    return decide(snapshot, facts)
