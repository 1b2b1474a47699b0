"""Streams into the hub and out: loosely numbered calls, early ends, chunks that the official SDK puts together."""

import json
from typing import Any

import pytest
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from pointsman.core.chat.answer import (
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
    TokenLogprob,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.conversation import Media
from pointsman.core.chat.failures import FailureKind
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_chat.read_events import EventReader
from pointsman.core.dialects.openai_chat.stream import DONE
from pointsman.core.dialects.openai_chat.write_events import EventWriter


def event(**chunk: object) -> bytes:
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def delta(content: dict[str, object], finish_reason: str | None = None, **choice: object) -> bytes:
    return event(id="i", model="m", choices=[{"index": 0, "delta": content, "finish_reason": finish_reason, **choice}])


def piece(arguments: str = "", name: str | None = None, **call: object) -> bytes:
    function = {"arguments": arguments} | ({} if name is None else {"name": name})
    return delta({"tool_calls": [{"function": function, **call}]})


END = delta({}, "tool_calls") + DONE


def read(stream: bytes) -> list[ChatEvent]:
    reader = EventReader()
    return [*reader.feed(stream), *reader.finish()]


def calls_of(stream: bytes) -> list[tuple[str, str, str]]:
    answer = assemble_answer(read(stream))
    assert answer is not None and answer.choices[0].finish == "tool_calls"
    parts: Any = answer.choices[0].parts
    return [(part.id, part.name, part.arguments) for part in parts]


@pytest.mark.parametrize(
    "stream",
    [
        piece("{", "f", index=0, id="a") + piece("[", "g", index=1, id="b") + piece("}", index=0) + piece("]", index=1),
        piece("{", "f", index=0, id="a") + piece("}", "f", index=0, id="a") + piece("[]", "g", index=1, id="b"),
        piece("{}", "f", index=0, id="a") + piece("[]", "g", index=0, id="b"),
        piece("{", "f", index=0, id="a") + piece("}", index=0) + piece("[", "g", index=0, id="b") + piece("]", index=0),
        piece("{", "f", id="a") + piece("}") + piece("[", "g", id="b") + piece("]"),
        piece("{", "f", id="a") + piece("[", "g", id="b") + piece("}", id="a") + piece("]", id="b"),
        piece("{", index=0, id="a") + piece("", "f", index=0) + piece("}", index=0) + piece("[]", "g", index=5, id="b"),
    ],
    ids=["numbered", "named again", "all zero", "all zero in pieces", "by order", "by id", "named late"],
)
def test_finds_out_which_call_is_meant(stream: bytes) -> None:
    assert calls_of(stream + END) == [("a", "f", "{}"), ("b", "g", "[]")]


def test_a_call_without_id_or_name_is_told_all_the_same() -> None:
    assert calls_of(piece("{}", index=0) + END) == [("call_0_0", "", "{}")]


def test_the_end_is_told_once_everything_is_there() -> None:
    usage = {"prompt_tokens": 2, "completion_tokens": 1}
    stream = delta({"content": "x"}, "stop", stop_reason="END") + event(choices=[], usage=usage) + DONE + delta({})
    assert read(stream) == [
        Started("i", "m"),
        TextDelta("x"),
        UsageSeen(Usage(2, 1)),
        Finished("stop", stop_sequence="END"),
        Ended(),
    ]


def test_an_end_without_the_last_line_is_one_when_all_choices_have_ended() -> None:
    other = event(choices=[{"index": 1, "delta": {"content": "y"}}])
    assert read(delta({"content": "x"}, "stop"))[-1] == Ended()
    assert not any(isinstance(seen, Ended | Failed) for seen in read(delta({"content": "x"}, "stop") + other))
    assert not any(isinstance(seen, Ended | Finished) for seen in read(delta({"content": "x"})))


def test_a_last_line_without_a_reason_ends_without_one() -> None:
    assert read(delta({"content": "x"}) + DONE) == [Started("i", "m"), TextDelta("x"), Ended()]


@pytest.mark.parametrize(
    ("stream", "kind"),
    [
        (DONE, FailureKind.BAD_RESPONSE),
        (delta({"role": "assistant"}) + DONE, FailureKind.BAD_RESPONSE),
        (event(error={"code": "rate_limit_exceeded", "message": "slow"}), FailureKind.RATE_LIMITED),
        (event(object="error", message="x"), FailureKind.SERVER_ERROR),
        (b'event: error\ndata: {"message":"x"}\n\n', FailureKind.SERVER_ERROR),
        (delta({"content": "x"}, "error", error={"code": 502}), FailureKind.SERVER_ERROR),
        (b"data: {\n\n" * 4, FailureKind.BAD_RESPONSE),
        (delta({"content": 5}) * 4, FailureKind.BAD_RESPONSE),
        (delta({"tool_calls": {}}) * 4, FailureKind.BAD_RESPONSE),
    ],
)
def test_what_breaks_a_stream(stream: bytes, kind: FailureKind) -> None:
    last = read(stream)[-1]
    assert isinstance(last, Failed) and last.failure.kind is kind


def test_three_malformed_events_are_left_out() -> None:
    assert read(b"data: {\n\n" * 3 + delta({"content": "x"}, "stop"))[1] == TextDelta("x")


def test_the_same_thought_told_twice_counts_once() -> None:
    both: dict[str, object] = {
        "reasoning": "hm",
        "reasoning_details": [{"type": "reasoning.text", "text": "hm", "index": 0}],
    }
    assert read(delta(both))[1:] == [ReasoningDelta("hm")]


def write(*events: ChatEvent, wants_usage: bool = True, **fields: object) -> tuple[bytes, list[ChatCompletionChunk]]:
    writer = EventWriter(Asking(ChatRequest("agent:a", True, wants_usage, b"{}", fields), "req-1", 1_790_000_000))
    written = b"".join(writer.write([one]) for one in events)
    lines = [line.removeprefix(b"data: ") for line in written.split(b"\n\n") if line]
    assert written.endswith(b"\n\n")
    return written, [ChatCompletionChunk.model_validate_json(line, strict=True) for line in lines if line != b"[DONE]"]


EVENTS: list[ChatEvent] = [
    Started("i", "m", 5),
    ReasoningDelta("h"),
    ReasoningDelta("m"),
    ReasoningSigned("s", "anthropic_messages"),
    ReasoningSigned("e", "anthropic_messages", is_hidden=True, id="r"),
    TextDelta("a", logprobs=(TokenLogprob("a", -0.5, (97,)),)),
    TextDelta("b"),
    ToolStarted(0, "c", "f"),
    ToolDelta(0, '{"a":'),
    ToolStarted(1, "d", "g", signature="t", origin="gemini"),
    ToolDelta(0, "1}"),
    MediaPart(Media("image", "image/png", "AAAA")),
    TextDelta("other", 1),
    Finished("tool_calls"),
    Finished("stop", 1),
    UsageSeen(Usage(9, 5)),
    Ended(),
]


def test_the_official_sdk_puts_the_chunks_together() -> None:
    _, chunks = write(*EVENTS)
    state: Any = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(chunk)
    whole = state.get_final_completion()
    first, second = whole.choices
    assert (first.message.content, first.finish_reason) == ("ab", "tool_calls")
    assert [(call.id, call.function.name, call.function.arguments) for call in first.message.tool_calls] == [
        ("c", "f", '{"a":1}'),
        ("d", "g", "{}"),
    ]
    assert first.message.tool_calls[1].extra_content == {"google": {"thought_signature": "t"}}
    assert first.message.reasoning_content == "hm"
    assert first.message.reasoning_details == [
        {"type": "reasoning.text", "text": "hm", "signature": "pointsman.anthropic_messages.s", "index": 0},
        {"type": "reasoning.encrypted", "data": "pointsman.anthropic_messages.e", "id": "r", "index": 1},
    ]
    assert [token.token for token in first.logprobs.content] == ["a"]
    assert (second.message.content, second.finish_reason) == ("other", "stop")
    assert whole.usage.total_tokens == 14


def test_each_choice_says_once_who_speaks() -> None:
    _, chunks = write(*EVENTS)
    roles = [choice.index for chunk in chunks for choice in chunk.choices if choice.delta.role == "assistant"]
    assert roles == [0, 1]


@pytest.mark.parametrize("wants_usage", [True, False])
def test_usage_is_told_to_those_who_asked(wants_usage: bool) -> None:
    written, chunks = write(*EVENTS, wants_usage=wants_usage)
    assert (chunks[-1].usage is not None) == wants_usage and written.endswith(DONE)
    unknown, _ = write(Started("i", "m"), TextDelta("x"), Finished("stop"), Ended())
    assert b"usage" not in unknown


def test_a_refusal_ends_with_a_plain_stop_and_a_stop_text_is_told() -> None:
    _, chunks = write(Started("i", "m"), RefusalDelta("no"), Finished("refusal"), Ended())
    assert (chunks[0].choices[0].delta.refusal, chunks[-1].choices[0].finish_reason) == ("no", "stop")
    written, _ = write(Started("i", "m"), TextDelta("x"), Finished("stop", stop_sequence="E"), Ended())
    assert read(written)[-2] == Finished("stop", stop_sequence="E")


def test_a_client_of_functions_gets_one_call_in_the_older_form() -> None:
    calls: list[ChatEvent] = [
        ToolStarted(0, "c", "f"),
        ToolDelta(0, "{}"),
        ToolStarted(1, "d", "g"),
        Finished("tool_calls"),
        Ended(),
    ]
    written, chunks = write(Started("i", "m"), *calls, functions=[{"name": "f"}])
    assert b"tool_calls" not in written and b'"g"' not in written
    assert chunks[-1].choices[0].finish_reason == "function_call"
