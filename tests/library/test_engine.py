"""The engine answers in this process as a gateway does: from threads, tasks, streams, and in the child of a fork."""

import asyncio
import json
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from door import CHAT, QUESTION, Door, ask

from pointsman.config_loader import ConfigurationError
from pointsman.core.routing.outcome import Outcome
from pointsman.library import engine as engine_module
from pointsman.library.engine import Engine, get_engine
from pointsman.library.errors import EngineClosed, RequestTimedOut
from pointsman.library.mailbox import HIGH_WATER_BYTES
from running import await_value


def test_a_whole_answer_comes_with_its_decision_and_cost(engine: Engine) -> None:
    answer = engine.post(CHAT, ask())
    assert answer.status == 200
    assert answer.header("x-pointsman-model") == "small"
    assert answer.outcome is not None and answer.outcome.usage is not None
    usage = answer.outcome.usage
    assert answer.outcome.cost_nusd == usage.input_tokens * 1_000 + usage.output_tokens * 2_000
    assert Decimal(answer.header("x-pointsman-cost-usd")) == Decimal(answer.outcome.cost_nusd) / 10**9
    assert (answer.outcome.key_id, answer.outcome.tags) == ("library", ("prose",))


def test_headers_mean_what_they_mean_over_http(engine: Engine) -> None:
    answer = engine.post(CHAT, ask(), {"X-Pointsman-Agnet": "writer"})
    assert answer.status == 400 and "x-pointsman-agent" in answer.body.decode()
    answer = engine.post(CHAT, ask("small"), {"x-pointsman-agent": "writer", "x-request-id": "mine-1"})
    assert answer.outcome is not None and answer.outcome.agent == "writer"
    assert answer.header("x-request-id") == "mine-1"


@pytest.mark.parametrize(("path", "status"), [("/v1/nothing", 404), (CHAT, 400), ("/v1/messages", 400)])
def test_a_mistake_is_answered_in_the_form_of_its_path(engine: Engine, path: str, status: int) -> None:
    answer = engine.post(path, b"{}")
    assert answer.status == status
    assert ("type" in json.loads(answer.body)) == (path == "/v1/messages")


def test_other_formats_have_their_paths(engine: Engine) -> None:
    body = json.dumps({"model": "small", "max_tokens": 64, "messages": QUESTION}).encode()
    assert json.loads(engine.post("/v1/messages", body).body)["type"] == "message"
    body = json.dumps({"contents": [{"role": "user", "parts": [{"text": "Say a word."}]}]}).encode()
    with engine.stream("/v1beta/models/small:streamGenerateContent?alt=sse", body) as stream:
        assert b"candidates" in stream.read()


def test_models_are_listed(engine: Engine) -> None:
    ids = [entry["id"] for entry in json.loads(engine.get("/v1/models").body)["data"]]
    assert {"agent:writer", "small"} <= set(ids)
    assert engine.get("/v1/models/nobody").status == 404


def test_a_stream_is_read_as_it_arrives_and_tells_its_outcome_at_the_end(engine: Engine) -> None:
    with engine.stream(CHAT, ask(stream=True)) as stream:
        assert (stream.status, stream.header("content-type")) == (200, "text/event-stream; charset=utf-8")
        assert stream.read().endswith(b"data: [DONE]\n\n")
        assert stream.outcome is not None and stream.outcome.stream and stream.outcome.cost_nusd


def test_leaving_a_stream_ends_the_call_upstream(engine: Engine, door: Door) -> None:
    door.simulation.behave(tokens_per_second=5)
    with engine.stream(CHAT, ask(stream=True)) as stream:
        assert next(stream)
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_a_forgotten_stream_is_ended(engine: Engine, door: Door) -> None:
    door.simulation.behave(tokens_per_second=5)
    next(engine.stream(CHAT, ask(stream=True)).open())
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


