"""Google's own SDK over a real socket: what it sends is understood, and what we answer it understands."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest
from google import genai
from google.genai import errors, types

from pointsman.core.chat.answer import (
    ChatAnswer,
    ChatEvent,
    Choice,
    Ended,
    Finished,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.conversation import AnswerFormat, Conversation, Message, Reasoning, Text, ToolCall, ToolResult
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.gemini.errors import encode_error, encode_stream_error
from pointsman.core.dialects.gemini.read_request import read_request
from pointsman.core.dialects.gemini.write_events import EventWriter
from pointsman.core.dialects.gemini.write_response import write_response

USAGE = Usage(5, 3)


class _Door(BaseHTTPRequestHandler):
    """Decodes as a door would; answers with a call first, then with text."""

    seen: list[tuple[ChatRequest, Conversation]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        model, _, method = urlsplit(self.path).path.removeprefix("/v1beta/models/").rpartition(":")
        is_stream = method == "streamGenerateContent"
        try:
            request = decode_generate(body, model, is_stream)
            conversation = read_request(request)
        except ClientError as error:
            self._answer(error.status, encode_error(error.status, error.code, error.message, error.param, "req-1"))
            return
        self.seen.append((request, conversation))
        asking = Asking(request, "req-1", 1)
        if not is_stream:
            self._answer(200, write_response(answer_to(conversation), asking))
        elif request.model == "broken":
            writer = EventWriter(asking)
            head = writer.write([Started("i", "m"), TextDelta("Hel")])
            self._answer(200, head + encode_stream_error("upstream_stream_interrupted", "It broke.", "req-1"))
        else:
            self._answer(200, EventWriter(asking).write(STREAM))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "text/event-stream" if body.startswith(b"data:") else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing."""


CALL = ToolCall("toolu_1", "get_weather", '{"city":"Rome"}')
STREAM: list[ChatEvent] = [
    Started("id-1", "claude"),
    ReasoningDelta("hm"),
    ReasoningSigned("S/G+", "anthropic"),
    TextDelta("Let me "),
    TextDelta("look."),
    ToolStarted(0, CALL.id, CALL.name),
    ToolDelta(0, CALL.arguments),
    Finished("tool_calls"),
    UsageSeen(USAGE),
    Ended(),
]


def answer_to(conversation: Conversation) -> ChatAnswer:
    if any(message.role == "tool" for message in conversation.messages):
        return ChatAnswer("id-2", "claude", (Choice((Text("Sunny."),), "stop"),), USAGE)
    return ChatAnswer("id-1", "claude", (Choice((Reasoning("hm", "S/G+", "anthropic"), CALL), "tool_calls"),), USAGE)


@contextmanager
def open_door() -> Iterator[tuple[genai.Client, list[tuple[ChatRequest, Conversation]]]]:
    seen: list[tuple[ChatRequest, Conversation]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Door", (_Door,), {"seen": seen}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    options = types.HttpOptions(base_url=f"http://127.0.0.1:{server.server_address[1]}")
    try:
        with genai.Client(api_key="pm_test", http_options=options) as client:
            yield client, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def get_weather(city: str, days: int = 1) -> str:
    """Tell the weather of a city."""
    return f"{city}: fine for {days}"


def test_functions_called_by_the_sdk_come_back_to_their_calls() -> None:
    with open_door() as (client, seen):
        config = types.GenerateContentConfig(tools=[get_weather], system_instruction="Be brief.", temperature=0.5)
        answer = client.models.generate_content(model="agent:helper", contents="Weather in Rome?", config=config)
    assert answer.text == "Sunny."
    assert answer.usage_metadata is not None and answer.usage_metadata.total_token_count == 8
    assert [request.model for request, _ in seen] == ["agent:helper", "agent:helper"]
    first, second = seen[0][1], seen[1][1]
    assert first.messages[0] == Message("system", (Text("Be brief."),)) and first.sampling.temperature == 0.5
    tool = first.tools[0]
    assert getattr(tool, "name", "") == "get_weather" and "city" in str(getattr(tool, "parameters", ""))
    assert second.messages[2].parts == (Reasoning("hm", "S/G+", "anthropic"), CALL)
    assert second.messages[3].parts == (ToolResult("toolu_1", (Text('{"result":"Rome: fine for 1"}'),), "get_weather"),)


def test_a_streamed_chat_goes_on() -> None:
    with open_door() as (client, seen):
        chat = client.chats.create(model="m")
        chunks = list(chat.send_message_stream("Weather in Rome?"))
        chat.send_message(types.Part.from_function_response(name="get_weather", response={"output": "fine"}))
    said = [part for chunk in chunks for part in (chunk.parts or [])]
    assert "".join(part.text or "" for part in said if not part.thought) == "Let me look."
    assert [part.function_call.args for part in said if part.function_call] == [{"city": "Rome"}]
    assert chunks[-1].usage_metadata is not None and chunks[-1].usage_metadata.prompt_token_count == 5
    assert seen[0][0].stream and not seen[1][0].stream
    history = seen[1][1].messages
    parts = [part for message in history if message.role == "assistant" for part in message.parts]
    assert parts == [Reasoning("hm", "S/G+", "anthropic"), Text("Let me look."), CALL]
    assert history[-1] == Message("tool", (ToolResult("toolu_1", (Text("fine"),), "get_weather"),))


def test_structured_output_and_images() -> None:
    with open_door() as (client, seen):
        config = types.GenerateContentConfig(
            response_mime_type="application/json",
            response_schema={"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
        )
        image = types.Part.from_bytes(data=b"\xfb\xff\xfe", mime_type="image/png")
        client.models.generate_content(model="m", contents=["What?", image], config=config)
    conversation = seen[0][1]
    assert conversation.answer_format == AnswerFormat({"type": "object", "properties": {"a": {"type": "string"}}})
    assert [type(part).__name__ for part in conversation.messages[0].parts] == ["Text", "Media"]


def test_our_errors_are_raised_as_googles() -> None:
    with open_door() as (client, _):
        with pytest.raises(errors.ClientError) as caught:
            client.models.generate_content(model="x" * 300, contents="hi")
        assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
        with pytest.raises(errors.ServerError) as broken:
            list(client.models.generate_content_stream(model="broken", contents="hi"))
        assert broken.value.code == 502 and "It broke." in str(broken.value)
