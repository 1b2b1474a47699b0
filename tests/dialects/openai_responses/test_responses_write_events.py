"""What a client of the Responses format gets is what OpenAI's own library reads, item by item and as a whole."""

import json
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from pointsman.core.chat.answer import (
    ChatAnswer,
    ChatEvent,
    Choice,
    Ended,
    Finished,
    FinishReason,
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
from pointsman.core.chat.conversation import Media, Refusal, Text, ToolCall
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.errors import encode_stream_error
from pointsman.core.dialects.openai_responses.read_events import EventReader
from pointsman.core.dialects.openai_responses.write_events import EventWriter
from pointsman.core.dialects.openai_responses.write_response import write_response

EVENT: TypeAdapter[ResponseStreamEvent] = TypeAdapter(ResponseStreamEvent)
BODY: dict[str, object] = {
    "model": "agent:writer",
    "input": "Hi",
    "instructions": "Be kind.",
    "temperature": 0.5,
    "max_output_tokens": 50,
    "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": False}],
    "tool_choice": {"type": "function", "name": "f"},
    "reasoning": {"effort": "low"},
    "metadata": {"team": "a"},
    "user": "ann",
}
ASKING = Asking(decode_request(json.dumps(BODY).encode()), "r1", 1_795_200_000)
EVERYTHING: list[ChatEvent] = [
    Started("msg_1", "claude-x", 0, "standard"),
    ReasoningDelta("Let me ", starts=True),
    ReasoningDelta("think."),
    ReasoningSigned("c2ln", "anthropic_messages"),
    ReasoningDelta("Again.", starts=True),
    ReasoningSigned("cmVk", "anthropic_messages", is_hidden=True),
    TextDelta("Hel", 0, (TokenLogprob("Hel", -0.5, None, (TokenLogprob("Hel", -0.5),)),)),
    TextDelta("lo"),
    RefusalDelta("No."),
    TextDelta("ignored", 1),
    MediaPart(Media("image", "image/webp", "QUJD")),
    ToolStarted(0, "call_a", "f", 0, "Z2Vt", "gemini"),
    ToolStarted(1, "call_b", "g"),
    ToolDelta(0, '{"x"'),
    ToolDelta(1, "{}"),
    ToolDelta(0, ":1}"),
    UsageSeen(Usage(10, 20, 4, 8, 2)),
    Finished("tool_calls"),
    Ended(),
]


def write(events: Sequence[ChatEvent], asking: Asking = ASKING) -> list[dict[str, object]]:
    """The documents of a stream, each checked against the library's own types."""
    documents = []
    for number, text in enumerate(EventWriter(asking).write(events).split(b"\n\n")[:-1]):
        name, data = text.split(b"\n")
        EVENT.validate_json(data.removeprefix(b"data: "), strict=True)
        document = json.loads(data.removeprefix(b"data: "))
        assert name == b"event: " + document["type"].encode()
        assert document["sequence_number"] == number
        documents.append(document)
    return documents


def test_everything_is_opened_told_and_closed() -> None:
    documents = write(EVERYTHING)
    kinds = [document["type"] for document in documents]
    assert kinds[:2] == ["response.created", "response.in_progress"] and kinds[-1] == "response.completed"
    opened = [document["output_index"] for document in documents if document["type"] == "response.output_item.added"]
    done = {
        document["output_index"]: document["item"]
        for document in documents
        if document["type"] == "response.output_item.done"
    }
    whole = documents[-1]["response"]
    assert isinstance(whole, dict)
    assert opened == list(range(8)) == sorted(done)  # type: ignore[type-var]
    assert [done[place] for place in opened] == whole["output"]
    assert [item["type"] for item in whole["output"]] == [
        "reasoning",
        "reasoning",
        "reasoning",
        "message",
        "image_generation_call",
        "reasoning",
        "function_call",
        "function_call",
    ]
    assert [item["arguments"] for item in whole["output"][-2:]] == ['{"x":1}', "{}"]
    assert whole["output"][0]["encrypted_content"] == "pointsman.anthropic_messages.c2ln"
    assert [part["type"] for part in whole["output"][3]["content"]] == ["output_text", "refusal"]


def test_every_piece_names_the_item_it_belongs_to() -> None:
    documents = write(EVERYTHING)
    ids = {
        document["output_index"]: document["item"]["id"]  # type: ignore[index]
        for document in documents
        if document["type"] == "response.output_item.added"
    }
    for document in documents:
        if "item_id" in document:
            assert document["item_id"] == ids[document["output_index"]]
    assert len(set(ids.values())) == len(ids)


def test_the_answer_says_again_what_was_asked() -> None:
    for document in (write(EVERYTHING)[0], write(EVERYTHING)[-1]):
        whole = document["response"]
        assert isinstance(whole, dict)
        assert {name: whole[name] for name in BODY if name not in ("model", "input")} == {
            name: value for name, value in BODY.items() if name not in ("model", "input")
        }
        assert (whole["id"], whole["created_at"], whole["model"]) == ("resp_r1", ASKING.at_s, "claude-x")
        assert (whole["service_tier"], whole["store"], whole["truncation"]) == ("default", False, "disabled")


