"""`Pointsman` for programs: replies, streams, embeddings, batches and errors, with and without `await`."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import pytest
from door import QUESTION, Door

import pointsman
from pointsman import (
    ChatReply,
    MissingCredential,
    Pointsman,
    PointsmanError,
    ProviderFailed,
    RequestRefused,
    RequestTimedOut,
)
from pointsman.core.routing.outcome import Outcome
from pointsman.library.client import Request

TOOL = {
    "type": "function",
    "function": {
        "name": "find_train",
        "parameters": {
            "type": "object",
            "properties": {"to": {"type": "string"}},
            "required": ["to"],
            "additionalProperties": False,
        },
    },
}


@pytest.fixture
def client(door: Door) -> Iterator[Pointsman]:
    with Pointsman(door.document) as client:
        yield client


def check_reply(reply: ChatReply) -> None:
    assert reply.text and str(reply) == reply.text == reply.message["content"]
    assert (reply.model, reply.decision, reply.finish_reason) == ("small", "agent", "stop")
    assert reply.upstream_model.startswith("simulated-")
    assert reply.input_tokens and reply.output_tokens and reply.total_tokens
    assert reply.cost_usd == Decimal(reply.input_tokens + 2 * reply.output_tokens) / 1_000_000
    assert reply.latency_ms > 0 and reply.request_id.startswith("req_")
    assert reply.raw["choices"][0]["message"] == reply.message


def test_a_chat_tells_what_it_cost_and_why(client: Pointsman) -> None:
    check_reply(client.chat("Say a word about trains.", agent="writer"))
    check_reply(client.chat(QUESTION, model="agent:writer"))
    check_reply(asyncio.run(client.achat(QUESTION, agent="writer", temperature=0.2, max_tokens=900)))


def test_words_about_a_request_travel_with_it(client: Pointsman) -> None:
    told: list[Outcome] = []
    client.engine.add_listener(told.append)
    client.chat("Hi", agent="writer", user="Zoë", tags=["a", "b"], task={"type": "review"}, timeout_s=20)
    client.chat("Hi", model="small", agent="writer", max_cost_usd=Decimal("0.50"), request_id="mine-7")
    assert (told[0].user, told[0].tags) == ("Zoë", ("a", "b", "prose"))
    assert (told[1].agent, told[1].model, told[1].decided_by) == ("writer", "small", "forced")


def test_tools_and_their_calls(client: Pointsman) -> None:
    reply = client.chat("Find a train to Lyon.", agent="writer", tools=[TOOL], tool_choice="required")
    assert reply.finish_reason == "tool_calls" and reply.text == ""
    assert reply.tool_calls[0]["function"]["name"] == "find_train"
    with client.stream("Find a train to Lyon.", agent="writer", tools=[TOOL], tool_choice="required") as stream:
        assert [chunk.finish_reason for chunk in stream][-1] == "tool_calls"
    assert stream.reply.tool_calls[0]["function"]["name"] == "find_train"
    assert stream.reply.message["tool_calls"][0]["id"]


def test_a_stream_gives_text_as_it_comes_and_the_reply_at_its_end(client: Pointsman) -> None:
    with client.stream(QUESTION, agent="writer") as stream:
        with pytest.raises(PointsmanError, match="not ended"):
            _ = stream.reply
        texts = [chunk.text for chunk in stream if chunk.text]
    assert len(texts) > 2
    check_reply(stream.reply)
    assert "".join(texts) == stream.reply.text


def test_an_async_stream_does_the_same(client: Pointsman) -> None:
    async def read() -> tuple[str, ChatReply]:
        stream = client.astream(QUESTION, agent="writer")
        text = "".join([chunk.text async for chunk in stream])
        return text, stream.reply

    text, reply = asyncio.run(read())
    check_reply(reply)
    assert text == reply.text


def test_leaving_a_stream_early_ends_the_call_upstream(client: Pointsman, door: Door) -> None:
    door.simulation.behave(tokens_per_second=5)

    async def read_one() -> None:
        async with client.astream(QUESTION, agent="writer") as stream:
            await anext(stream)

    asyncio.run(read_one())
    assert door.simulation.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"


@pytest.mark.parametrize("fault", ["cut_after_tokens", "error_event_after_content"])
def test_a_stream_that_was_cut_raises_and_has_no_reply(client: Pointsman, door: Door, fault: str) -> None:
    door.simulation.behave(fault=fault, after_tokens=4)
    stream = client.stream(QUESTION, agent="writer")
    with pytest.raises(ProviderFailed) as raised:
        list(stream)
    assert raised.value.code.startswith("upstream_") and raised.value.request_id
    with pytest.raises(PointsmanError):
        _ = stream.reply


def test_refusals_say_what_is_wrong(client: Pointsman) -> None:
    with pytest.raises(RequestRefused) as raised:
        client.chat("Hi", model="smal")
    assert (raised.value.status, raised.value.code, raised.value.param) == (404, "model_not_found", "model")
    with pytest.raises(RequestRefused) as raised:
        client.chat("Hi", agent="open", privacy="high")
    assert (raised.value.status, raised.value.code) == (503, "privacy_unavailable")
    with pytest.raises(RequestRefused) as raised:
        client.stream([{"role": "poet", "content": "Hi"}], agent="writer")
    assert raised.value.status == 400 and raised.value.param == "messages[0].role"


def test_a_missing_key_says_which(client: Pointsman) -> None:
    with pytest.raises(MissingCredential, match='set OPENAI_API_KEY for the provider "openai"') as raised:
        client.chat("Hi", model="keyless")
    assert (raised.value.provider, raised.value.variables) == ("openai", ("OPENAI_API_KEY",))
    with pytest.raises(MissingCredential, match="OPENAI_API_KEY"):
        client.stream("Hi", model="keyless")


@pytest.mark.parametrize(("fault", "status"), [("status_500", 502), ("status_429", 429), ("status_401", 502)])
def test_a_provider_that_fails_is_told_from_a_request_that_is_wrong(
    client: Pointsman, door: Door, fault: str, status: int
) -> None:
    door.simulation.behave(fault=fault)
    with pytest.raises(ProviderFailed) as raised:
        client.chat("Hi", agent="writer")
    assert raised.value.status == status and raised.value.request_id


def test_time_that_is_over(client: Pointsman, door: Door) -> None:
    door.simulation.behave(latency_ms=60_000)
    with pytest.raises(RequestTimedOut):
        client.chat("Hi", agent="writer", timeout_s=0.2)
    with pytest.raises(TimeoutError):
        asyncio.run(client.achat("Hi", agent="writer", timeout_s=0.2))
    with pytest.raises(RequestTimedOut):
        client.stream("Hi", agent="writer", timeout_s=0.2)


def test_unknown_options_are_refused_with_a_guess(client: Pointsman) -> None:
    with pytest.raises(TypeError, match="did you mean temperature"):
        client.chat("Hi", agent="writer", temprature=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="extra_body"):
        client.chat("Hi", agent="writer", quantum=True)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="say who or what"):
        client.chat("Hi")
    with pytest.raises(TypeError, match="did you mean dimensions"):
        client.embed("Hi", model="small", dimension=3)
    with pytest.raises(TypeError, match="leave url out"):
        Pointsman({}, url="http://127.0.0.1:4100")


def test_a_batch_answers_in_order_and_one_failure_is_its_own(client: Pointsman) -> None:
    requests: list[Request] = [
        "One.",
        {"messages": "Two.", "model": "nobody"},
        QUESTION,
        {"messages": "Four.", "agent": "open"},
    ]
    replies = client.batch(requests, model="agent:writer", most_at_once=2)
    kinds = [type(reply) for reply in replies]
    assert kinds == [ChatReply, RequestRefused, ChatReply, ChatReply]
    assert [reply.model for reply in replies if isinstance(reply, ChatReply)] == ["small", "small", "far"]
    again = asyncio.run(client.abatch(requests, model="agent:writer"))
    assert [type(reply) for reply in again] == kinds
    assert client.batch([]) == [] == asyncio.run(client.abatch([]))
    with pytest.raises(TypeError):
        client.batch(["One.", {"model": "small"}], agent="writer")


def test_texts_become_vectors(client: Pointsman) -> None:
    reply = client.embed(["One.", "Two."], model="small", dimensions=8)
    assert [len(vector) for vector in reply.vectors] == [8, 8]
    assert reply.vectors[0] != reply.vectors[1] and reply.model == "small" and reply.input_tokens
    assert asyncio.run(client.aembed("One.", model="agent:writer", dimensions=8)).vectors[0] == reply.vectors[0]


def test_names_are_at_the_top_of_the_package() -> None:
    for name in ("Pointsman", "ChatReply", "ChatChunk", "EmbeddingReply", "GatewayUnreachable", "EngineClosed"):
        assert getattr(pointsman, name).__name__ == name
