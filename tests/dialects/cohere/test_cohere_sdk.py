"""The official SDK, over a real socket, reads every answer and stream that we write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import cohere
import pytest
from cohere.core.api_error import ApiError
from cohere.v2.types.v2chat_response import V2ChatResponse

from pointsman.core.chat.answer import ChatAnswer, Choice, TokenLogprob
from pointsman.core.chat.assemble import break_up_answer
from pointsman.core.chat.conversation import Media, Reasoning, Refusal, Text, ToolCall
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.cohere.decode_request import decode_request
from pointsman.core.dialects.cohere.errors import encode_error, encode_stream_error
from pointsman.core.dialects.cohere.read_request import read_request
from pointsman.core.dialects.cohere.write_events import EventWriter
from pointsman.core.dialects.cohere.write_response import write_response
from pointsman.core.dialects.dialect import Asking

ASKING = Asking(ChatRequest("agent:a", True, True, b"{}", {}, dialect="cohere"), "req-1", 1_790_000_000)
HELLO = [{"role": "user", "content": "hello"}]
ANSWER = ChatAnswer(
    "",
    "some-model",
    (
        Choice(
            (
                Reasoning("I think.", "c2ln", "anthropic_messages"),
                Text("It is "),
                Media("image", "image/png", data="AAAA"),
                Refusal("not for me."),
                ToolCall("c1", "weather", '{"city":"Bern"}', "dGhvdWdodA", "gemini"),
                ToolCall("c2", "now", "{}"),
            ),
            "tool_calls",
            logprobs=(TokenLogprob("It", -0.5), TokenLogprob(" is ", -0.1)),
        ),
    ),
    Usage(30, 12, 20),
)


@contextmanager
def serve(body: bytes, content_type: str, status: int = 200) -> Iterator[tuple[cohere.ClientV2, list[bytes]]]:
    """A client of a server that answers every request in the same way and keeps what it was sent."""
    seen: list[bytes] = []

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield cohere.ClientV2("pm_key", base_url=f"http://127.0.0.1:{server.server_port}"), seen
        finally:
            server.shutdown()
            thread.join()


def test_a_plain_answer() -> None:
    body = write_response(ANSWER, ASKING)
    V2ChatResponse.model_validate_json(body)
    with serve(body, "application/json") as (client, _):
        answer = client.chat(model="agent:a", messages=HELLO)
    assert (answer.id, answer.finish_reason) == ("req-1", "TOOL_CALL")
    assert [part.type for part in answer.message.content or ()] == ["thinking", "text", "text"]
    assert answer.message.tool_plan is None
    calls = answer.message.tool_calls or []
    assert [(call.id, call.function and call.function.arguments) for call in calls] == [
        ("c1", '{"city":"Bern"}'),
        ("c2", "{}"),
    ]
    assert answer.usage and answer.usage.tokens and answer.usage.billed_units
    assert (answer.usage.tokens.input_tokens, answer.usage.billed_units.output_tokens) == (30, 12)
    assert [(item.text, item.logprobs) for item in answer.logprobs or ()] == [("It", [-0.5]), (" is ", [-0.1])]


def test_what_the_sdk_hands_back_still_proves_whose_thought_it_is() -> None:
    with serve(write_response(ANSWER, ASKING), "application/json") as (client, seen):
        answer = client.chat(model="agent:a", messages=HELLO)
        client.chat(model="agent:a", messages=[*HELLO, answer.message])
    parts = read_request(decode_request(seen[1])).messages[1].parts
    assert parts[0] == Reasoning("I think.", "c2ln", "anthropic_messages")
    assert parts[3] == ToolCall("c1", "weather", '{"city":"Bern"}', "dGhvdWdodA", "gemini")


def test_a_stream() -> None:
    stream = EventWriter(ASKING).write(break_up_answer(ANSWER))
    with serve(stream, "text/event-stream") as (client, _):
        events = list(client.chat_stream(model="agent:a", messages=HELLO))
    assert [event.type for event in events] == [
        "message-start",
        "content-start",
        "content-delta",
        "content-delta",
        "content-end",
        "content-start",
        "content-delta",
        "content-delta",
        "content-end",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "tool-call-start",
        "tool-call-delta",
        "tool-call-end",
        "message-end",
    ]
    assert events[0].id == "req-1"
    assert events[6].delta.message.content.text == "It is "
    assert events[6].logprobs.logprobs == [-0.5, -0.1]
    assert events[9].delta.message.tool_calls.function.name == "weather"
    assert events[10].delta.message.tool_calls.function.arguments == '{"city":"Bern"}'
    assert events[-1].delta.finish_reason == "TOOL_CALL"
    assert events[-1].delta.usage.tokens.output_tokens == 12


def test_a_broken_stream_says_so() -> None:
    stream = encode_stream_error("upstream_error", "The provider failed.", "req-1")
    with serve(stream, "text/event-stream") as (client, _):
        (event,) = client.chat_stream(model="agent:a", messages=HELLO)
    assert (event.type, event.delta.finish_reason, event.delta.error) == (
        "message-end",
        "ERROR",
        "The provider failed.",
    )


def test_an_error() -> None:
    body = encode_error(404, "model_not_found", "There is no such model.", "model", "req-1")
    with serve(body, "application/json", 404) as (client, _), pytest.raises(ApiError) as refusal:
        client.chat(model="agent:a", messages=HELLO)
    assert refusal.value.status_code == 404
    assert refusal.value.body["message"] == "There is no such model."  # type: ignore[index]


def test_what_the_sdk_sends_is_understood() -> None:
    with serve(write_response(ANSWER, ASKING), "application/json") as (client, seen):
        client.chat(
            model="agent:a",
            messages=[cohere.UserChatMessageV2(content=[cohere.TextContent(text="hello")])],
            tools=[cohere.ToolV2(function=cohere.ToolV2Function(name="f", parameters={"type": "object"}))],
            response_format=cohere.JsonObjectResponseFormatV2(),
            thinking=cohere.Thinking(type="enabled", token_budget=50),
            documents=[cohere.Document(data={"text": "x"}), "y"],
            safety_mode="STRICT",
            stop_sequences=["end"],
        )
    conversation = read_request(decode_request(seen[0]))
    assert [type(part) for part in conversation.messages[0].parts] == [Media, Media, Text]
    assert conversation.answer_format is not None and conversation.thinking is not None
    assert conversation.extra == {"safety_mode": "STRICT"}
