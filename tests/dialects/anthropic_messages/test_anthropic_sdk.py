"""The official SDK, over a real socket, reads every answer, stream and error that we write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import anthropic
import pytest
from anthropic import Anthropic
from anthropic.types import MessageParam

from pointsman.core.chat.answer import ChatAnswer, Choice
from pointsman.core.chat.assemble import break_up_answer
from pointsman.core.chat.conversation import Reasoning, Text, ToolCall
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request, read_count_tokens_request
from pointsman.core.dialects.anthropic_messages.errors import encode_error, encode_stream_error
from pointsman.core.dialects.anthropic_messages.read_request import read_request
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_events import EventWriter
from pointsman.core.dialects.anthropic_messages.write_response import write_response
from pointsman.core.dialects.dialect import Asking

ASKING = Asking(ChatRequest("agent:clerk", True, True, b"{}", {}, NAME), "req-1", 0)
HELLO: list[MessageParam] = [{"role": "user", "content": "hello"}]
THOUGHT = Reasoning("I think.", "c2ln", "gemini")
CALL = ToolCall("call_1", "look", '{"at":["sky",1.5]}', "Y2FsbA", "gemini")
ANSWER = ChatAnswer("", "some-model", (Choice((THOUGHT, Text("It is blue."), CALL), "tool_calls"),), Usage(30, 12, 20))


@contextmanager
def serve(
    body: bytes, content_type: str = "application/json", status: int = 200
) -> Iterator[tuple[Anthropic, list[bytes]]]:
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
        base_url = f"http://127.0.0.1:{server.server_port}"
        try:
            with Anthropic(api_key="pm_key", base_url=base_url, max_retries=0) as client:
                yield client, seen
        finally:
            server.shutdown()
            thread.join()


def check(message: anthropic.types.Message, sent: bytes) -> None:
    assert (message.id, message.model, message.stop_reason) == ("msg_req-1", "some-model", "tool_use")
    assert [block.type for block in message.content] == ["thinking", "text", "redacted_thinking", "tool_use"]
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (10, 20)
    assert message.usage.output_tokens == 12
    assert decode_request(sent).model == "agent:clerk"


def test_a_plain_answer_that_comes_back_is_what_it_was() -> None:
    with serve(write_response(ANSWER, ASKING)) as (client, seen):
        message = client.messages.create(model="agent:clerk", max_tokens=9, messages=HELLO)
        check(message, seen[0])
        client.messages.create(model="agent:clerk", max_tokens=9, messages=[*HELLO, message.to_param()])
    parts = read_request(decode_request(seen[1])).messages[1].parts
    assert parts == ANSWER.choices[0].parts


def test_a_stream() -> None:
    stream = EventWriter(ASKING).write(break_up_answer(ANSWER))
    with serve(stream, "text/event-stream") as (client, seen):
        with client.messages.stream(model="agent:clerk", max_tokens=9, messages=HELLO) as events:
            message = events.get_final_message()
        check(message, seen[0])
        plain = client.messages.create(model="agent:clerk", max_tokens=9, messages=HELLO, stream=True)
        kinds = [event.type for event in plain]
    assert kinds[0] == "message_start" and kinds[-2:] == ["message_delta", "message_stop"]
    assert kinds.count("content_block_start") == kinds.count("content_block_stop") == 4


def test_counting_tokens() -> None:
    with serve(b'{"input_tokens":5}') as (client, seen):
        assert client.messages.count_tokens(model="agent:clerk", messages=HELLO).input_tokens == 5
    assert read_count_tokens_request(seen[0]).operation == "count_tokens"


@pytest.mark.parametrize(
    ("status", "code", "kind", "raised"),
    [
        (400, "invalid_messages", "invalid_request_error", anthropic.BadRequestError),
        (401, "invalid_api_key", "authentication_error", anthropic.AuthenticationError),
        (403, "key_disabled", "permission_error", anthropic.PermissionDeniedError),
        (404, "model_not_found", "not_found_error", anthropic.NotFoundError),
        (413, "request_too_large", "request_too_large", anthropic.APIStatusError),
        (429, "budget_exceeded", "billing_error", anthropic.RateLimitError),
        (429, "upstream_rate_limited", "rate_limit_error", anthropic.RateLimitError),
        (502, "upstream_error", "api_error", anthropic.InternalServerError),
        (503, "upstream_overloaded", "overloaded_error", anthropic.APIStatusError),
        (504, "upstream_timeout", "timeout_error", anthropic.APIStatusError),
    ],
)
def test_errors(status: int, code: str, kind: str, raised: type[anthropic.APIStatusError]) -> None:
    body = encode_error(status, code, "Do something else.", "messages[0]", "req-1")
    with serve(body, status=status) as (client, _), pytest.raises(raised) as caught:
        client.messages.create(model="m", max_tokens=9, messages=HELLO)
    error = caught.value
    assert (error.status_code, error.type, error.error_code) == (status, kind, code)
    assert error.api_message == "Do something else."
    assert type(error.body) is dict and error.body["request_id"] == "req-1" and error.body["error"]["code"] == code


def test_a_stream_that_breaks() -> None:
    begun = EventWriter(ASKING).write(break_up_answer(ANSWER)[:3])
    stream = begun + encode_stream_error("upstream_stream_interrupted", "The provider ended early.", "req-1")
    with (
        serve(stream, "text/event-stream") as (client, _),
        pytest.raises(anthropic.APIStatusError, match="upstream_stream_interrupted"),
        client.messages.stream(model="m", max_tokens=9, messages=HELLO) as events,
    ):
        events.get_final_message()