def test_usage_stands_in_the_last_event() -> None:
    assert write(EVERYTHING)[-1]["response"]["usage"] == {  # type: ignore[index]
        "input_tokens": 10,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 2},
        "output_tokens": 20,
        "output_tokens_details": {"reasoning_tokens": 8},
        "total_tokens": 30,
    }


ENDS: list[tuple[FinishReason, str, str | None]] = [
    ("stop", "completed", None),
    ("tool_calls", "completed", None),
    ("length", "incomplete", "max_output_tokens"),
    ("pause", "incomplete", "max_output_tokens"),
    ("content_filter", "incomplete", "content_filter"),
    ("refusal", "incomplete", "content_filter"),
]


@pytest.mark.parametrize(("finish", "status", "reason"), ENDS)
def test_ends(finish: FinishReason, status: str, reason: str | None) -> None:
    last = write([Started("", "m"), TextDelta("x"), Finished(finish), Ended()])[-1]
    answer = ChatAnswer("", "m", (Choice((Text("x"),), finish),))
    plain = json.loads(write_response(answer, ASKING))
    assert last["type"] == f"response.{status}"
    for whole in (last["response"], plain):
        assert isinstance(whole, dict)
        assert whole["status"] == status
        assert whole["incomplete_details"] == ({"reason": reason} if reason else None)


def test_a_refusal_in_words_is_an_answer() -> None:
    answer = ChatAnswer("", "m", (Choice((Refusal("No."),), "refusal"),))
    assert json.loads(write_response(answer, ASKING))["status"] == "completed"
    assert write([Started("", "m"), RefusalDelta("No."), Finished("refusal"), Ended()])[-1]["type"] == (
        "response.completed"
    )


def test_a_plain_answer_and_a_stream_have_the_same_items() -> None:
    answer = assemble_answer(EVERYTHING)
    assert answer is not None
    plain = write_response(answer, ASKING)
    Response.model_validate_json(plain, strict=True)
    assert json.loads(plain)["output"] == write(EVERYTHING)[-1]["response"]["output"]  # type: ignore[index]


def test_only_the_first_of_several_choices_is_told() -> None:
    answer = ChatAnswer("", "m", (Choice((Text("a"),), "stop"), Choice((Text("b"),), "stop", index=1)))
    assert len(json.loads(write_response(answer, ASKING))["output"]) == 1
    assert json.loads(write_response(ChatAnswer("", "m", ()), ASKING))["output"] == []


def test_a_call_without_arguments() -> None:
    last = write([Started("", "m"), ToolStarted(0, "c", "f"), Finished("tool_calls"), Ended()])[-1]
    answer = ChatAnswer("", "m", (Choice((ToolCall("c", "f", "{}"),), "tool_calls"),))
    assert last["response"]["output"] == json.loads(write_response(answer, ASKING))["output"]  # type: ignore[index]


def test_an_error_ends_a_stream_as_the_library_knows_it() -> None:
    events = encode_stream_error("upstream_stream_stalled", "the provider fell silent", "r1").split(b"\n\n")[:-1]
    documents = [json.loads(event.partition(b"data: ")[2]) for event in events]
    for document in documents:
        EVENT.validate_python(document, strict=True)
    assert [document["type"] for document in documents] == ["error", "response.failed"]
    assert documents[0]["code"] == "upstream_stream_stalled"
    assert documents[0]["sequence_number"] < documents[1]["sequence_number"]


@pytest.fixture
def address() -> Iterator[str]:
    """A server that streams everything to whoever asks."""
    stream = EventWriter(ASKING).write(EVERYTHING)

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.send_header("content-length", str(len(stream)))
            self.end_headers()
            self.wfile.write(stream)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_openais_library_follows_the_stream(address: str) -> None:
    with (
        openai.OpenAI(api_key="none", base_url=address, max_retries=0) as client,
        client.responses.stream(model="m", input="Hi") as stream,
    ):
        final = stream.get_final_response()
    assert final.output_text == "Hello"
    assert [item.type for item in final.output].count("function_call") == 2
    assert final.usage is not None and final.usage.total_tokens == 30


def test_our_own_reader_reads_what_is_written() -> None:
    reader = EventReader()
    events = reader.feed(EventWriter(ASKING).write(EVERYTHING))
    answer = assemble_answer([*events, *reader.finish()])
    assert answer is not None and answer.usage == Usage(10, 20, 4, 8, 2)
    texts = [part.text for part in answer.choices[0].parts if isinstance(part, Text | Refusal)]
    assert (texts, answer.choices[0].finish) == (["Hello", "No."], "tool_calls")
