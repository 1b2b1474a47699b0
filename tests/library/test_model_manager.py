"""`ModelManager`: every wish acts, batches keep their order, and what fails says why."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from door import Door

from pointsman import (
    GenerateResponse,
    ModelManager,
    PointsmanError,
    ProviderFailed,
    RequestRefused,
    RequestTimedOut,
    UsageTracker,
)
from pointsman.core.routing.outcome import Outcome


@pytest.fixture
def document(door: Door) -> dict[str, Any]:
    """Three models at home: a good dear one, a fair cheap one, and one of which nothing is said."""
    model = door.simulation.model
    return door.document | {
        "models": {
            "good": {
                "provider": "near",
                "model_id": model,
                "quality": 0.95,
                "price_per_1m_tokens": {"input": "10", "output": "30"},
            },
            "fair": {
                "provider": "near",
                "model_id": f"{model}-fair",
                "quality": 0.7,
                "price_per_1m_tokens": {"input": "1", "output": "3"},
            },
            "plain": {"provider": "near", "model_id": f"{model}-plain"},
            "far": {"provider": "far", "model_id": f"{model}-far"},
        },
        "agents": {"tester": {"model": "fair", "fallback": ["good"], "tags": ["tests"]}},
        "tasks": {"review": {"model": "fair", "fallback": ["good"]}},
    }


@pytest.fixture
def manager(document: dict[str, Any]) -> Iterator[ModelManager]:
    with ModelManager(document) as manager:
        yield manager


@pytest.fixture
def told(manager: ModelManager) -> list[Outcome]:
    """Every call that was made."""
    outcomes: list[Outcome] = []
    manager._client.engine.add_listener(outcomes.append)  # type: ignore[union-attr]
    return outcomes


def name(response: GenerateResponse | PointsmanError) -> str:
    assert isinstance(response, GenerateResponse)
    return str(response.metadata["model"])


def test_an_answer_tells_what_it_cost_and_how_good_its_model_is(manager: ModelManager) -> None:
    response = manager.generate("Say a word about trains.", preferred_model="fair")
    assert response.text == response.content == str(response) != ""
    assert (response.provider, response.quality, response.decision) == ("near", 0.7, "forced")
    usage = response.usage
    assert response.cost_usd == Decimal(usage.input_tokens + 3 * usage.output_tokens) / 1_000_000
    assert response.request_id.startswith("req_") and response.latency_ms > 0
    tracker = UsageTracker()
    tracker.track(response, ["manager"])
    assert tracker.get_stats(tag="manager")["total_cost_usd"] == response.cost_usd


def test_the_type_of_a_task_names_its_models_and_the_quality_drops_the_worse(manager: ModelManager) -> None:
    asked = {"prompt": "Review this.", "task_type": "review"}
    assert name(manager.generate(**asked)) == "fair"  # type: ignore[arg-type]
    assert name(manager.generate(**asked, quality_threshold=0.9)) == "good"  # type: ignore[arg-type]
    wanted = {"min_quality": 0.9}
    assert name(manager.generate(**asked, quality_threshold=0.1, performance_requirements=wanted)) == "good"  # type: ignore[arg-type]
    with pytest.raises(RequestRefused) as raised:
        manager.generate(**asked, quality_threshold=0.96)  # type: ignore[arg-type]
    assert raised.value.code == "min_quality_unmet"


def test_what_may_cost_more_is_left_out(manager: ModelManager) -> None:
    wishes: dict[str, Any] = {"preferred_model": "good", "fallback_models": ["fair"], "max_tokens": 1_000}
    assert name(manager.generate("Hi", max_cost_per_request=0.05, **wishes)) == "good"
    assert name(manager.generate("Hi", max_cost_per_request="0.02", **wishes)) == "fair"
    with pytest.raises(RequestRefused) as raised:
        manager.generate("Hi", max_cost_per_request=Decimal("0.000001"), **wishes)
    assert raised.value.code == "max_cost_exceeded"


def test_fallback_models_are_tried_in_order(manager: ModelManager, door: Door, told: list[Outcome]) -> None:
    door.simulation.behave(fault="status_500")
    model = door.simulation.model
    response = manager.generate("Hi", preferred_model=model, fallback_models=[f"{model}-fair", "plain"])
    assert name(response) == "fair"
    assert (told[0].attempts, told[0].degraded) == (2, "fallback")
    with pytest.raises(ProviderFailed):
        manager.generate("Hi", preferred_model="good")


def test_the_agent_gives_models_tags_and_rules(manager: ModelManager, told: list[Outcome]) -> None:
    assert name(manager.generate("Hi", agent_context="tester", user="ada", tags=["mine"])) == "fair"
    assert name(manager.generate("Hi", agent_context="tester", preferred_model="good")) == "good"
    assert [(each.agent, each.user, each.tags) for each in told] == [
        ("tester", "ada", ("mine", "tests")),
        ("tester", "", ("tests",)),
    ]
    with pytest.raises(RequestRefused, match="ghost"):
        manager.generate("Hi", agent_context="ghost")


def test_what_is_private_stays_at_home(manager: ModelManager, door: Door) -> None:
    assert name(manager.generate("Hi", preferred_model="far", fallback_models=["plain"], privacy="high")) == "plain"
    assert door.list_far_calls() == []


def test_the_latency_is_a_deadline(manager: ModelManager, door: Door) -> None:
    door.simulation.behave(latency_ms=10_000)
    with pytest.raises(RequestTimedOut):
        manager.generate("Hi", preferred_model="good", performance_requirements={"max_latency": 0.2})


def test_system_and_messages(manager: ModelManager) -> None:
    messages = [{"role": "user", "content": "Say a word about trains."}]
    one = manager.generate(messages=messages, preferred_model="good", temperature=0.2)
    other = manager.generate("Say a word about trains.", preferred_model="good", system="Be brief.")
    assert other.usage.input_tokens > one.usage.input_tokens


def test_with_await(manager: ModelManager) -> None:
    async def run() -> None:
        assert name(await manager.agenerate("Hi", task_type="review")) == "fair"
        answers = await manager.abatch_generate(["one", "two", "one"], preferred_model="plain")
        assert [name(each) for each in answers] == ["plain"] * 3
        assert answers[0] is answers[2]

    asyncio.run(run())


def test_a_batch_keeps_its_order_and_asks_the_same_once(manager: ModelManager, told: list[Outcome]) -> None:
    requests: list[Any] = [
        "one",
        {"prompt": "two", "preferred_model": "good"},
        [{"role": "user", "content": "one"}],
        {"prompt": "one", "tags": ["other"]},
        "one",
    ]
    answers = manager.batch_generate(requests, preferred_model="fair")
    assert [name(each) for each in answers] == ["fair", "good", "fair", "fair", "fair"]
    assert len(told) == 3 and answers[0] is answers[2] is answers[4] is not answers[3]
    manager.batch_generate(requests, cost_optimization=False, parallel_processing=False, preferred_model="fair")
    assert len(told) == 3 + 5
    assert manager.batch_generate([]) == []


def test_an_error_stands_in_its_place_or_is_raised_with_the_others(manager: ModelManager) -> None:
    requests: list[Any] = ["one", {"prompt": "two", "preferred_model": "ghost"}, "three"]
    answers = manager.batch_generate(requests, preferred_model="plain")
    assert [type(each) for each in answers] == [GenerateResponse, RequestRefused, GenerateResponse]
    with pytest.raises(ExceptionGroup) as raised:
        manager.batch_generate(requests, preferred_model="plain", raise_errors=True)
    assert [type(each) for each in raised.value.exceptions] == [RequestRefused]


def test_no_more_than_the_batch_size_is_under_way(manager: ModelManager, door: Door) -> None:
    door.simulation.behave(latency_ms=50)
    manager.batch_generate([f"n{number}" for number in range(6)], batch_size=2, preferred_model="good")
    calls, at_once = most_at_once(door)
    assert calls == 6 and at_once <= 2
    manager.batch_generate(["one", "two"], parallel_processing=False, preferred_model="good")
    assert most_at_once(door, behind=6) == (2, 1)


def most_at_once(door: Door, behind: int = 0) -> tuple[int, int]:
    """How many calls there were behind the first ones, and how many of them were under way at one time."""
    calls = door.simulation.list_calls()[behind:]
    spans = [(call["received_at_s"], call["ended_at_s"]) for call in calls]
    middles = [(begin + end) / 2 for begin, end in spans]
    return len(spans), max(sum(begin <= middle < end for begin, end in spans) for middle in middles)


@pytest.mark.parametrize(
    ("wishes", "error", "message"),
    [
        ({}, TypeError, "either prompt"),
        ({"prompt": "Hi", "messages": []}, TypeError, "either prompt"),
        ({"prompt": 5}, TypeError, "text"),
        ({"messages": "Hi"}, TypeError, "list"),
        ({"prompt": "Hi", "task_typ": "review"}, TypeError, "did you mean task_type"),
        ({"prompt": "Hi", "performance_requirements": {"max_latncy": 3}}, TypeError, "did you mean max_latency"),
        ({"prompt": "Hi", "performance_requirements": [3]}, TypeError, "mapping"),
        ({"prompt": "Hi", "performance_requirements": {"max_latency": 0}}, ValueError, "seconds"),
        ({"prompt": "Hi", "quality_threshold": 1.5}, ValueError, "from 0 to 1"),
        ({"prompt": "Hi", "quality_threshold": "much"}, ValueError, "number"),
        ({"prompt": "Hi", "quality_threshold": True}, TypeError, "number"),
        ({"prompt": "Hi", "max_cost_per_request": float("nan")}, ValueError, "number"),
        ({"prompt": "Hi", "fallback_models": "good"}, TypeError, "list"),
    ],
)
def test_what_cannot_be_so_is_refused_before_anything_is_asked(
    manager: ModelManager, told: list[Outcome], wishes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        manager.generate(**wishes)
    with pytest.raises(error, match=message):
        manager.batch_generate(["fine", wishes], preferred_model="plain")
    assert told == []


@pytest.mark.parametrize("size", [0, -1, 1.5, True, 10_000])
def test_a_batch_size_is_a_whole_number(manager: ModelManager, size: Any) -> None:
    with pytest.raises(ValueError, match="batch_size"):
        manager.batch_generate(["one"], batch_size=size)
