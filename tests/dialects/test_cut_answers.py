"""An answer that may not go on is ended as one that has reached its limit, wherever that happens, in every format."""

import json
from collections.abc import Callable

import openai.types.chat
import openai.types.responses
import pytest
from anthropic.types import RawMessageStreamEvent
from cohere.v2.types import V2ChatStreamResponse
from google.genai.types import GenerateContentResponse
from pydantic import TypeAdapter

from dialects.cut_streams import CLIENTS, cut_everywhere, open_reader, read_as, recorded_streams, split_stream, text_of
from pointsman.core.chat.answer import Ended, Finished, UsageSeen
from pointsman.core.dialects.server_events import EventSplitter, read_data
from pointsman.core.dialects.table import DIALECTS

PAIRS = [(provider, client) for provider in sorted(DIALECTS) for client in CLIENTS]


def _genai(data: bytes) -> object:
    return GenerateContentResponse.model_validate_json(data)


STRICT: dict[str, Callable[[bytes], object]] = {
    "openai_chat": openai.types.chat.ChatCompletionChunk.model_validate_json,
    "openai_responses": TypeAdapter(openai.types.responses.ResponseStreamEvent).validate_json,
    "anthropic_messages": TypeAdapter(RawMessageStreamEvent).validate_json,
    "gemini": _genai,
    "cohere": TypeAdapter(V2ChatStreamResponse).validate_json,
}
"""The models of the official SDKs, with all their members checked."""


@pytest.mark.parametrize(("provider", "client"), PAIRS)
def test_wherever_it_is_cut_an_answer_ends_at_its_limit(provider: str, client: str) -> None:
    cuts = 0
    for path in recorded_streams(provider):
        reader = open_reader(provider, client)
        whole = b"".join([reader.feed(event) for event in split_stream(path)]) + reader.finish()
        said = text_of(read_as(client, whole)) if reader.done else None
        for before, end, reader, ended in cut_everywhere(path, client):
            cuts += 1
            assert not reader.done and reader.failure is None
            events = read_as(client, before + end)
            finished = {event.choice: event.finish for event in events if isinstance(event, Finished)}
            assert isinstance(events[-1], Ended) and finished, (path, before, end)
            assert all(reason == "length" for choice, reason in finished.items() if choice not in ended), (path, end)
            assert said is None or said.startswith(text_of(events)), (path, end)
    assert cuts, "some of the recorded streams go on after content"


@pytest.mark.parametrize(("provider", "client"), PAIRS)
def test_the_official_sdk_knows_every_event_of_the_end(provider: str, client: str) -> None:
    checked = 0
    for path in recorded_streams(provider):
        for _, end, _, _ in cut_everywhere(path, client):
            for event in EventSplitter().split(end)[1]:
                data = read_data(event)
                if data != b"[DONE]":
                    STRICT[client](data)
                    checked += 1
    assert checked


@pytest.mark.parametrize(("provider", "client"), PAIRS)
def test_no_usage_is_invented(provider: str, client: str) -> None:
    """Anthropic's format demands it with the end; there it is what was last reported."""
    for path in recorded_streams(provider):
        for before, end, _, _ in cut_everywhere(path, client):
            seen = [event.usage for event in read_as(client, before + end) if isinstance(event, UsageSeen)]
            earlier = [event.usage for event in read_as(client, before) if isinstance(event, UsageSeen)]
            if client == "anthropic_messages":
                assert seen
            else:
                assert seen == earlier, (path, end)


def test_what_has_ended_is_not_ended_again() -> None:
    for client in CLIENTS:
        reader = open_reader(client, client)
        for event in split_stream(recorded_streams(client)[0]):
            reader.feed(event)
        reader.finish()
        assert reader.done and reader.cut() == b"", client


def _chunk(index: int, delta: dict[str, object], finish: str | None = None) -> bytes:
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-7", "object": "chat.completion.chunk", "created": 7, "model": "m-1"}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