@pytest.mark.parametrize("stream", [False, True])
def test_cancelling_a_task_ends_the_call_upstream(engine: Engine, door: Door, stream: bool) -> None:
    door.simulation.behave(latency_ms=60_000)

    async def ask_and_leave() -> None:
        if stream:
            asking = asyncio.create_task(engine.stream_async(CHAT, ask(stream=True)).open())
        else:
            asking = asyncio.create_task(engine.post_async(CHAT, ask()))  # type: ignore[arg-type]
        await asyncio.to_thread(door.simulation.await_call, lambda call: True)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(ask_and_leave())
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_time_that_is_over_ends_the_call_upstream(engine: Engine, door: Door) -> None:
    door.simulation.behave(latency_ms=60_000)
    with pytest.raises(RequestTimedOut):
        engine.post(CHAT, ask(), timeout_s=0.2)
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_a_stream_that_nobody_reads_pauses(engine: Engine, door: Door) -> None:
    door.simulation.behave(reply="word " * 19_000)
    with engine.stream(CHAT, ask(stream=True)) as stream:
        mailbox = stream._mailbox
        await_value(lambda: mailbox.is_full or None)
        # The engine goes on meanwhile: what it does for others would let in more of this stream, too.
        for _ in range(20):
            assert engine.post(CHAT, ask("far")).status == 200
        assert mailbox._waiting_bytes < HIGH_WATER_BYTES + 256 * 1024
        assert len(stream.read()) > 8 * HIGH_WATER_BYTES
        assert stream.outcome is not None and not stream.outcome.failure


def test_many_threads_and_loops_use_one_engine(engine: Engine) -> None:
    async def ask_some() -> list[int]:
        answers = await asyncio.gather(*(engine.post_async(CHAT, ask()) for _ in range(5)))
        return [answer.status for answer in answers]

    with ThreadPoolExecutor(16) as threads:
        plain = [threads.submit(lambda: [engine.post(CHAT, ask()).status]) for _ in range(40)]
        looped = [threads.submit(lambda: asyncio.run(ask_some())) for _ in range(4)]
        statuses = [status for future in (*plain, *looped) for status in future.result()]
    assert statuses == [200] * 60
    usage = engine.usage()
    assert usage["per_agent"]["writer"]["call_count"] == usage["totals"]["total_calls"] == 60


def test_listeners_know_of_a_request_before_its_caller_has_the_answer(engine: Engine) -> None:
    told: list[Outcome] = []

    def fail(outcome: Outcome) -> None:
        raise ValueError("a listener of the program")

    engine.add_listener(fail)
    engine.add_listener(told.append)
    engine.post(CHAT, ask())
    assert [outcome.model for outcome in told] == ["small"]
    with engine.stream(CHAT, ask(stream=True)) as stream:
        stream.read()
    assert len(told) == 2
    engine.remove_listener(told.append)
    engine.post(CHAT, ask())
    assert len(told) == 2
    with pytest.raises(ValueError, match="64 listeners"):
        for _ in range(64):
            engine.add_listener(told.append)


def test_a_private_request_never_leaves(engine: Engine, door: Door) -> None:
    answer = engine.post(CHAT, ask("agent:open"), {"x-pointsman-privacy": "high"})
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "privacy_unavailable")
    assert door.list_far_calls() == []
    assert engine.post(CHAT, ask("agent:open")).status == 200
    assert len(door.list_far_calls()) == 1


