"""Through a gateway, what a program has counted is what the gateway has: plain answers, streams, unknown costs."""

import asyncio
import json
from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from operator import add

import pytest
from door import QUESTION, Door

from pointsman import (
    LLMConfig,
    LLMRouter,
    ModelManager,
    Pointsman,
    UsageTracker,
    get_embeddings_model,
    get_llm,
    token_tracker,
)
from pointsman.library import engine as engine_module
from pointsman.library.engine import get_engine
from pointsman.library.journey import Journey
from pointsman.library.tracking_switch import VARIABLE
from pointsman.telemetry.metrics import TokenReport
from running import RunningGateway, run_gateway

FIGURES = ("call_count", "prompt_tokens", "completion_tokens", "total_cost", "unknown_cost_calls")
Figures = dict[str, tuple[float, ...]]


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    door = Door(simulator, "simulated-with-figures")
    door.document["models"]["unpriced"] = {"provider": "far", "model_id": "simulated-with-figures"}
    door.document["agents"]["unpriced"] = {"model": "unpriced"}
    with run_gateway(tmp_path_factory.mktemp("figures"), json.dumps(door.document)) as running:
        yield running


@pytest.fixture(autouse=True)
def asked_there(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POINTSMAN_URL", gateway.url)
    monkeypatch.setenv("POINTSMAN_API_KEY", gateway.api_key)
    monkeypatch.setenv("POINTSMAN_ADMIN_KEY", gateway.admin_key)
    monkeypatch.setattr(engine_module, "_engine", None)
    token_tracker.reset()
    yield
    get_engine().close()
    token_tracker.reset()


def read_own() -> Figures:
    return {agent: tuple(each[name] for name in FIGURES) for agent, each in token_tracker.get_summary().items()}  # type: ignore[literal-required]


def read_gateways(report: TokenReport, before: TokenReport) -> Figures:
    figures: Figures = {}
    for agent, each in report["per_agent"].items():
        former = before["per_agent"].get(agent)
        counts = tuple(round(each[name] - (former[name] if former else 0), 9) for name in FIGURES)  # type: ignore[literal-required]
        if any(counts):
            figures[agent] = counts
    return figures


def test_every_way_of_asking_comes_to_the_same_figures() -> None:
    client, before = Pointsman(), get_engine().usage()
    costs = [client.chat(QUESTION, agent="writer").cost_usd]
    costs.append(asyncio.run(client.achat(QUESTION, model="small")).cost_usd)
    with client.stream(QUESTION, agent="writer") as stream:
        assert len(list(stream)) > 1
        costs.append(stream.reply.cost_usd)

    async def read() -> Decimal | None:
        async with client.astream(QUESTION, model="agent:writer") as answer:
            assert [chunk async for chunk in answer]
            return answer.reply.cost_usd

    costs.append(asyncio.run(read()))
    assert all(costs) and costs[2] == costs[0] == costs[3]
    assert len(client.batch(["One.", "Two."], agent="writer")) == 2
    LLMRouter().complete(QUESTION, LLMConfig(model="small"))
    ModelManager().generate("Hi", preferred_model="small")
    message = get_llm("writer").invoke("Hi")
    streamed = reduce(add, get_llm("writer").stream("Hi"))
    assert message.response_metadata["cost_nusd"] == streamed.response_metadata["cost_nusd"] > 0
    assert len(get_embeddings_model(model="small").embed_documents(["a", "b"])) == 2
    own = read_own()
    assert own == read_gateways(get_engine().usage(), before)
    assert (own["writer"][0], own["(none)"][0]) == (7, 4)


def test_what_nobody_knows_stays_unknown() -> None:
    client, before = Pointsman(), get_engine().usage()
    assert client.chat(QUESTION, agent="unpriced").cost_usd is None
    with client.stream(QUESTION, agent="unpriced") as stream:
        assert list(stream) and stream.reply.cost_usd is None
    assert read_own()["unpriced"][3:] == (0, 2)
    assert read_own() == read_gateways(get_engine().usage(), before)


def test_a_usage_tracker_has_the_gateways_sum() -> None:
    tracker, router, before = UsageTracker(1), LLMRouter(), get_engine().usage()
    tracker.track(router.complete(QUESTION, LLMConfig(model="small")), ["user:john"])
    stream = router.stream(QUESTION, LLMConfig(model="small"))
    assert list(stream)
    tracker.track(stream.response, ["user:john"])
    ((calls, _, _, cost, unknown),) = read_gateways(get_engine().usage(), before).values()
    told = tracker.get_stats(tag="user:john")
    assert (told["total_calls"], float(told["total_cost_usd"]), told["unknown_cost_calls"]) == (calls, cost, unknown)


def test_the_switch_leaves_the_gateways_books_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "false")
    before = get_engine().usage()
    assert Pointsman().chat(QUESTION, agent="writer").text and get_llm("writer").invoke("Hi").text
    assert read_own() == {}
    assert read_gateways(get_engine().usage(), before)["writer"][0] == 2


@pytest.mark.parametrize(
    ("end", "cost"),
    [
        (b"data: [DONE]\n\n: x-pointsman-cost-usd 0.000123\n\n", "0.000123"),
        (b"data: [DONE]\n\n: x-pointsman-cost-usd unknown\n\n", ""),
        (b": x-pointsman-cost-usd 9\n\ndata: [DONE]\n\n", ""),
        (b"\n: x-pointsman-cost-usd 9\n\n: x-pointsman-cost-usd unknown\n\n", ""),
        (b"\n: x-pointsman-cost-usd -1\n\n", ""),
        (b"\n: x-pointsman-cost-usd 1e5\n\n", ""),
        (b"data: : x-pointsman-cost-usd 9\n\n", ""),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 1_000])
def test_only_the_very_end_of_a_stream_tells_its_cost(end: bytes, cost: str, piece: int) -> None:
    journey = Journey("http://127.0.0.1:9", lambda: None, is_awaited=False, asks_cost=True)
    for start in range(0, len(end), piece):
        journey.take(end[start : start + piece])
    journey.take_end()
    assert dict(journey.mailbox.headers).get("x-pointsman-cost-usd", "") == cost
