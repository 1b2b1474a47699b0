"""The official SDKs, over a real socket, take an answer that was cut for one that reached its limit."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic
import cohere
import openai
import pytest
from google import genai
from google.genai.types import HttpOptions

from dialects.cut_streams import CLIENTS, Cut, cut_everywhere, read_as, recorded_streams, text_of

MOST_CUTS = 4
"""Of one recorded stream; evenly spread."""


class Server:
    """Answers every request with the stream that it is to give."""

    def __init__(self) -> None:
        self.stream = b""
        told = self

        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length", 0)))
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(told.stream)))
                self.end_headers()
                self.wfile.write(told.stream)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.http.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    started = Server()
    thread = threading.Thread(target=started.http.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield started
    finally:
        started.http.shutdown()
        thread.join()
        started.http.server_close()


def read_chat(url: str) -> tuple[str, str]:
    text, reason = "", ""
    with openai.OpenAI(api_key="pm_key", base_url=url, max_retries=0) as client:
        for event in client.chat.completions.create(model="m", messages=[], stream=True):
            for choice in event.choices:
                if choice.index == 0:
                    text += choice.delta.content or choice.delta.refusal or ""
                    reason = choice.finish_reason or reason
        with client.chat.completions.stream(model="m", messages=[]) as helped:
            helped.until_done()
    return text, reason


def read_responses(url: str) -> tuple[str, str]:
    with openai.OpenAI(api_key="pm_key", base_url=url, max_retries=0) as client:
        events = list(client.responses.create(model="m", input="hi", stream=True))
        with client.responses.stream(model="m", input="hi") as helped:
            assert len(list(helped)) == len(events)
    last = events[-1]
    assert [event.sequence_number for event in events] == sorted({event.sequence_number for event in events})
    assert last.type == "response.incomplete" and last.response.status == "incomplete"
    opened = {event.output_index for event in events if event.type == "response.output_item.added"}
    closed = {event.output_index for event in events if event.type == "response.output_item.done"}
    assert opened == closed and len(last.response.output) == len(opened)
    told = [event.delta for event in events if event.type in ("response.output_text.delta", "response.refusal.delta")]
    contents = [item.content for item in last.response.output if item.type == "message"]
    words = [part.text if part.type == "output_text" else part.refusal for content in contents for part in content]
    assert "".join(words) == "".join(told), "the end tells again what came"
    assert last.response.incomplete_details is not None
    return "".join(told), str(last.response.incomplete_details.reason)


def read_messages(url: str) -> tuple[str, str]:
    with (
        anthropic.Anthropic(api_key="pm_key", base_url=url, max_retries=0) as client,
        client.messages.stream(model="m", messages=[], max_tokens=9) as helped,
    ):
        message = helped.get_final_message()
    assert message.usage.output_tokens >= 0
    return "".join([block.text for block in message.content if block.type == "text"]), str(message.stop_reason)


def read_gemini(url: str) -> tuple[str, str]:
    text, reason = "", ""
    with genai.Client(api_key="pm_key", http_options=HttpOptions(base_url=url)) as client:
        for chunk in client.models.generate_content_stream(model="m", contents="hi"):
            for candidate in chunk.candidates or ():
                if not candidate.index:
                    parts = (candidate.content and candidate.content.parts) or ()
                    text += "".join([part.text or "" for part in parts if not part.thought])
                    reason = candidate.finish_reason.name if candidate.finish_reason else reason
    return text, reason


def read_cohere(url: str) -> tuple[str, str]:
    client = cohere.ClientV2("pm_key", base_url=url)
    events = list(client.chat_stream(model="m", messages=[{"role": "user", "content": "hi"}]))
    told = [event.delta.message.content for event in events if event.type == "content-delta"]
    (last,) = [event for event in events if event.type == "message-end"]
    return "".join([content.text or "" for content in told]), str(last.delta.finish_reason)


SDKS: dict[str, tuple[Callable[[str], tuple[str, str]], str, str]] = {
    "openai_chat": (read_chat, "/v1", "length"),
    "openai_responses": (read_responses, "/v1", "max_output_tokens"),
    "anthropic_messages": (read_messages, "", "max_tokens"),
    "gemini": (read_gemini, "", "MAX_TOKENS"),
    "cohere": (read_cohere, "", "MAX_TOKENS"),
}


BEYOND = {("gemini", "line-ends-and-comments"), ("openai_chat", "thoughts-in-content")}
"""What an SDK cannot read, cut or not: for Google's U+2028 ends a line, and OpenAI's knows no lists of parts."""


def pick_cuts(provider: str, client: str) -> Iterator[Cut]:
    for path in recorded_streams(provider):
        if (client, path.parent.name) in BEYOND:
            continue
        cuts = [cut for cut in cut_everywhere(path, client) if not cut.ended]
        yield from cuts[:: max(1, len(cuts) // MOST_CUTS)][-MOST_CUTS:]


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("provider", ["anthropic_messages", "openai_chat", "own"])
def test_the_sdk_takes_it_for_an_answer_at_its_limit(provider: str, client: str, server: Server) -> None:
    """The short way of each format, and translations from two that tell their answers differently."""
    read, path, reason = SDKS[client]
    seen = 0
    for cut in pick_cuts(client if provider == "own" else provider, client):
        server.stream = cut.before + cut.end
        text, ended = read(server.url + path)
        assert ended == reason, cut.end
        assert text == text_of(read_as(client, server.stream)), cut.end
        seen += 1
    assert seen