def test_a_missing_key_is_named_and_may_be_set_later(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    answer = engine.post(CHAT, ask("keyless"))
    error = json.loads(answer.body)["error"]
    assert answer.status == 503 and error["code"] == "upstream_credential_missing"
    assert 'set OPENAI_API_KEY for the provider "openai"' in error["message"]
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-a-test")
    assert engine.find_missing_key("keyless") is None


def test_budgets_count_in_memory(door: Door) -> None:
    door.document["budgets"] = [{"scope": "agent:writer", "limit": "0.0005", "window": "day", "on_exceed": "deny"}]
    with Engine(door.document) as engine:
        answers = [engine.post(CHAT, ask(max_tokens=50)) for _ in range(6)]
        assert answers[0].status == 200
        assert json.loads(answers[-1].body)["error"]["code"] == "budget_exceeded"


def test_reload_takes_files_that_are_good_and_no_others(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "pointsman.yaml"
    file.write_text(json.dumps(door.document))
    with Engine(file) as engine:
        before = engine.revision
        assert engine.post(CHAT, ask()).status == 200
        door.document["agents"]["editor"] = {"model": "small"}
        file.write_text(json.dumps(door.document))
        engine.reload()
        assert engine.revision != before and engine.post(CHAT, ask("agent:editor")).status == 200
        file.write_text("version: 1\nmodels: {a: {provider: nobody}}\n")
        with pytest.raises(ConfigurationError):
            engine.reload()
        assert engine.post(CHAT, ask("agent:editor")).status == 200


def test_a_document_with_errors_is_refused_at_once(door: Door) -> None:
    with pytest.raises(ConfigurationError, match="nothing_there"):
        Engine(door.document | {"agents": {"writer": {"model": "nothing_there"}}})
    with pytest.raises(TypeError, match="holds texts"):
        Engine({"version": object()})
    with pytest.raises(FileNotFoundError):
        Engine("no/such/file.yaml")


def test_closing_ends_calls_and_refuses_others(door: Door) -> None:
    door.simulation.behave(latency_ms=60_000)
    engine = Engine(door.document)
    with ThreadPoolExecutor(1) as threads:
        asked = threads.submit(engine.post, CHAT, ask())
        door.simulation.await_call(lambda call: True)
        engine.close()
        answer = asked.result()
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (503, "shutting_down")
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"
    with pytest.raises(EngineClosed):
        engine.post(CHAT, ask())
    engine.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "pointsman"]


def test_the_child_of_a_fork_has_an_engine_of_its_own(engine: Engine) -> None:
    first = engine.post(CHAT, ask()).header("x-request-id")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            answer = engine.post(CHAT, ask())
            told = [answer.status, answer.header("x-request-id"), engine.usage()["totals"]["total_calls"]]
            os.write(writing, json.dumps(told).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        status, request_id, calls = json.load(pipe)
    assert os.waitpid(child, 0)[1] == 0
    second = engine.post(CHAT, ask()).header("x-request-id")
    assert (status, calls) == (200, 1)
    assert len({first, second, request_id}) == 3
    assert engine.usage()["totals"]["total_calls"] == 2


def test_a_child_holds_no_call_of_its_parent_open(engine: Engine, door: Door) -> None:
    door.simulation.behave(tokens_per_second=5)
    waiting, leaving = os.pipe()
    with engine.stream(CHAT, ask(stream=True)) as stream:
        next(stream)
        child = os.fork()
        if child == 0:
            os.close(leaving)
            os.read(waiting, 1)
            os._exit(0)
    try:
        call = door.simulation.await_call(lambda call: call["ended"] is not None)
        assert call["ended"] == "client_disconnected"
    finally:
        os.close(leaving)
        os.close(waiting)
        os.waitpid(child, 0)


@pytest.fixture
def own_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that has not asked for its engine yet."""
    monkeypatch.setattr(engine_module, "_engine", None)
    yield
    if engine_module._engine is not None:
        engine_module._engine.close()


def test_a_process_has_one_engine(
    own_engine: None, door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(json.dumps(door.document))
    monkeypatch.setenv("POINTSMAN_CONFIG", str(file))
    assert get_engine() is get_engine()
    assert get_engine().post(CHAT, ask()).status == 200
    first = get_engine()
    first.close()
    assert get_engine() is not first


def test_a_beta_of_a_format_reaches_its_own_providers(engine: Engine, door: Door) -> None:
    body = json.dumps({"model": "small", "max_tokens": 64, "messages": QUESTION}).encode()
    answer = engine.post("/v1/messages", body, {"anthropic-beta": "files-api-2025-04-14"})
    assert answer.status == 200
    # This provider speaks another format, so the header stays here.
    assert "anthropic-beta" not in dict(door.simulation.list_calls()[-1]["headers"])
