"""Providers called `litellm/NAME`: answers, streams and failures, through the real library at the real simulator."""

import asyncio
import json

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deadlines
from pointsman.core.dialects.openai_chat.dialect import OPENAI_CHAT
from pointsman.upstream.long_tail.carrier import LongTail
from simulator.running_simulator import Simulation
from upstream.scripted_provider import until
from upstream.tail_calls import KEYS, NAMES, PATH, QUIET, ask, body, call, fail_to_ask, place, read_stream

pytestmark = QUIET

TOOL = {
    "type": "function",
    "function": {
        "name": "find_weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


@pytest.mark.parametrize("name", NAMES)
def test_a_plain_answer_comes_as_the_provider_gave_it(tail: LongTail, simulation: Simulation, name: str) -> None:
    answer, data = ask(tail, place(simulation, name), temperature=0.5, max_tokens=7)
    (made,) = simulation.list_calls()
    told = json.loads(data)
    assert answer.status == 200
    assert answer.header(b"content-type") == b"application/json"
    assert answer.header(b"x-request-id").decode() == made["id"]
    assert told["choices"][0]["message"]["content"]
    assert told["choices"][0]["finish_reason"] == "length"
    assert told["usage"]["prompt_tokens"] == made["prompt_tokens"]
    assert told["usage"]["completion_tokens"] == made["completion_tokens"] == 7
    sent = json.loads(made["body"])
    assert (sent["model"], sent["temperature"], sent["max_tokens"]) == (simulation.model, 0.5, 7)
    provider = OPENAI_CHAT.provider
    assert provider is not None
    assert provider.read_response(data).usage is not None


@pytest.mark.parametrize("name", NAMES)
def test_a_stream_stays_a_stream_and_ends_with_its_own_usage(tail: LongTail, simulation: Simulation, name: str) -> None:
    answer, data = ask(tail, place(simulation, name), stream=True, stream_options={"include_usage": True})
    (made,) = simulation.list_calls()
    events = read_stream(data)
    assert answer.header(b"content-type").startswith(b"text/event-stream")
    assert len(events) > 3
    assert "".join(choice["delta"].get("content", "") for event in events for choice in event["choices"])
    assert [choice["finish_reason"] for event in events for choice in event["choices"]][-1] == "stop"
    assert events[-1]["choices"] == []
    assert events[-1]["usage"]["completion_tokens"] == made["completion_tokens"]


def test_usage_that_litellm_counted_by_itself_is_left_out(tail: LongTail, simulation: Simulation) -> None:
    simulation.behave(fault="no_usage")
    _, plain = ask(tail, place(simulation))
    _, streamed = ask(tail, place(simulation), stream=True, stream_options={"include_usage": True})
    assert "usage" not in json.loads(plain)
    assert not any("usage" in event for event in read_stream(streamed))


@pytest.mark.parametrize("name", NAMES)
def test_tools_are_called_in_both_forms(tail: LongTail, simulation: Simulation, name: str) -> None:
    fields = {"tools": [TOOL], "tool_choice": "required"}
    _, plain = ask(tail, place(simulation, name), **fields)
    message = json.loads(plain)["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"][0]["function"]["name"] == "find_weather"
    assert "city" in json.loads(message["tool_calls"][0]["function"]["arguments"])
    _, streamed = ask(tail, place(simulation, name), stream=True, **fields)
    pieces = [
        piece
        for event in read_stream(streamed)
        for choice in event["choices"]
        for piece in choice["delta"].get("tool_calls", ())
    ]
    assert pieces[0]["function"]["name"] == "find_weather"
    assert "city" in json.loads("".join(piece["function"].get("arguments", "") for piece in pieces))


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        ("status_400", 400, FailureKind.INVALID_REQUEST),
        ("status_401", 401, FailureKind.AUTHENTICATION),
        ("status_404", 404, FailureKind.MODEL_MISSING),
        ("status_429", 429, FailureKind.RATE_LIMITED),
        ("status_500", 500, FailureKind.SERVER_ERROR),
        ("status_502_html", 502, FailureKind.SERVER_ERROR),
        ("status_503", 503, FailureKind.OVERLOADED),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_refusal_keeps_its_status_and_its_words(
    tail: LongTail, simulation: Simulation, name: str, fault: str, status: int, kind: FailureKind, stream: bool
) -> None:
    simulation.behave(fault=fault)
    answer, data = ask(tail, place(simulation, name), stream=stream)
    (made,) = simulation.list_calls()
    provider = OPENAI_CHAT.provider
    assert provider is not None
    found, shown = provider.classify_status(answer.status, data)
    assert (answer.status, found) == (status, kind)
    assert shown is not None
    assert "litellm" not in shown.message.lower()
    assert "Exception" not in shown.message
    assert answer.header(b"x-request-id").decode() == made["id"]
    assert answer.header(b"retry-after") == (b"7" if status == 429 else b"")
    if status == 400:
        assert shown.message == "Invalid value for 'messages'."


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("refuse_before_headers", FailureKind.INTERRUPTED),
        ("garbage_bytes", FailureKind.INTERRUPTED),
        ("cut_after_tokens", FailureKind.INTERRUPTED),
        ("error_event_before_content", FailureKind.INTERRUPTED),
        ("error_event_after_content", FailureKind.INTERRUPTED),
    ],
)
@pytest.mark.parametrize("name", NAMES)
def test_a_broken_stream_is_never_taken_for_a_whole_answer(
    tail: LongTail, simulation: Simulation, name: str, fault: str, kind: FailureKind
) -> None:
    simulation.behave(fault=fault)
    failure = fail_to_ask(tail, place(simulation, name), stream=True)
    assert (failure.kind, failure.sent) == (kind, True)


