"""`ENABLE_TOKEN_TRACKING`: off, nothing of this program is counted and nothing is refused; the engine's books go on."""

import asyncio
from collections.abc import Iterator

import pytest
from door import CHAT, Door, ask

from pointsman import ModelManager, Pointsman, UsageTracker, token_tracker
from pointsman.library.engine import Engine
from pointsman.library.llm_response import LLMResponse, UsageStats
from pointsman.library.tracking_switch import VARIABLE, TrackingSwitch

ANSWER = LLMResponse(
    content="Yes.",
    usage=UsageStats(input_tokens=1, output_tokens=1, total_cost_usd="0.5"),
    latency_ms=1.0,
    provider="openai",
    model="gpt-4o",
)


@pytest.fixture(autouse=True)
def from_zero() -> Iterator[None]:
    token_tracker.reset()
    yield
    token_tracker.reset()


@pytest.mark.parametrize("word", ["false", "False", " FALSE ", "0", "no", "Off"])
def test_spellings_that_turn_it_off(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv(VARIABLE, word)
    assert not TrackingSwitch().is_on


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "ON", "", "  "])
def test_spellings_that_leave_it_on(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    monkeypatch.setenv(VARIABLE, word)
    assert TrackingSwitch().is_on


def test_any_other_word_counts_and_warns_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    switch = TrackingSwitch()
    monkeypatch.setenv(VARIABLE, "flase" + "e" * 1_000)
    assert switch.is_on and switch.is_on
    (record,) = caplog.records
    assert record.levelname == "WARNING" and "write true or false" in record.message and len(record.message) < 150


def test_what_is_told_by_hand_is_neither_counted_nor_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    tracker = UsageTracker(0, on_alert=told.append)
    monkeypatch.setenv(VARIABLE, "false")
    token_tracker.track("test", 100, 50, 0.001, 0.5)
    token_tracker.track("test", -1, 0, "much", 0)
    tracker.track(ANSWER, ["user:john"])
    tracker.track(ANSWER, "no list")
    assert (token_tracker.get_summary(), tracker.get_stats()["total_calls"], told) == ({}, 0, [])
    monkeypatch.setenv(VARIABLE, "true")
    tracker.track(ANSWER)
    assert tracker.get_stats()["total_calls"] == 1


def test_engines_clients_and_managers_answer_and_their_books_go_on(
    engine: Engine, door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "off")
    assert engine.post(CHAT, ask()).status == 200
    client = Pointsman.over(engine)
    assert client.chat("Hi", agent="writer").text and asyncio.run(client.achat("Hi", agent="writer")).text
    with client.stream("Hi", agent="writer") as stream:
        assert "".join(map(str, stream)) == stream.reply.text
    assert engine.usage()["per_agent"]["writer"]["call_count"] == 4
    with ModelManager(door.document) as manager:
        assert manager.generate("Hi", preferred_model="small").text
    assert token_tracker.get_summary() == {}
    monkeypatch.delenv(VARIABLE)
    client.chat("Hi", agent="writer")
    assert token_tracker.get_summary()["writer"]["call_count"] == 1
