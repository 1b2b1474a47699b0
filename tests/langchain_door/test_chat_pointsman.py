"""`ChatPointsman` through an engine: what is asked reaches the relay, and what the relay knows comes back."""

import asyncio
from typing import Any

import openai
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessageChunk
from langchain_core.outputs import LLMResult
from langchain_world import KEYS, QUESTION, World

from pointsman.core.routing.outcome import Outcome
from pointsman.langchain import ChatPointsman
from pointsman.library.engine import Engine
from pointsman.library.errors import EngineClosed, GatewayUnreachable, MissingCredential
from pointsman.library.gateway_engine import GatewayEngine
from pointsman.library.token_tracker import token_tracker


def listen(engine: Engine) -> list[Outcome]:
    outcomes: list[Outcome] = []
    engine.add_listener(outcomes.append)
    return outcomes


def add_up(chunks: list[Any]) -> AIMessageChunk:
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert isinstance(whole, AIMessageChunk)
    return whole


def check_metadata(metadata: dict[str, Any], outcome: Outcome) -> None:
    assert metadata["model"] == "near-model" and metadata["decision"] == "agent" and metadata["provider"] == "near"
    assert metadata["request_id"] == outcome.request_id
    assert outcome.cost_nusd and metadata["cost_nusd"] == outcome.cost_nusd
    assert metadata["cost_usd"] == outcome.cost_nusd / 10**9
    assert "headers" not in metadata


def test_a_plain_answer_tells_cost_model_decision_and_request(engine: Engine) -> None:
    outcomes = listen(engine)
    message = ChatPointsman(agent="writer", engine=engine).invoke(QUESTION)
    assert message.text
    assert message.usage_metadata is not None and message.usage_metadata["output_tokens"] > 0
    check_metadata(message.response_metadata, outcomes[0])
    assert message.response_metadata["changes"] == ["temperature=0.25", "max_tokens=200"]


def test_a_stream_tells_the_same_at_its_end(engine: Engine) -> None:
    outcomes = listen(engine)
    chunks = list(ChatPointsman(agent="writer", engine=engine).stream(QUESTION))
    whole = add_up(chunks)
    assert len([chunk for chunk in chunks if chunk.text]) > 2
    assert whole.usage_metadata is not None and whole.usage_metadata["output_tokens"] == outcomes[0].usage.output_tokens  # type: ignore[union-attr]
    check_metadata(whole.response_metadata, outcomes[0])
    assert outcomes[0].failure == "" and outcomes[0].stream


def test_with_await(engine: Engine) -> None:
    outcomes = listen(engine)

    async def use() -> None:
        llm = ChatPointsman(agent="writer", engine=engine)
        check_metadata((await llm.ainvoke(QUESTION)).response_metadata, outcomes[0])
        check_metadata(add_up([chunk async for chunk in llm.astream(QUESTION)]).response_metadata, outcomes[1])
        assert [message.text != "" for message in await llm.abatch([QUESTION] * 3)] == [True] * 3

    asyncio.run(use())
    assert [outcome.failure for outcome in outcomes] == [""] * 5


def test_many_streams_end_well_and_are_counted(engine: Engine) -> None:
    outcomes = listen(engine)
    llm = ChatPointsman(agent="writer", engine=engine)
    metadata = [add_up(list(llm.stream(QUESTION))).response_metadata for _ in range(30)]
    assert all(each["cost_nusd"] for each in metadata)
    assert [outcome.failure for outcome in outcomes] == [""] * 30
    assert engine.usage()["per_agent"]["writer"]["call_count"] == 30
    assert token_tracker.get_summary()["writer"]["call_count"] == 30


def test_a_batch_answers_in_order(engine: Engine) -> None:
    answers = ChatPointsman(agent="writer", engine=engine).batch(
        [QUESTION, "Say hello."], config={"max_concurrency": 2}
    )
    assert len({answer.response_metadata["request_id"] for answer in answers}) == 2


def test_what_is_said_beside_the_request_reaches_the_relay(engine: Engine, world: World) -> None:
    outcomes = listen(engine)
    llm = ChatPointsman(agent="writer", user="ada", tags=["nightly"], privacy="high", engine=engine)
    llm.invoke(QUESTION)
    llm.invoke(QUESTION, user="grace", privacy="low")
    llm.bind(task={"type": "essay"}, max_cost_usd="1").invoke(QUESTION)
    assert [outcome.user for outcome in outcomes] == ["ada", "grace", "ada"]
    assert [outcome.label for outcome in outcomes] == ["high"] * 3
    assert "nightly" in outcomes[0].tags
    assert "ada" not in world.simulation.list_calls()[0]["body"]


def test_a_model_and_an_agent_beside_it(engine: Engine) -> None:
    outcomes = listen(engine)
    ChatPointsman(model="openai-model", agent="writer", engine=engine).with_fallbacks(
        [ChatPointsman(model="gradient-model", engine=engine), ChatPointsman(model="near-model", engine=engine)]
    ).invoke(QUESTION)
    assert [(outcome.model, outcome.agent) for outcome in outcomes][-1] == ("near-model", "")
    message = ChatPointsman(model="near-model", agent="writer", engine=engine).invoke(QUESTION)
    assert message.response_metadata["decision"] == "forced" and outcomes[-1].agent == "writer"
    assert ChatPointsman(agent="writer", engine=engine).invoke(QUESTION, agent="feature-dev").text
    assert outcomes[-1].agent == "feature-dev"


