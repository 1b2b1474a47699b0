"""`token_tracker`: what was counted by hand and by engines, exactly, with a bound."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from langchain_world import QUESTION

from pointsman import get_llm, token_tracker
from pointsman.library.engine import Engine
from pointsman.library.token_tracker import MOST_AGENTS, TokenTracker


@pytest.fixture(autouse=True)
def from_zero() -> Iterator[None]:
    token_tracker.reset()
    yield
    token_tracker.reset()


def test_as_the_first_seed_has_it() -> None:
    token_tracker.track("test", 100, 50, 0.001, 0.5)
    summary = token_tracker.get_summary()
    assert summary["test"]["total_tokens"] == 150
    assert summary == {
        "test": {
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "total_cost": 0.001,
            "call_count": 1,
            "unknown_cost_calls": 0,
            "total_latency": 0.5,
            "avg_tokens_per_call": 150.0,
            "avg_cost_per_call": 0.001,
            "avg_latency_seconds": 0.5,
        }
    }
    assert token_tracker.usage == summary


def test_costs_are_exact_from_many_threads() -> None:
    tracker = TokenTracker()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: tracker.track("a", 1, 1, Decimal("0.000000003"), 0.001), range(2_000)))
    tracker.track("a", 0, 0, None, 0)
    told = tracker.get_summary()["a"]
    assert (told["call_count"], told["total_cost"], told["unknown_cost_calls"]) == (2_001, 0.000006, 1)


def test_engines_tell_it_by_themselves(engine: Engine) -> None:
    asyncio.run(get_llm("writer", engine=engine).ainvoke(QUESTION))
    told, counted = token_tracker.get_summary()["writer"], engine.usage()["per_agent"]["writer"]
    assert told == counted and told["call_count"] == 1 and told["total_cost"] > 0


@pytest.mark.parametrize(
    "numbers",
    [(-1, 0, 0, 0), (1.5, 0, 0, 0), (True, 0, 0, 0), (1, 1, -0.1, 0), (1, 1, "much", 0), (1, 1, float("nan"), 0),
     (1, 1, 0, -1), (1, 1, 0, float("inf")), (1, 1, object(), 0)],
)  # fmt: skip
def test_numbers_that_cannot_be_count_nothing(numbers: tuple[int, int, float, float]) -> None:
    with pytest.raises(ValueError, match=r"from 0 up"):
        token_tracker.track("a", *numbers)
    assert token_tracker.get_summary() == {}


def test_there_is_a_bound() -> None:
    tracker = TokenTracker()
    for number in range(MOST_AGENTS + 50):
        tracker.track(f"agent-{number}", 1, 0, 0, 0)
    summary = tracker.get_summary()
    assert len(summary) == MOST_AGENTS + 1 and summary["other"]["call_count"] == 50
