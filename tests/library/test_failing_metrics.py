"""Whatever counts a call may fail: the call returns its answer, and one line of the log says so."""

import asyncio
from collections.abc import Iterator
from typing import NoReturn

import pytest
from door import CHAT, Door, ask

from pointsman import BudgetAlert, ModelManager, Pointsman, UsageTracker, token_tracker
from pointsman.library.engine import Engine
from pointsman.library.exchange import Fields
from pointsman.library.gateway_engine import GatewayEngine
from pointsman.library.llm_response import LLMResponse, UsageStats
from pointsman.library.remote_calls import count_remote_answer
from pointsman.telemetry.metrics import Metrics

ANSWERED: Fields = (("x-pointsman-attempts", "1"), ("x-request-id", "req_far"))


class Broken(RuntimeError):
    """What a counter raises."""


def fail(*_: object, **__: object) -> NoReturn:
    raise Broken("a counter that does not work")


def list_errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelname == "ERROR"]


@pytest.fixture(autouse=True)
def from_zero() -> Iterator[None]:
    token_tracker.reset()
    yield
    token_tracker.reset()


def test_an_engine_whose_metrics_fail(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Metrics, "record", fail)
    assert engine.post(CHAT, ask()).status == 200
    (line,) = list_errors(caplog)
    assert "was not counted everywhere: Broken" in line
    with engine.stream(CHAT, ask(stream=True)) as stream:
        assert b"[DONE]" in stream.read()
        assert stream.outcome is not None and stream.outcome.cost_nusd
    assert len(list_errors(caplog)) == 2
    assert token_tracker.get_summary()["writer"]["call_count"] == 2, "those who come after it have counted all the same"


def test_a_token_tracker_that_fails(
    door: Door, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(token_tracker, "_find_tally", fail)
    with Pointsman(door.document) as client:
        assert client.chat("Hi", agent="writer").cost_usd
        assert asyncio.run(client.achat("Hi", agent="writer")).text
        with client.stream("Hi", agent="writer") as stream:
            assert "".join(map(str, stream)) == stream.reply.text
    assert list_errors(caplog) == ["a listener of the engine failed: Broken"] * 3


def test_a_tracker_that_listens_and_fails(engine: Engine, door: Door, caplog: pytest.LogCaptureFixture) -> None:
    engine.add_listener(fail)
    assert Pointsman.over(engine).chat("Hi", agent="writer").text
    with ModelManager(door.document) as manager:
        manager._client.engine.add_listener(fail)  # type: ignore[arg-type]
        assert manager.generate("Hi", preferred_model="small").text
    assert list_errors(caplog) == ["a listener of the engine failed: Broken"] * 2


@pytest.mark.parametrize("error", [Broken, KeyError, SystemError, RecursionError])
def test_an_alert_that_fails_counts_the_call_and_tells_the_others(
    error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    def break_off(alert: BudgetAlert) -> None:
        raise error(alert)

    told: list[BudgetAlert] = []
    tracker = UsageTracker("0.10", on_alert=break_off, alert_at=[1])
    tracker.add_alert(told.append)
    usage = UsageStats(input_tokens=1, output_tokens=1, total_cost_usd="0.10")
    tracker.track(LLMResponse(content="", usage=usage, latency_ms=1.0, provider="p", model="m"))
    assert (len(told), tracker.get_stats()["total_calls"]) == (1, 1)
    assert list_errors(caplog) == [f"a callback of a usage tracker failed: {error.__name__}"]


@pytest.mark.parametrize("tokens", [(-1, 0), (10**30, 0)])
def test_numbers_of_a_gateway_that_cannot_be(tokens: tuple[int, int], caplog: pytest.LogCaptureFixture) -> None:
    with GatewayEngine("http://127.0.0.1:9") as engine:
        count_remote_answer(engine, "writer", ANSWERED, tokens, None, 0.1)
    assert list_errors(caplog) == ["the answer to call req_far was not counted: ValueError"]
    assert token_tracker.get_summary() == {}
