"""What a program may say of a request: each fact acts, what cannot be meant is named, and a label never falls."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman import InvalidRequest, LLMRouter, RoutingRefused

DOCUMENT = """\
version: 1
providers:
  far: {base_url: https://far.example/v1}
  near: {base_url: http://127.0.0.1:9/v1, location: local}
models:
  big: {provider: far, price_per_1m_tokens: {input: "3", output: "15"}}
  other: {provider: far, price_per_1m_tokens: {input: "1", output: "1"}}
  home: {provider: near}
agents:
  plain: {model: big, fallback: [home], tags: [own]}
  asked:
    model: big
    fallback: [home]
    rules:
      - {when: "CONDITION", use: other}
  tried: {model: big}
routing:
  task_attributes: {country: text}
privacy: {detect: always}
experiments:
  trial: {agent: tried, split: {control: 50, candidate: 50}, variants: {candidate: other}, sticky: user}
"""


def build(condition: str = "task.critical") -> LLMRouter:
    path = Path("pointsman.yaml")
    path.write_text(DOCUMENT.replace("CONDITION", condition))
    return LLMRouter(path)


AT_TEN = datetime(2026, 11, 21, 23, 0, tzinfo=timezone(timedelta(hours=1)))


@pytest.mark.parametrize(
    ("condition", "task", "context"),
    [
        ("task.critical", {"critical": True}, {}),
        ("task.critical", {"task.critical": True}, {}),
        ("task.critical", {}, {"task.critical": True}),
        ("task.critical", {}, {"task": {"critical": True}}),
        ("task.country == 'ch'", {"country": "ch"}, {}),
        ("task.complexity == 9", {"complexity": 9.0}, {}),
        ("user == 'ada' and team == 'red'", {}, {"user": "ada", "team": "red"}),
        ("'a' in tags and 'b' in tags", {}, {"tags": ["a", "b"]}),
        ("'a' in tags and 'b' in tags", {}, {"tags": "a, b"}),
        ("'a' in tags and 'b' in tags", {}, {"tags": {"a", "b"}}),
        ("daily_cost > budget * 0.8", {}, {"daily_cost": Decimal("80.01"), "budget": 100}),
        ("time.hour == 22 and time.weekday == 'saturday'", {}, {"time": AT_TEN}),
        ("time.hour == 22", {}, {"time": {"hour": 22}}),
        ("time.hour == 22", {}, {"time.hour": 22}),
        ("request.has_tools", {}, {"request": {"has_tools": True, "stream": None}}),
        ("request.tokens_estimated > 1000", {"prompt": "word " * 2_000}, {}),
        ("request.tokens_estimated == 7", {"prompt": "word " * 2_000}, {"request.tokens_estimated": 7}),
        ("task.complexity <= 2", {"prompt": "Say hello."}, {}),
        ("task.complexity == 5", {}, {}),
        ("task.complexity == 8", {"prompt": "Say hello.", "complexity": 8}, {}),
        ("primary_unavailable", {}, {"primary_unavailable": True}),
    ],
)
def test_each_fact_that_is_said_acts(condition: str, task: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    assert build(condition).route_request("asked", task, context).model_id == "other"


def test_the_clock_tells_the_time_where_nobody_does() -> None:
    condition = f"time.weekday in ['{datetime.now(UTC):%A}', '{datetime.now(UTC) + timedelta(days=1):%A}']".lower()
    assert build(condition).route_request("asked").model_id == "other"


@pytest.mark.parametrize(
    ("task", "context", "name", "message"),
    [
        ({"privacy_levle": "high"}, {}, "privacy_levle", "did you mean privacy_level?"),
        ({"Complexity": 9}, {}, "Complexity", "did you mean complexity?"),
        ({"is_confidential": True}, {}, "is_confidential", "did you mean privacy_level?"),
        ({"has_pii": True}, {}, "has_pii", "did you mean contains_pii?"),
        ({"contry": "ch"}, {}, "contry", "routing.task_attributes"),
        ({"complexity": "hard"}, {}, "task.complexity", 'task "complexity": .* a whole number from 1 to 10'),
        ({"critical": 1}, {}, "task.critical", "true or false"),
        ({"privacy_level": "secret"}, {}, "task.privacy_level", "one of low, medium, high"),
        ({"contains_pii": "yes"}, {}, "data.contains_pii", "true or false"),
        ({"description": 5}, {}, "description", "is a text"),
        ({"messages": "hello"}, {}, "messages", "is a list"),
        ({"messages": [{"role": "user"}]}, {}, "messages", r"messages\[0\]"),
        ({"messages": [object()]}, {}, "messages", "plain mappings"),
        ({"prompt": "\ud800"}, {}, "messages", "Unicode"),
        ({5: 1}, {}, "task", "no text"),
        ([("type", "review")], {}, "task", "is a mapping"),
        ({f"w{place}": 1 for place in range(1_001)}, {}, "task", "more than 1,000"),
        ({}, {"routing_strategy": "cheap"}, "routing_strategy", "there are .*balanced"),
        ({}, {"routing_strategy": 5}, "routing_strategy", "must be a text"),
        ({}, {"routing_stratgy": "balanced"}, "routing_stratgy", "did you mean routing_strategy?"),
        ({}, {"complexity": 9}, "complexity", "did you mean task.complexity?"),
        ({}, {"privacy": "private"}, "privacy", "must be one of low, medium, high"),
        ({}, {"task.privacy_level": 3}, "task.privacy_level", "one of low, medium, high"),
        ({}, {"contains_pii": None, "pii": True}, "pii", "did you mean contains_pii?"),
        ({}, {"data": {"contains_pi": True}}, "data.contains_pi", "did you mean data.contains_pii?"),
        ({}, {"daily_cost": "80"}, "daily_cost", "a number"),
        ({}, {"tags": [5]}, "tags", "holds a tag"),
        ({}, {"timeout_ms": 0}, "timeout_ms", "from 1 to"),
        ({}, {"max_cost": "1e3"}, "max_cost", "an amount in dollars"),
        ({}, {"max_tokens": True}, "max_tokens", "from 1 up"),
        ({}, {"request_id": 5}, "request_id", "a text"),
        ({}, {"time": datetime(2026, 11, 21, 22)}, "time", "with its time zone"),
        ({}, {"rate_limit_approaching": {"bigg": True}}, "rate_limit_approaching", "did you mean big?"),
        ({}, {"rate_limit_approaching": {"big": 1}}, "rate_limit_approaching", "true or false"),
        ({}, {"rate_limit_approaching": "big"}, "model.rate_limit_approaching", "true or false"),
        ({}, {"agent": "other"}, "agent", "ask for another instead"),
    ],
)
def test_what_cannot_be_meant_is_named(task: Any, context: Any, name: str, message: str) -> None:
    with pytest.raises(InvalidRequest, match=message) as caught:
        build().route_request("asked", task, context)
    assert caught.value.name == name


def test_a_word_that_looks_like_a_key_is_not_repeated() -> None:
    secret = "complexity=sk-proj-" + "a1B2c3D4" * 6
    with pytest.raises(InvalidRequest) as caught:
        build().route_request("asked", {"privacy-" + secret: 1})
    assert secret not in str(caught.value)


def test_other_words_of_a_task_are_nobodys_business() -> None:
    task = {"title": "Report", "id": 5, "steps": [object()], "critical": None, "name": "x"}
    assert build().route_request("asked", task, {"project": "apollo", "locale": "de"}).model_id == "big"


@pytest.mark.parametrize(
    ("task", "context"),
    [
        ({"privacy_level": "high"}, {"privacy": "low"}),
        ({"privacy_level": "high"}, {"task.privacy_level": "low"}),
        ({"privacy_level": "low"}, {"privacy": "high"}),
        ({}, {"task": {"privacy_level": "high"}}),
        ({"contains_pii": True}, {"contains_pii": False}),
        ({"contains_pii": True, "data.contains_pii": False}, {}),
        ({"data": {"contains_pii": True}}, {}),
        ({}, {"data": {"contains_pii": True}, "contains_pii": False}),
        ({"content": "write to ada@example.com"}, {"contains_pii": False}),
        ({"content": "write to ada@example.com", "privacy_level": "low"}, {"privacy": "low"}),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "4111 1111 1111 1111"}]}]}, {}),
        ({"description": "fine", "prompt": "fine", "content": "10.20.30.40"}, {}),
    ],
)
def test_whatever_else_is_said_private_stays_private(task: Mapping[str, Any], context: Mapping[str, Any]) -> None:
    decision = build().route_request("plain", task, context)
    assert (decision.model_id, decision.fallbacks) == ("home", ())
    with pytest.raises(RoutingRefused) as caught:
        build().route_request("tried", task, context)
    assert caught.value.code == "privacy_unavailable"


def test_a_refusal_says_what_was_found_and_repeats_nothing_of_it() -> None:
    router = build()
    with pytest.raises(RoutingRefused, match="email found in it") as caught:
        router.route_request("tried", {"prompt": "write to ada@example.com"})
    assert "ada" not in str(caught.value)
    with pytest.raises(RoutingRefused, match="the caller says that it holds personal data"):
        router.route_request("tried", {"contains_pii": True})


LEVELS = st.sampled_from([None, "low", "medium", "high"])


@given(LEVELS, LEVELS, LEVELS)
def test_the_highest_of_all_labels_counts(of_task: str | None, asked: str | None, beside: str | None) -> None:
    router = build()
    context = {"privacy": asked, "task.privacy_level": beside}
    decision = router.route_request("plain", {"privacy_level": of_task}, context)
    is_private = bool({"medium", "high"} & {of_task, asked, beside})
    assert decision.model_id == ("home" if is_private else "big")


def test_an_experiment_is_drawn_anew_unless_somebody_is_to_keep_it() -> None:
    router = build()
    seen = Counter(router.route_request("tried").model_id for _ in range(200))
    assert set(seen) == {"big", "other"}
    for keeper in ({"user": "ada"}, {"session": "s1"}, {"session_id": "s1"}, {"request_id": "r1"}):
        assert len({router.route_request("tried", {}, keeper).model_id for _ in range(20)}) == 1