def _documents(stream: bytes) -> list[dict[str, object]]:
    datas = [read_data(event) for event in EventSplitter().split(stream)[1]]
    return [json.loads(data) for data in datas if data != b"[DONE]"]


def test_each_of_several_choices_ends_once() -> None:
    reader = open_reader("openai_chat", "openai_chat")
    role: dict[str, object] = {"role": "assistant", "content": ""}
    told = [_chunk(0, role), _chunk(1, role), _chunk(2, role), _chunk(0, {"content": "a"}), _chunk(0, {}, "stop")]
    for event in [*told, _chunk(1, {"content": "b"})]:
        reader.feed(event)
    end = reader.cut()
    assert end.endswith(b"data: [DONE]\n\n")
    ends = _documents(end)
    assert [each["choices"] for each in ends] == [
        [{"index": index, "delta": {}, "logprobs": None, "finish_reason": "length"}] for index in (1, 2)
    ]
    assert all((each["id"], each["created"], each["model"]) == ("chatcmpl-7", 7, "m-1") for each in ends)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_call_without_arguments_so_far_is_not_told_as_one_that_has_none(client: str) -> None:
    """Whoever looks past the reason of the end must not run a call that was never told."""
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "wipe", "arguments": ""}}
    for arguments in ("", '{"path":'):
        reader = open_reader("openai_chat", client)
        written = reader.feed(_chunk(0, {"role": "assistant", "content": "Well."}))
        written += reader.feed(_chunk(0, {"tool_calls": [call]}))
        if arguments:
            written += reader.feed(_chunk(0, {"tool_calls": [{"index": 0, "function": {"arguments": arguments}}]}))
        written += reader.cut()
        if client == "gemini":
            assert b"wipe" not in written, "calls are whole there, or not told"
        assert b'"{}"' not in written and b'"args":{}' not in written


def test_an_answer_that_is_too_large_to_be_told_again_is_ended_without_its_items() -> None:
    def event(kind: str, **members: object) -> bytes:
        return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()

    reader = open_reader("openai_responses", "openai_responses")
    item = {"id": "msg_1", "type": "message", "role": "assistant", "content": [], "status": "in_progress"}
    reader.feed(event("response.created", sequence_number=0, response={"id": "resp_1", "model": "m", "output": []}))
    reader.feed(event("response.output_item.added", sequence_number=1, output_index=0, item=item))
    for number in range(2, 20):
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        reader.feed(event("response.output_text.delta", sequence_number=number, delta="x" * 100_000, **place))
    (last,) = _documents(reader.cut())
    assert last["sequence_number"] == 20
    assert last["response"] == {
        "id": "resp_1",
        "model": "m",
        "output": [],
        "status": "incomplete",
        "incomplete_details": {"reason": "max_output_tokens"},
    }


@pytest.mark.parametrize("wrong", [b"null", b'"a"', b"[]", b"1e999", b"-7", b'{"a":1}', b"18446744073709551616"])
def test_ill_typed_members_of_a_provider_do_not_keep_an_answer_from_ending(wrong: bytes) -> None:
    for client in CLIENTS:
        events = split_stream(recorded_streams(client)[0])
        for name in (b"index", b"output_index", b"content_index", b"sequence_number", b"item", b"part", b"id", b"type"):
            reader = open_reader(client, client)
            for event in events[:-2]:
                reader.feed(_spoil(event, name, wrong))
            if reader.content_bytes and not reader.done and reader.failure is None:
                assert reader.cut(), (client, name)


def _spoil(event: bytes, name: bytes, wrong: bytes) -> bytes:
    """An event in which a member of the document has another value, where it has the member at all."""
    data = read_data(event)
    try:
        document = json.loads(data)
    except ValueError:
        return event
    if name.decode() not in document:
        return event
    mark = "spoilt-here"
    return event.replace(data, json.dumps(document | {name.decode(): mark}).encode().replace(b'"spoilt-here"', wrong))


def test_every_kind_of_client_is_held_against_its_sdk() -> None:
    assert sorted(STRICT) == CLIENTS
