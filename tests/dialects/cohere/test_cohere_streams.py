"""Streams that go wrong or come in an unusual form are read and passed on as well as can be."""

import json

import pytest

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
)
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.cohere.decode_response import decode_response
from pointsman.core.dialects.cohere.read_answer import read_answer
from pointsman.core.dialects.cohere.read_events import EventReader
from pointsman.core.dialects.cohere.read_response import read_response
from pointsman.core.dialects.cohere.stream import StreamReader
from pointsman.core.dialects.cohere.write_events import EventWriter
from pointsman.core.dialects.dialect import Asking

ASKING = Asking(ChatRequest("m", True, True, b"{}", {}, dialect="cohere"), "req-1", 0)


def event(kind: str, **members: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps({"type": kind, **members}).encode())


def text(words: str) -> bytes:
    return event("content-delta", index=0, delta={"message": {"content": {"text": words}}})


def end(**delta: object) -> bytes:
    return event("message-end", delta=delta)


START = event("message-start", id="a1", delta={"message": {"role": "assistant"}})
USAGE = {"tokens": {"input_tokens": 5.0, "output_tokens": 2}, "cached_tokens": 9}


def read(stream: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*reader.feed(stream), *reader.finish()]


def passed(stream: bytes) -> tuple[bytes, StreamReader]:
    reader = StreamReader(True)
    return reader.feed(stream) + reader.finish(), reader


def test_usage_is_read_within_bounds() -> None:
    _, reader = passed(START + text("hi") + end(finish_reason="COMPLETE", usage=USAGE))
    assert (reader.done, reader.usage, reader.content_bytes) == (True, Usage(5, 2, 5), 2)
    lies = {"tokens": {"input_tokens": -1, "output_tokens": 2}, "billed_units": {"input_tokens": 4}}
    assert passed(START + end(finish_reason="COMPLETE", usage=lies))[1].usage == Usage(4, 0)


def test_nothing_goes_on_before_content() -> None:
    reader = StreamReader(True)
    opening = event("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
    assert reader.feed(START + opening) == b""
    assert reader.feed(text("x")) == START + opening + text("x")


FAILURES = {
    "error event": event("error", message="overloaded"),
    "bare error": b'data: {"message":"internal server error"}\n\n',
    "error": end(finish_reason="ERROR", error="it broke"),
    "timeout": end(finish_reason="TIMEOUT"),
}


@pytest.mark.parametrize("content", [b"", text("x")], ids=["before content", "after content"])
@pytest.mark.parametrize("stream", FAILURES.values(), ids=FAILURES.keys())
def test_errors_within_a_stream(stream: bytes, content: bytes) -> None:
    last = read(START + content + stream)[-1]
    assert isinstance(last, Failed) and last.failure.kind is FailureKind.SERVER_ERROR
    out, reader = passed(START + content + stream)
    assert reader.failure is not None and reader.failure.kind is FailureKind.SERVER_ERROR
    assert out == (START + content if content else b"")


def test_a_cut_stream_is_not_whole() -> None:
    assert assemble_answer(read(START + text("half"))) is None
    assert passed(START + text("half"))[1].failure is not None


def test_done_without_an_end_of_the_message() -> None:
    assert read(START + text("x") + b"data: [DONE]\n\n")[-1] == Ended()
    assert passed(START + text("x") + b"data: [DONE]\n\n")[1].done
    empty = passed(START + b"data: [DONE]\n\n")[1]
    assert empty.failure is not None and empty.failure.kind is FailureKind.BAD_RESPONSE


def test_three_malformed_events_are_forgiven_and_a_fourth_is_not() -> None:
    broken = b"data: {nope\n\n"
    assert isinstance(read(START + broken * 3 + end(finish_reason="COMPLETE"))[-1], Ended)
    assert isinstance(read(START + broken * 4)[-1], Failed)
    assert passed(START + broken * 3 + text("x") + end(finish_reason="COMPLETE"))[1].done
    assert passed(START + broken * 4)[1].failure is not None


def test_content_without_a_start_gets_one() -> None:
    assert read(text("x"))[0] == Started("", "")


def test_calls_in_lists_and_with_arguments_at_once() -> None:
    call = {"id": "c", "function": {"name": "f", "arguments": '{"a":1}'}}
    stream = event("tool-call-start", delta={"message": {"tool_calls": [call]}})
    assert read(stream)[1:] == [ToolStarted(0, "c", "f"), ToolDelta(0, '{"a":1}')]


def test_deltas_of_calls_that_come_in_turns_keep_their_index() -> None:
    events: list[ChatEvent] = [
        Started("a", "m"),
        ToolStarted(0, "c0", "f"),
        ToolStarted(1, "c1", "g"),
        ToolDelta(0, '{"a":'),
        ToolDelta(1, "{}"),
        ToolDelta(0, "1}"),
        Finished("tool_calls"),
        Ended(),
    ]
    writer = EventWriter(ASKING)
    written = b"".join(writer.write([one]) for one in events)
    assert assemble_answer(read(written)) == assemble_answer(
        [*(Started("a", "") if isinstance(one, Started) else one for one in events)]
    )


def test_thoughts_of_others_come_back_from_our_own_stream() -> None:
    events: list[ChatEvent] = [
        Started("a", ""),
        ReasoningDelta("One."),
        ReasoningSigned("s1", "gemini"),
        ReasoningSigned("hidden", "anthropic_messages", 0, is_hidden=True, id="r1"),
        ReasoningDelta("Two.", 0, starts=True),
        TextDelta("Text."),
        TextDelta("Other choice", 1),
        Finished("stop"),
        Ended(),
    ]
    answer = assemble_answer(read(EventWriter(ASKING).write(events)))
    expected = assemble_answer([one for one in events if getattr(one, "choice", 0) == 0])
    assert answer == expected


def test_plain_answers_that_are_none() -> None:
    for body in (
        b"",
        b"[]",
        b'{"id":"x"}',
        b'{"message":[]}',
        b'{"message":{"content":[5]},"finish_reason":"COMPLETE"}',
    ):
        with pytest.raises(UpstreamFailure) as failure:
            read_response(body)
        assert failure.value.kind is FailureKind.BAD_RESPONSE
    for read_body in (read_response, decode_response):
        with pytest.raises(UpstreamFailure) as failure:
            read_body(b'{"message":{"content":[]},"finish_reason":"ERROR"}')
        assert failure.value.kind is FailureKind.SERVER_ERROR


def test_what_an_answer_says() -> None:
    body = {
        "finish_reason": "COMPLETE",
        "message": {"content": [{"type": "text", "text": "a"}], "tool_plan": "p", "tool_calls": [{"id": "c"}]},
        "logprobs": [{"text": "a", "logprobs": [0.0, "x"]}, {"logprobs": [-1000]}],
    }
    said = read_answer(json.dumps(body).encode())
    assert (said.text, said.confidence, said.is_complete) == ('a\n\np\n\n{"tool_calls":[{"id":"c"}]}', 500_000, True)
    assert read_answer(b"[]").text == "" and not read_answer(b"{}").is_complete
