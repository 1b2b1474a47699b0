"""Streams: written so that the SDK's own accumulation gives the answer, read and followed whatever is odd in them."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from msgspec import structs
from pydantic import TypeAdapter

from pointsman.core.chat.answer import (
    ChatAnswer,
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    RefusalDelta,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.assemble import assemble_answer, break_up_answer
from pointsman.core.chat.conversation import Media
from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.anthropic_messages.errors import encode_stream_error
from pointsman.core.dialects.anthropic_messages.read_events import EventReader
from pointsman.core.dialects.anthropic_messages.read_response import read_response
from pointsman.core.dialects.anthropic_messages.stream import MESSAGE_STOP, StreamReader
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_events import EventWriter
from pointsman.core.dialects.dialect import Asking

ASKING = Asking(ChatRequest("agent:clerk", True, True, b"{}", {}, NAME), "req-1", 0)
GOLDEN = sorted((Path(__file__).parent.parent / "golden" / NAME).glob("*/response.json"))
SDK_EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def write(*events: ChatEvent) -> list[dict[str, object]]:
    """The documents of a written stream; each event is named as its document says, and in the SDK's own shape."""
    writer = EventWriter(ASKING)
    stream = b"".join([writer.write([event]) for event in events])
    documents = []
    for event in stream.decode().removesuffix("\n\n").split("\n\n"):
        name, data = event.split("\n")
        document = json.loads(data.removeprefix("data: "))
        assert name == f"event: {document['type']}"
        SDK_EVENT.validate_json(data.removeprefix("data: "), strict=True)
        documents.append(document)
    return documents


def accumulate(documents: Sequence[dict[str, object]]) -> dict[str, object]:
    """What the SDK makes of a stream; every block begins once, ends once, and nothing is added outside of it."""
    snapshot, pieces, ended = None, {}, set()  # type: ignore[var-annotated]
    for document in documents:
        index = document.get("index")
        assert index not in ended or index is None
        if document["type"] == "content_block_stop":
            ended.add(index)
        event = SDK_EVENT.validate_python(document)
        snapshot = accumulate_event(event=event, current_snapshot=snapshot, json_bufs=pieces)
    assert snapshot is not None and len(ended) == len(snapshot.content)
    assert documents[-1] == {"type": "message_stop"}
    return snapshot.model_dump(exclude_none=True)


def without_defaults(answer: ChatAnswer) -> ChatAnswer:
    return read_response(json.dumps(accumulate(write(*break_up_answer(answer))), default=str).encode())


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.parent.name)
def test_the_sdk_puts_the_answer_together(path: Path) -> None:
    events = break_up_answer(read_response(path.read_bytes()))
    answer = assemble_answer(events)
    assert answer is not None
    assert _without_further(without_defaults(answer)) == _without_further(answer)


def _without_further(answer: ChatAnswer) -> ChatAnswer:
    """From the end of a stream the SDK takes over how often was searched, and not how long something is kept."""
    assert answer.usage is not None
    return structs.replace(answer, usage=structs.replace(answer.usage, further=None), extra={}, extra_dialect="")


def test_the_whole_course_of_a_stream() -> None:
    documents = write(
        Started("a", "m", service_tier="priority"),
        UsageSeen(Usage(10, 1, cached_input_tokens=4)),
        TextDelta("x"),
        TextDelta("y"),
        Finished("stop", stop_sequence="END"),
        UsageSeen(Usage(10, 5, cached_input_tokens=4)),
        Ended(),
    )
    assert [document["type"] for document in documents] == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    message = accumulate(documents)
    assert message["stop_reason"] == "stop_sequence" and message["stop_sequence"] == "END"
    assert message["usage"] == {
        "input_tokens": 6,
        "output_tokens": 5,
        "cache_read_input_tokens": 4,
        "cache_creation_input_tokens": 0,
        "service_tier": "priority",
    }


def test_thoughts_calls_and_refusals() -> None:
    message = accumulate(
        write(
            Started("", ""),
            ReasoningDelta("a", starts=True),
            ReasoningDelta("b"),
            ReasoningDelta("c", starts=True),
            ReasoningSigned("sig", "gemini"),
            ReasoningSigned("late", NAME),
            ReasoningSigned("hidden", NAME, is_hidden=True),
            RefusalDelta("No."),
            MediaPart(Media("image", data="AAAA")),
            TextDelta("left out", choice=1),
            ToolStarted(0, "c", "look", signature="s", origin="gemini"),
            Finished("stop"),
            Ended(),
        )
    )
    assert (message["id"], message["model"], message["stop_reason"]) == ("msg_req-1", "agent:clerk", "refusal")
    assert message["content"] == [
        {"type": "thinking", "thinking": "ab", "signature": ""},
        {"type": "thinking", "thinking": "c", "signature": "pointsman.gemini.sig"},
        {"type": "thinking", "thinking": "", "signature": "late"},
        {"type": "redacted_thinking", "data": "hidden"},
        {"type": "text", "text": "No."},
        {"type": "redacted_thinking", "data": "pointsman.gemini.tool_use.s"},
        {"type": "tool_use", "id": "c", "name": "look", "input": {}},
    ]