def test_parameters_and_stop_words_are_sent(engine: Engine, world: World) -> None:
    llm = ChatPointsman(agent="writer", temperature=0.9, max_tokens=17, top_p=0.5, seed=3, engine=engine)
    llm.invoke(QUESTION, stop=["train"])
    body = world.simulation.list_calls()[-1]["body"]
    for member in ('"temperature":0.9', ":17", '"top_p":0.5', '"seed":3', '"stop":["train"]'):
        assert member in body
    assert "x-pointsman" not in body and "receipt" not in body
    sent = {name for name, _ in world.simulation.list_calls()[-1]["headers"]}
    assert "authorization" not in sent and not [name for name in sent if name.startswith("x-pointsman")]


def test_a_missing_key_is_named(engine: Engine) -> None:
    llm = ChatPointsman(agent="keyless", engine=engine, max_retries=0)
    for ask in (llm.invoke, lambda text: list(llm.stream(text))):
        with pytest.raises(MissingCredential, match="set OPENAI_API_KEY") as raised:
            ask(QUESTION)
        assert raised.value.variables == ("OPENAI_API_KEY",) and raised.value.request_id.startswith("req_")

    async def use() -> None:
        with pytest.raises(MissingCredential):
            await llm.ainvoke(QUESTION)
        with pytest.raises(MissingCredential):
            await anext(llm.astream(QUESTION))

    asyncio.run(use())


def test_other_errors_are_those_of_the_sdk(engine: Engine, world: World) -> None:
    with pytest.raises(openai.NotFoundError, match="writre"):
        ChatPointsman(agent="writre", engine=engine).invoke(QUESTION)
    with pytest.raises(openai.BadRequestError, match="temperature"):
        ChatPointsman(agent="writer", engine=engine).invoke(QUESTION, temperature="hot")
    world.simulation.behave(fault="status_429")
    with pytest.raises(openai.RateLimitError):
        ChatPointsman(agent="writer", engine=engine, max_retries=0).invoke(QUESTION)


def test_nobody_to_answer(world: World) -> None:
    engine = Engine(world.document)
    llm = ChatPointsman(agent="writer", engine=engine, max_retries=0)
    engine.close()
    with pytest.raises(EngineClosed, match="make another one"):
        llm.invoke(QUESTION)
    gateway = GatewayEngine("http://127.0.0.1:9")
    with pytest.raises(GatewayUnreachable, match="see that it runs"):
        ChatPointsman(agent="writer", engine=gateway, max_retries=0).invoke(QUESTION)
    gateway.close()


def test_cancelling_reaches_the_provider(engine: Engine, world: World) -> None:
    async def use() -> None:
        world.simulation.behave(latency_ms=60_000)
        asked = asyncio.create_task(ChatPointsman(agent="writer", engine=engine).ainvoke(QUESTION))
        await asyncio.to_thread(world.simulation.await_call, lambda call: call["ended"] is None)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    asyncio.run(use())
    assert world.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


def test_a_stream_that_is_left_ends_upstream(engine: Engine, world: World) -> None:
    world.simulation.behave(tokens_per_second=2)
    stream = ChatPointsman(agent="writer", engine=engine).stream(QUESTION)
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert world.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


class Witness(BaseCallbackHandler):
    def __init__(self) -> None:
        self.tokens: list[str] = []
        self.results: list[LLMResult] = []
        self.asked: list[dict[str, Any]] = []

    def on_chat_model_start(self, serialized: Any, messages: Any, **kwargs: Any) -> None:
        self.asked.append({"serialized": serialized, **kwargs})

    def on_llm_new_token(self, token: str, **kwargs: Any) -> None:
        self.tokens.append(token)

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        self.results.append(response)


def test_callbacks_are_told(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["OPENAI_API_KEY"])
    witness = Witness()
    llm = ChatPointsman(agent="writer", engine=engine, callbacks=[witness], tags=["nightly"])
    text = llm.invoke(QUESTION).text
    assert "".join(chunk.text for chunk in llm.stream(QUESTION)) == text == "".join(witness.tokens)
    for result in witness.results:
        assert result.generations[0][0].generation_info["cost_nusd"]  # type: ignore[index]
    asked = witness.asked[0]
    assert asked["metadata"]["ls_provider"] == "pointsman" and asked["metadata"]["ls_model_name"] == "agent:writer"
    assert asked["tags"] == ["nightly"]
    assert "sk-test" not in repr(witness.asked) + repr(llm)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "say who or what shall answer"),
        ({"agent": "writer", "api_key": "sk-other"}, "POINTSMAN_API_KEY"),
        ({"agent": "writer", "base_url": "http://elsewhere"}, "stand in the configuration"),
        ({"agent": "writer", "privacy": "secret"}, "'low', 'medium' or 'high'"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ChatPointsman(**fields)


def test_parameters_are_not_changed_for_what_a_model_is_called(engine: Engine) -> None:
    assert ChatPointsman(model="gpt-5-mine", temperature=0.3, engine=engine).temperature == 0.3
    assert ChatPointsman(model="o1-mine", engine=engine).temperature is None
    assert ChatPointsman(model="gpt-5-pro", engine=engine).profile in (None, {})
