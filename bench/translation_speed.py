"""Prints what translation costs between every two formats: a request of 2 kB, and one event of a stream, each way.

Times are of the processor, the best of many short rounds; on the diagonal is the short way, on which bytes stay.
"""

import argparse
import gc
import json
import struct
import sys
import time
import zlib
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from pointsman.core.chat.answer import ChatEvent, Ended, Finished, Started, TextDelta, UsageSeen
from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.usage import Usage
from pointsman.core.dialects.dialect import Asking, ClientSide, ProviderSide, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.table import DIALECTS

REQUEST_BYTES = 2_048
EVENTS = 100
MOST_REQUEST_US, MOST_EVENT_US = 60.0, 8.0
HELD = (("openai_chat", "anthropic_messages"), ("anthropic_messages", "openai_chat"))
"""The pairs that have to keep to the limits."""

CLIENTS = [name for name, dialect in DIALECTS.items() if dialect.client is not None]
_encode = msgspec.json.Encoder().encode


def write_chat() -> bytes:
    """A request in OpenAI's chat format: a system prompt, some turns, a call with its result, two tools."""
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    functions = [
        {"name": name, "description": f"Looks up the {name}.", "parameters": schema} for name in ("weather", "time")
    ]
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}
    words = "What people write is not long, but there is a lot of it, and all of it has to arrive. "
    messages: list[dict[str, object]] = [
        {"role": "system", "content": "You are a helpful assistant who answers shortly."},
        {"role": "user", "content": words * 2},
        {"role": "assistant", "content": words},
        {"role": "user", "content": [{"type": "text", "text": "And the weather in Paris?"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"celsius": 21, "sky": "clear"}'},
        {"role": "user", "content": "Thank you. "},
    ]
    fields = {"model": "some-model", "messages": messages, "temperature": 0.7, "max_tokens": 500}
    fields["tools"] = [{"type": "function", "function": function} for function in functions]
    missing = REQUEST_BYTES - len(json.dumps(fields))
    messages[-1]["content"] = "Thank you. " + (words * 20)[: max(missing, 0)]
    return json.dumps(fields).encode()


def write_request(client: str) -> bytes:
    """The same request in a client's format."""
    chat = _client("openai_chat")
    conversation = chat.read_request(chat.decode_request(write_chat()))
    return _encode(_provider(client).encode_request(conversation, False, Target("some-model")).fields)


def decode(client: str, body: bytes) -> ChatRequest:
    """A body as the door decodes it; Gemini's has its model in the URL."""
    return decode_generate(body, "some-model", False) if client == "gemini" else _client(client).decode_request(body)


def translate(client: str, provider: str, body: bytes) -> bytes:
    """A request on its way: decoded, read, encoded, written."""
    request = decode(client, body)
    verbatim = DIALECTS[provider].verbatim
    target = Target("other-model")
    if client == provider and verbatim is not None:
        return verbatim.rewrite_request(request, target).body
    conversation = _client(client).read_request(request)
    return _encode(_provider(provider).encode_request(conversation, False, target).fields)


def write_stream(provider: str) -> list[bytes]:
    """A provider's stream, event by event; Bedrock's format has no clients, so that its frames are made here."""
    if provider == "bedrock_converse":
        delta = {"contentBlockIndex": 0, "delta": {"text": " word"}}
        frames = [_frame("messageStart", {"role": "assistant"}), *[_frame("contentBlockDelta", delta)] * EVENTS]
        return [*frames, _frame("messageStop", {"stopReason": "end_turn"})]
    writer = _client(provider).write_stream(_ask(provider))
    said: list[ChatEvent] = [TextDelta(" word") for _ in range(EVENTS)]
    events = [
        Started("answer_1", "some-model", 1_790_000_000),
        *said,
        Finished("stop"),
        UsageSeen(Usage(9, 9)),
        Ended(),
    ]
    return [data for event in events if (data := writer.write([event]))]


def follow(client: str, provider: str, stream: Sequence[bytes]) -> None:
    """A stream on its way: each event read and written by itself."""
    reader, writer = _provider(provider).read_stream(), _client(client).write_stream(_ask(client))
    for data in stream:
        events = reader.feed(data)
        if events:
            writer.write(events)
    writer.write(reader.finish())


def measure_us(work: Callable[[], object], repeats: int, rounds: int) -> float:
    """Microseconds of the processor for one run, in the best of several rounds."""
    best = float("inf")
    for _ in range(rounds):
        before = time.process_time()
        for _ in range(repeats):
            work()
        best = min(best, time.process_time() - before)
    return best / repeats * 1e6


def print_table(title: str, times: dict[tuple[str, str], float]) -> None:
    """One row for each client's format, one column for each provider's."""
    providers = list(DIALECTS)
    sys.stdout.write(f"\n| {title:<26} | " + " | ".join([f"{name:>18}" for name in providers]) + " |\n")
    sys.stdout.write("|" + "-" * 28 + "|" + "|".join(["-" * 19 + ":" for _ in providers]) + "|\n")
    for client in CLIENTS:
        row = " | ".join([f"{times[client, provider]:18.1f}" for provider in providers])
        sys.stdout.write(f"| {client:<26} | {row} |\n")


def main() -> int:
    """Measure all pairs; 1 when one that has to keep to a limit does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=400, help="how often each pair is measured; the best counts")
    rounds = parser.parse_args().rounds
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)  # as the gateway has it
    requests, events = {}, {}
    for client in CLIENTS:
        body = write_request(client)
        for provider in DIALECTS:
            requests[client, provider] = measure_us(partial(translate, client, provider, body), 5, rounds)
            stream = write_stream(provider)
            events[client, provider] = measure_us(partial(follow, client, provider, stream), 1, rounds // 4) / EVENTS
    print_table("us per request of 2 kB", requests)
    print_table("us per event of a stream", events)
    late = [pair for pair in HELD if requests[pair] > MOST_REQUEST_US or events[pair] > MOST_EVENT_US]
    for pair in late:
        sys.stdout.write(f"\n{' to '.join(pair)} takes longer than {MOST_REQUEST_US} us or {MOST_EVENT_US} us.\n")
    return 1 if late else 0


def _client(name: str) -> ClientSide:
    client = DIALECTS[name].client
    assert client is not None, "only formats with clients are asked for"
    return client


def _provider(name: str) -> ProviderSide:
    provider = DIALECTS[name].provider
    assert provider is not None, "every format has providers"
    return provider


def _ask(client: str) -> Asking:
    return Asking(ChatRequest("some-model", True, True, b"{}", {}, client), "req-1", 1_790_000_000)


def _frame(kind: str, document: object) -> bytes:
    headers = b"".join([_header(":message-type", "event"), _header(":event-type", kind)])
    payload = _encode(document)
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + payload
    return head + struct.pack(">I", zlib.crc32(head))


def _header(name: str, value: str) -> bytes:
    return b"%c%b\x07%b%b" % (len(name), name.encode(), struct.pack(">H", len(value)), value.encode())


if __name__ == "__main__":
    sys.exit(main())
