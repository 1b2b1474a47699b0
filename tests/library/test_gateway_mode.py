"""The same interface over a gateway that really runs: answers, streams, cancelling, and what goes wrong on the way."""

import asyncio
import json
import socket
from collections.abc import Iterator
from decimal import Decimal

import pytest
from door import CHAT, QUESTION, Door, ask

from pointsman import (
    GatewayUnreachable,
    LLMConfig,
    LLMRouter,
    MissingCredential,
    ModelManager,
    Pointsman,
    PointsmanError,
    RequestRefused,
)
from pointsman.library import engine as engine_module
from pointsman.library.engine import get_engine
from pointsman.library.errors import EngineClosed, RequestTimedOut
from pointsman.library.gateway_engine import GatewayEngine
from running import RunningGateway, run_gateway


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    document = Door(simulator, "simulated-behind-a-gateway").document
    with run_gateway(tmp_path_factory.mktemp("gateway"), json.dumps(document)) as running:
        yield running


@pytest.fixture
def behind(simulator: str) -> Iterator[Door]:
    door = Door(simulator, "simulated-behind-a-gateway")
    yield door
    door.simulation.control("DELETE", "/simulator/behaviour")


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[Pointsman]:
    with Pointsman(url=gateway.url, api_key=gateway.api_key) as client:
        yield client


def test_a_program_asks_a_gateway_as_it_asks_its_own_engine(client: Pointsman) -> None:
    reply = client.chat("Say a word.", agent="writer", user="Zoë")
    assert reply.text and (reply.model, reply.decision) == ("small", "agent")
    assert reply.cost_usd is not None and reply.input_tokens and reply.request_id
    assert asyncio.run(client.achat("Say a word.", agent="writer")).text
    with client.stream("Say a word.", agent="writer") as stream:
        assert "".join(chunk.text for chunk in stream) == stream.reply.text

    async def read() -> str:
        return "".join([chunk.text async for chunk in client.astream("Say a word.", agent="writer")])

    assert asyncio.run(read())
    replies = client.batch(["One.", "Two.", {"messages": "Three.", "model": "nobody"}], model="agent:writer")
    assert isinstance(replies[2], RequestRefused)


def test_errors_are_the_same(client: Pointsman) -> None:
    with pytest.raises(RequestRefused) as raised:
        client.chat("Hi", model="nobody")
    assert (raised.value.status, raised.value.code) == (404, "model_not_found")
    with pytest.raises(MissingCredential, match="has no key") as missing:
        client.chat("Hi", model="keyless")
    assert missing.value.variables == ()


def test_a_wrong_key_is_refused(gateway: RunningGateway) -> None:
    with Pointsman(url=gateway.url, api_key="pm_wrong") as client, pytest.raises(RequestRefused) as raised:
        client.chat("Hi", agent="writer")
    assert (raised.value.status, raised.value.code) == (401, "invalid_api_key")
    assert "pm_wrong" not in repr(client.engine)


def test_cancelling_and_leaving_end_calls_upstream(client: Pointsman, behind: Door) -> None:
    behind.simulation.behave(latency_ms=60_000)
    begun = len(behind.simulation.list_calls())

    async def ask_and_leave() -> None:
        asking = asyncio.create_task(client.achat(QUESTION, agent="writer"))
        await asyncio.to_thread(behind.simulation.await_call, lambda call: len(behind.simulation.list_calls()) > begun)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(ask_and_leave())
    assert behind.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"
    with pytest.raises(RequestTimedOut):
        client.chat(QUESTION, agent="writer", timeout_s=0.2)
    behind.simulation.behave(tokens_per_second=5)
    with client.stream(QUESTION, agent="writer") as stream:
        next(stream)
    assert behind.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_the_engine_of_a_process_is_the_gateway_that_a_variable_names(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "_engine", None)
    monkeypatch.setenv("POINTSMAN_URL", gateway.url)
    monkeypatch.setenv("POINTSMAN_API_KEY", gateway.api_key)
    engine = get_engine()
    assert isinstance(engine, GatewayEngine)
    assert engine.post(CHAT, ask()).status == 200
    assert engine.usage()["per_agent"]["writer"]["call_count"] >= 1
    assert engine.revision == engine.post(CHAT, ask()).header("x-pointsman-revision")
    for ask_for in (lambda: engine.snapshot, engine.reload, lambda: engine.add_listener(print)):
        with pytest.raises(PointsmanError, match="gateway"):
            ask_for()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.post(CHAT, ask())


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        client = Pointsman(url=f"http://127.0.0.1:{port}")
        with client, pytest.raises(GatewayUnreachable, match="cannot be reached"):
            client.chat("Hi", agent="writer")
    for url in ("ftp://example.com", "127.0.0.1:4100", "http://user:word@example.com"):
        with pytest.raises(ValueError, match="like http://127"):
            GatewayEngine(url)


def test_a_gateway_that_breaks_off_is_not_taken_for_the_end() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        engine = GatewayEngine(f"http://127.0.0.1:{server.getsockname()[1]}")
        stream = engine.stream(CHAT, ask(stream=True))
        connection, _ = server.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\ndata:\r\n")
        with pytest.raises(GatewayUnreachable, match="broke off"):
            stream.open().read()
        engine.close()


def test_routers_and_managers_ask_the_gateway_that_the_environment_names(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POINTSMAN_URL", gateway.url)
    monkeypatch.setenv("POINTSMAN_API_KEY", gateway.api_key)
    monkeypatch.setattr(engine_module, "_engine", None)
    response = LLMRouter().complete(QUESTION, LLMConfig(provider="near", model="small", temperature=0.7))
    usage = response.usage
    assert response.content and response.metadata["model"] == "small"
    assert usage.total_cost_usd == Decimal(usage.input_tokens + 2 * usage.output_tokens) / 1_000_000
    assert usage.input_cost_usd.is_nan() and response.provider == ""
    answer = ModelManager().generate("Hi", preferred_model="keyless", fallback_models=["small"], tags=["mine"])
    assert (answer.metadata["model"], answer.quality) == ("small", None)
    with pytest.raises(RequestRefused) as raised:
        ModelManager().generate("Hi", preferred_model="small", max_cost_per_request="0.000000001")
    assert raised.value.code == "max_cost_exceeded"


def test_a_call_that_cannot_be_written_takes_no_place(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.library.gateway_engine.MOST_AT_ONCE", 1)
    with GatewayEngine(gateway.url, gateway.api_key) as engine:
        for path, headers in ((CHAT, 7), (None, {})):
            with pytest.raises(TypeError):
                engine.post(path, ask(), headers)  # type: ignore[arg-type]
        assert engine.post(CHAT, ask()).status == 200
