"""A stream in the Responses format: what fails before or after content, what comes whole only, and what is cut."""

import json
from pathlib import Path

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
from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.openai_responses.read_events import EventReader
from pointsman.core.dialects.openai_responses.stream import StreamReader

RECORDED = sorted((Path(__file__).parent.parent / "golden" / "openai_responses").glob("*/stream.sse"))


def event(kind: str, **members: object) -> bytes:
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()


def end(kind: str = "completed", **members: object) -> bytes:
    response = {"id": "resp_1", "model": "m", "status": kind, "output": [], **members}
    return event(f"response.{kind}", response=response)


CREATED = event("response.created", response={"id": "resp_1", "model": "m", "created_at": 7})
TEXT = event("response.output_text.delta", item_id="msg_1", output_index=0, content_index=0, delta="Hi", logprobs=[])


def read(*pieces: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*(found for piece in pieces for found in reader.feed(piece)), *reader.finish()]


def pass_on(*pieces: bytes) -> tuple[bytes, StreamReader]:
    reader = StreamReader(True)
    passed = b"".join(reader.feed(piece) for piece in pieces)
    return passed + reader.finish(), reader


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_a_stream_goes_on_as_it_came(path: Path) -> None:
    recorded = path.read_bytes()
    passed, reader = pass_on(recorded)
    assert passed == recorded and reader.done and reader.failure is None
    assert reader.usage is not None


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.parent.name)
def test_a_stream_cut_off_anywhere_never_looks_whole(path: Path) -> None:
    recorded = path.read_bytes()
    # Without the blank line after it, the last event is still whole.
    for place in range(0, len(recorded) - 2, 7):
        passed, reader = pass_on(recorded[:place])
        assert not reader.done and reader.failure is not None
        assert reader.failure.kind is FailureKind.INTERRUPTED
        assert recorded.startswith(passed)
        assert not any(isinstance(found, Ended | Failed) for found in read(recorded[:place]))


def test_nothing_is_handed_on_before_content() -> None:
    reader = StreamReader(True)
    assert reader.feed(CREATED) == b"" and not reader.committed
    assert reader.feed(TEXT) == CREATED + TEXT
    assert (reader.committed, reader.content_bytes) == (True, 2)


FAILURES: list[tuple[bytes, FailureKind]] = [
    (event("error", code="rate_limit_exceeded", message="Slow down", param=None), FailureKind.RATE_LIMITED),
    (event("error", error={"code": "server_is_overloaded", "message": "x"}), FailureKind.OVERLOADED),
    (event("error", code=None, message="?"), FailureKind.SERVER_ERROR),
    (end("failed", error={"code": "server_error", "message": "Sorry"}), FailureKind.SERVER_ERROR),
    (end("failed", error={"code": "insufficient_quota", "message": "x"}), FailureKind.QUOTA_EXHAUSTED),
    (end("failed", error=None), FailureKind.SERVER_ERROR),
    (b'data: {"error":{"message":"x","type":"rate_limit_error"}}\n\n', FailureKind.RATE_LIMITED),
]


@pytest.mark.parametrize(("failing", "kind"), FAILURES)
@pytest.mark.parametrize("before", [b"", CREATED, CREATED + TEXT], ids=["first", "begun", "after-content"])
def test_an_error_is_noticed_wherever_it_comes(failing: bytes, kind: FailureKind, before: bytes) -> None:
    passed, reader = pass_on(before + failing + TEXT)
    assert reader.failure is not None and reader.failure.kind is kind and not reader.done
    assert passed == (before if TEXT in before else b"")
    last = read(before + failing + TEXT)[-1]
    assert isinstance(last, Failed) and last.failure.kind is kind


def test_what_the_provider_says_of_a_failure_can_be_shown() -> None:
    found = read(CREATED, end("failed", error={"code": "server_error", "message": "with sk-abcdefghijklmnop"}))[-1]
    assert isinstance(found, Failed) and found.failure.shown is not None
    assert found.failure.shown.message == "with ***"


def test_usage_and_the_end_are_read() -> None:
    usage = {"input_tokens": 5, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 4}}
    _, reader = pass_on(CREATED, TEXT, end("incomplete", usage=usage), TEXT)
    assert reader.usage == Usage(5, 2, 4) and reader.done
    answer = assemble_answer(read(CREATED, TEXT, end("incomplete", usage=usage), TEXT))
    assert answer is not None and answer.usage == Usage(5, 2, 4)