@pytest.mark.parametrize(
    ("fault", "deadlines", "stream", "kind"),
    [
        ("never_answer", {"connect_ms": 100, "first_byte_ms": 200}, False, FailureKind.FIRST_BYTE_TIMEOUT),
        ("stall_after_tokens", {"idle_ms": 200}, True, FailureKind.STALLED),
        ("never_answer", {"total_ms": 300}, False, FailureKind.DEADLINE),
        ("stall_after_tokens", {"stream_total_ms": 300}, True, FailureKind.DEADLINE),
    ],
)
def test_our_deadlines_hold_and_the_provider_hears_of_it(
    tail: LongTail, simulation: Simulation, fault: str, deadlines: dict[str, int], stream: bool, kind: FailureKind
) -> None:
    ask(tail, place(simulation))  # imports the library, which no deadline of this test is meant for
    simulation.behave(fault=fault)
    failure = fail_to_ask(tail, place(simulation, deadlines=Deadlines(**deadlines)), stream=stream)
    assert (failure.kind, failure.sent) == (kind, True)
    assert simulation.await_call(lambda made: made["ended"] is not None)["ended"] != "completed"


@pytest.mark.parametrize("name", NAMES)
def test_cancelling_a_call_ends_it_at_the_provider(tail: LongTail, simulation: Simulation, name: str) -> None:
    ask(tail, place(simulation, name))
    simulation.behave(latency_ms=600_000)

    async def run() -> None:
        begun: list[int] = []
        work = asyncio.create_task(
            tail.carry(place(simulation, name), PATH, body(), stream=False, note_sending=lambda: begun.append(1))
        )
        await until(lambda: len(simulation.list_calls()) == 2)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        assert begun

    asyncio.run(run())
    assert simulation.await_call(lambda made: made["ended"] is not None)["ended"] == "client_disconnected"


@pytest.mark.parametrize("is_reading", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_letting_go_of_a_stream_ends_it_at_the_provider(
    tail: LongTail, simulation: Simulation, name: str, is_reading: bool
) -> None:
    simulation.behave(fault="stall_after_tokens", after_tokens=2)

    async def run() -> None:
        answer = await call(tail, place(simulation, name), stream=True)
        assert (await answer.read()).startswith(b"data: {")
        if is_reading:
            reading = asyncio.create_task(answer.read_all())
            await asyncio.sleep(0)
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
        answer.close()
        answer.close()
        with pytest.raises(UpstreamFailure):
            await answer.read()

    asyncio.run(run())
    assert simulation.await_call(lambda made: made["ended"] is not None)["ended"] == "client_disconnected"


def test_a_reader_that_waits_makes_the_provider_wait(tail: LongTail, simulation: Simulation) -> None:
    simulation.behave(reply="word " * 19_000)

    async def run() -> None:
        answer = await call(tail, place(simulation), stream=True)
        await answer.read()
        handed: list[bytes] = []
        assert not await answer.pump(lambda data: handed.append(data) or len(handed) < 3)  # type: ignore[func-returns-value]
        assert len(handed) == 3
        # Nothing reads: the simulator's bytes fill the socket, and no answer of 95 kB has gone out whole.
        made = simulation.list_calls()[0]
        assert made["ended"] is None
        answer.close()

    asyncio.run(run())


def test_a_second_one_works_after_the_first_has_gone(simulation: Simulation) -> None:
    for _ in range(2):
        carrier = LongTail(KEYS)
        assert ask(carrier, place(simulation))[0].status == 200
        assert ask(carrier, place(simulation, "hosted_vllm"))[0].status == 200
        asyncio.run(carrier.close())
        assert fail_to_ask(carrier, place(simulation)).kind is FailureKind.INTERRUPTED


def test_closing_interrupts_what_is_under_way(simulation: Simulation) -> None:
    simulation.behave(fault="stall_after_tokens")
    carrier = LongTail(KEYS)

    async def run() -> None:
        answer = await call(carrier, place(simulation), stream=True)
        reading = asyncio.create_task(answer.read_all())
        await until(lambda: simulation.list_calls()[0]["completion_tokens"] > 0)
        await carrier.close()
        with pytest.raises(UpstreamFailure) as caught:
            await reading
        assert caught.value.kind is FailureKind.INTERRUPTED

    asyncio.run(run())
    assert simulation.await_call(lambda made: made["ended"] is not None)["ended"] == "client_disconnected"
