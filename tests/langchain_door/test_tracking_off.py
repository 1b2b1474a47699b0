"""`ENABLE_TOKEN_TRACKING=false` and counters that fail: chat models and vendors' own classes answer all the same."""

from collections.abc import Iterator
from typing import NoReturn

import pytest
from langchain_world import KEYS, QUESTION

from pointsman import get_embeddings_model, get_llm, token_tracker
from pointsman.core.routing.outcome import Outcome
from pointsman.library.engine import Engine
from pointsman.library.tracking_switch import VARIABLE


@pytest.fixture(autouse=True)
def from_zero(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)
    token_tracker.reset()
    yield
    token_tracker.reset()


def fail(outcome: Outcome) -> NoReturn:
    raise RuntimeError("a counter that does not work")


def test_nothing_is_counted_and_nothing_fails(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes: list[Outcome] = []
    engine.add_listener(outcomes.append)
    monkeypatch.setenv(VARIABLE, "false")
    assert get_llm("writer", engine=engine).invoke(QUESTION).text
    assert "".join(chunk.text for chunk in get_llm("writer", engine=engine).stream(QUESTION))
    assert (len(outcomes), engine.usage()["per_agent"]["writer"]["call_count"]) == (2, 2), "the relay's own books go on"
    direct = get_llm("on-anthropic", direct=True, engine=engine)
    assert direct.invoke(QUESTION).text and "".join(chunk.text for chunk in direct.stream(QUESTION))
    assert len(outcomes) == 2 and "on-anthropic" not in engine.usage()["per_agent"]
    assert token_tracker.get_summary() == {}
    monkeypatch.setenv(VARIABLE, "true")
    assert direct.invoke(QUESTION).text
    assert token_tracker.get_summary()["on-anthropic"]["call_count"] == 1


def test_a_tracker_that_fails_costs_no_answer(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine, "record", fail)
    assert get_llm("on-anthropic", direct=True, engine=engine).invoke(QUESTION).text
    assert [record.message for record in caplog.records if record.levelno >= 30] == [
        "a call of anthropic-model was not counted: RuntimeError"
    ]


def test_a_listener_that_fails_costs_no_answer(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    engine.add_listener(fail)
    assert get_llm("writer", engine=engine).invoke(QUESTION).text
    assert len(get_embeddings_model(engine=engine).embed_documents(["a"])) == 1
    assert [record.message for record in caplog.records if record.levelno >= 30] == [
        "a listener of the engine failed: RuntimeError"
    ] * 2


def test_what_a_vendors_class_cannot_be_counted_with_an_engine_that_is_closed(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    llm = get_llm("on-anthropic", direct=True, engine=engine)
    engine.close()
    assert llm.invoke(QUESTION).text
    assert [record.message for record in caplog.records if record.levelno >= 30] == [
        "a call of anthropic-model was not counted: EngineClosed"
    ]