def test_absurd_usage_is_not_believed() -> None:
    absurd: list[object] = [{"input_tokens": -1, "output_tokens": 2}, {"input_tokens": 1.5}, [], "many"]
    for usage in absurd:
        _, reader = pass_on(CREATED, TEXT, end(usage=usage))
        assert reader.usage is None and reader.done


def test_too_many_malformed_events_break_a_stream() -> None:
    bad = b"data: {not json\n\n"
    passed, reader = pass_on(CREATED, TEXT, bad * 3, end())
    assert bad not in passed and reader.done
    _, reader = pass_on(CREATED, TEXT, bad * 4, end())
    assert reader.failure is not None and reader.failure.kind is FailureKind.BAD_RESPONSE
    odd = event("response.output_text.delta", output_index="x", delta="lost") + event("response.created", response=[])
    assert isinstance(read(CREATED, TEXT, odd, odd, end())[-1], Failed)
    assert isinstance(read(CREATED, TEXT, odd, end())[-1], Ended)


def test_comments_and_marks_of_the_other_format_say_nothing() -> None:
    passed, reader = pass_on(b": hi\n\n", CREATED, TEXT, b": keepalive\n\n", end(), b"data: [DONE]\n\n")
    assert passed == CREATED + TEXT + end() and reader.done
    assert isinstance(read(CREATED, TEXT, b"data: [DONE]\n\n", end())[-1], Ended)


def test_unknown_events_go_on_and_mean_nothing() -> None:
    future = event("response.future.thing", value=[1])
    assert pass_on(CREATED, TEXT, future, end())[0] == CREATED + TEXT + future + end()
    assert read(CREATED, future) == [Started("resp_1", "m", 7)]


MESSAGE: dict[str, object] = {
    "id": "m",
    "type": "message",
    "role": "assistant",
    "content": [{"type": "output_text", "text": "Hi"}],
}
CALL: dict[str, object] = {"id": "f", "type": "function_call", "call_id": "c", "name": "f", "arguments": '{"x":1}'}
THOUGHT: dict[str, object] = {"id": "rs", "type": "reasoning", "summary": [{"type": "summary_text", "text": "T"}]}
HIDDEN: dict[str, object] = {"id": "rs", "type": "reasoning", "summary": [], "encrypted_content": "e"}
WHOLE: list[tuple[dict[str, object], list[ChatEvent]]] = [
    (MESSAGE, [TextDelta("Hi")]),
    (CALL, [ToolStarted(0, "c", "f"), ToolDelta(0, '{"x":1}')]),
    (THOUGHT, [ReasoningDelta("T", starts=True), ReasoningSigned("", "", id="rs")]),
    (HIDDEN, [ReasoningSigned("e", "openai_responses", is_hidden=True, id="rs")]),
    ({"type": "reasoning", "id": "rs", "summary": []}, []),
    ({"type": "web_search_call", "id": "ws"}, []),
]


@pytest.mark.parametrize(("item", "expected"), WHOLE)
@pytest.mark.parametrize("place", ["done", "end"])
def test_what_comes_whole_is_told_once(item: dict[str, object], expected: list[ChatEvent], place: str) -> None:
    done = event("response.output_item.done", output_index=0, item=item) if place == "done" else b""
    events = read(CREATED, done, end(output=[item]))
    finish = Finished("tool_calls" if item is CALL else "stop")
    assert events == [Started("resp_1", "m", 7), *expected, finish, Ended()]


def test_pieces_and_the_whole_are_told_once() -> None:
    added = event("response.output_item.added", output_index=1, item={**CALL, "arguments": ""})
    delta = event("response.function_call_arguments.delta", output_index=1, delta='{"x":1}')
    message = event("response.output_item.done", output_index=0, item=MESSAGE)
    call = event("response.output_item.done", output_index=1, item=CALL)
    events = read(CREATED, TEXT, message, added, delta, call, end(output=[MESSAGE, CALL]))
    assert events[1:-2] == [TextDelta("Hi"), ToolStarted(0, "c", "f"), ToolDelta(0, '{"x":1}')]


def test_thoughts_in_full_and_in_parts() -> None:
    pieces = [
        event("response.reasoning_text.delta", output_index=0, content_index=0, delta="A"),
        event("response.reasoning_text.delta", output_index=0, content_index=1, delta="B"),
        event("response.reasoning_text.delta", output_index=1, content_index=0, delta="C"),
    ]
    assert read(CREATED, *pieces)[1:] == [
        ReasoningDelta("A", starts=True),
        ReasoningDelta("\n\nB"),
        ReasoningDelta("C", starts=True),
    ]