def test_calls_one_after_another_are_blocks_one_after_another() -> None:
    documents = write(
        ToolStarted(0, "a", "look"),
        ToolDelta(0, '{"x":'),
        ToolDelta(0, "1}"),
        ToolStarted(1, "b", "look"),
        ToolDelta(1, "{}"),
        Finished("tool_calls"),
        Ended(),
    )
    course = [(document["type"], document["index"]) for document in documents if "index" in document]
    delta = "content_block_delta"
    assert course == [
        ("content_block_start", 0),
        (delta, 0),
        (delta, 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        (delta, 1),
        ("content_block_stop", 1),
    ]


def test_calls_that_come_by_turns_keep_all_their_arguments() -> None:
    message = accumulate(
        write(
            ToolStarted(0, "a", "look"),
            ToolDelta(0, '{"x":'),
            ToolStarted(1, "b", "look"),
            ToolDelta(1, '{"y":'),
            ToolDelta(0, "1}"),
            ToolDelta(7, "nobody's"),
            ToolDelta(1, "2}"),
            Finished("tool_calls"),
            Ended(),
        )
    )
    inputs = [block["input"] for block in message["content"]]  # type: ignore[attr-defined]
    assert inputs == [{"x": 1}, {"y": 2}]


def test_an_end_without_a_reason_or_an_answer_is_still_a_whole_stream() -> None:
    message = accumulate(write(Ended()))
    assert message["content"] == [] and "stop_reason" not in message
    assert message["usage"] == {"input_tokens": 0, "output_tokens": 0}


def event(kind: str, **members: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps({"type": kind, **members}).encode())


START = event("message_start", message={"id": "a", "model": "m", "usage": {"input_tokens": 3, "output_tokens": 1}})
TEXT = event("content_block_start", index=0, content_block={"type": "text", "text": ""})
HELLO = event("content_block_delta", index=0, delta={"type": "text_delta", "text": "hello"})
STOP = event("content_block_stop", index=0)
END = event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 4})


def read(*pieces: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]


def follow(*pieces: bytes) -> tuple[bytes, StreamReader]:
    reader = StreamReader(True)
    passed = b"".join([reader.feed(piece) for piece in pieces])
    return passed + reader.finish(), reader


def test_what_nobody_knows_yet_is_no_mistake() -> None:
    odd = [
        event("content_block_start", index=1, content_block={"type": "hologram"}),
        event("content_block_delta", index=1, delta={"type": "hologram_delta", "x": 1}),
        event("content_block_delta", index=0, delta={"type": "citations_delta", "citation": {}}),
        event("brand_new"),
        event("ping"),
    ]
    stream = [START, TEXT, HELLO, *odd, STOP, END, MESSAGE_STOP]
    assert read(*stream) == [
        Started("a", "m"),
        UsageSeen(Usage(3, 1)),
        TextDelta("hello"),
        Finished("stop"),
        UsageSeen(Usage(3, 4)),
        Ended(),
    ]
    passed, reader = follow(*stream)
    assert passed == b"".join(stream) and reader.usage == Usage(3, 4) and reader.done


def test_a_call_whose_input_came_at_once() -> None:
    block = {"type": "tool_use", "id": "t", "name": "look", "input": {"x": 1}}
    events = read(START, event("content_block_start", index=0, content_block=block), STOP)
    assert events[2:] == [ToolStarted(0, "t", "look"), ToolDelta(0, '{"x":1}')]


@pytest.mark.parametrize("ending", [b"", b"data: [DONE]\n\n"])
def test_an_end_that_was_told_needs_no_last_event(ending: bytes) -> None:
    assert read(START, TEXT, HELLO, STOP, END, ending)[-1] == Ended()
    passed, reader = follow(START, TEXT, HELLO, STOP, END, ending)
    assert reader.done and reader.failure is None and passed.endswith(MESSAGE_STOP)


@pytest.mark.parametrize("stream", [[START], [START, TEXT, HELLO], [START, TEXT, HELLO, STOP, END[:-9]]])
def test_a_stream_that_was_cut_never_looks_whole(stream: list[bytes]) -> None:
    assert Ended() not in read(*stream)
    passed, reader = follow(*stream)
    assert reader.failure is not None and reader.failure.kind is FailureKind.INTERRUPTED
    assert b"message_stop" not in passed


def test_nothing_goes_on_before_there_is_content() -> None:
    reader = StreamReader(True)
    assert reader.feed(START + TEXT + event("ping")) == b"" and not reader.committed
    assert reader.feed(HELLO) == START + TEXT + event("ping") + HELLO and reader.content_bytes == 5


@pytest.mark.parametrize("before", [b"", START, START + TEXT, START + TEXT + HELLO])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (event("error", error={"type": "overloaded_error", "message": "Overloaded"}), FailureKind.OVERLOADED),
        (b'data: {"error":{"type":"api_error"}}\n\n', FailureKind.SERVER_ERROR),
        (encode_stream_error("upstream_rate_limited", "Slow down.", "r"), FailureKind.RATE_LIMITED),
    ],
)
def test_errors_within_a_stream(before: bytes, error: bytes, kind: FailureKind) -> None:
    last = read(before, error)[-1]
    assert isinstance(last, Failed) and last.failure.kind is kind
    passed, reader = follow(before, error)
    assert reader.failure is not None and reader.failure.kind is kind
    assert passed == (before if HELLO in before else b"")


def test_some_malformed_events_are_left_out_and_too_many_end_the_stream() -> None:
    odd = [
        b"data: {\n\n",
        event("content_block_delta", index="0", delta={"type": "text_delta", "text": 5}),
        b"event: message_start\ndata: [1]\n\n",
    ]
    stream = [START, TEXT, HELLO, *odd, STOP, END, MESSAGE_STOP]
    answer = assemble_answer(read(*stream))
    assert answer is not None and answer == assemble_answer(read(START, TEXT, HELLO, STOP, END, MESSAGE_STOP))
    assert follow(*stream)[1].done
    last = read(START, *odd, *odd)[-1]
    assert isinstance(last, Failed) and last.failure.kind is FailureKind.BAD_RESPONSE


def test_a_last_event_without_an_answer_is_no_answer() -> None:
    _, reader = follow(MESSAGE_STOP)
    assert reader.failure is not None and reader.failure.kind is FailureKind.BAD_RESPONSE
    assert read(MESSAGE_STOP) == []
