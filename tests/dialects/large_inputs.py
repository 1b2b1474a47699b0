"""Inputs of about a megabyte that make careless code work in vain: run as a program, it reads them all, or is ended.

The limit of its processor time is far above what all of it takes, and far below what any quadratic step would.
"""

import json
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from pointsman.core.chat.answer import ChatEvent, Ended, ReasoningDelta, Started, TextDelta, ToolDelta, ToolStarted
from pointsman.core.chat.answer import TokenLogprob as Token
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.table import DIALECTS

BYTES = 1_000_000
MOST_CPU_S = 60
MOST_MEMORY_BYTES = 2**30
Case = tuple[str, Callable[[], object]]


def _encode(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _translate(name: str, body: bytes) -> None:
    """Read a request, and write it for every provider."""
    client = DIALECTS[name].client
    assert client is not None
    try:
        request = decode_generate(body, "m", False) if name == "gemini" else client.decode_request(body)
        conversation = client.read_request(request)
    except ClientError:
        return
    for dialect in DIALECTS.values():
        assert dialect.provider is not None
        dialect.provider.encode_request(conversation, False, Target("m"))


def _list_requests() -> Iterator[Case]:
    called = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed = {**called, "extra_content": {"google": {"thought_signature": "s"}}}
    user = {"role": "user", "content": "a"}
    marked = {"role": "user", "name": "n", "content": [{"type": "text", "text": "a", "cache_control": {}}]}
    chats: dict[str, object] = {
        "many messages": [user, {"role": "system", "content": "b"}] * 4_999,
        "many calls": [{"role": "assistant", "tool_calls": [called] * 9_000}, user],
        "many losses": [*[marked] * 1_500, *[{"role": "assistant", "tool_calls": [signed] * 6_000}], user],
        "many results": [{"role": "tool", "tool_call_id": f"c{n}", "content": "r"} for n in range(9_000)],
        "deep": [{"role": "user", "content": [{"type": "text", "text": "[" * BYTES}]}],
        "long": [{"role": "user", "content": '\\"' * (BYTES // 4)}],
    }
    for name, messages in chats.items():
        yield f"chat, {name}", _bind("openai_chat", {"model": "m", "messages": messages})
    items: list[object] = [
        {"type": "function_call", "call_id": f"c{n}", "name": "f", "arguments": ""} for n in range(9_000)
    ]
    yield "responses, many items", _bind("openai_responses", {"model": "m", "input": items})
    use = [{"type": "tool_use", "id": f"c {n}", "name": "f", "input": {}} for n in range(2_000)]
    results = [{"type": "tool_result", "tool_use_id": f"c {n}", "content": "r"} for n in range(48)]
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": use},
        {"role": "user", "content": results},
    ]
    yield "messages, many calls", _bind("anthropic_messages", {"model": "m", "max_tokens": 1, "messages": turns})
    parts: list[object] = [{"functionCall": {"name": "f"}}] * 1_000
    answers: list[object] = [{"functionResponse": {"name": "f", "response": {}}}] * 1_000
    contents = [{"role": "model", "parts": parts}, {"role": "user", "parts": answers}]
    yield "gemini, many calls", _bind("gemini", {"contents": contents})
    yield "gemini, names", _bind("gemini", {"contents": contents[:1], "_" * BYTES: 1})


def _bind(name: str, fields: object) -> Callable[[], object]:
    body = _encode(fields)
    return lambda: _translate(name, body)


def _follow(name: str, pieces: list[bytes]) -> None:
    """Read a provider's stream in all ways, and tell it to every client."""
    dialect = DIALECTS[name]
    assert dialect.provider is not None
    reader = dialect.provider.read_stream()
    events = [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]
    if dialect.verbatim is not None:
        follower = dialect.verbatim.read_stream(True)
        for piece in pieces:
            follower.feed(piece)
        follower.finish()
    try:
        assemble_answer(events)
    except UpstreamFailure:
        return
    _tell(events)


def _tell(events: list[ChatEvent]) -> None:
    for name, dialect in DIALECTS.items():
        if dialect.client is not None:
            writer = dialect.client.write_stream(Asking(ChatRequest("m", True, True, b"{}", {}, name), "r", 1))
            for event in events:
                writer.write([event])


def _list_streams() -> Iterator[Case]:
    for name in DIALECTS:
        for kind, stream in (
            ("one line", b"data: " + b"x" * BYTES),
            ("line ends", b"\n\r" * (BYTES // 2)),
            ("empty events", b"data:\n\n" * (BYTES // 7)),
            ("zeros", b"\x00" * BYTES),
        ):
            for size, most in ((17, BYTES // 4), (BYTES, BYTES)):
                pieces = [stream[at : at + size] for at in range(0, most, size)]
                yield f"{name}, {kind} by {size}", partial(_follow, name, pieces)
    delta = {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"arguments": "x" * 16}}]}}]}
    chunk = b"data: %b\n\n" % _encode(delta)
    yield "chat, nameless call", lambda: _follow("openai_chat", [chunk] * (BYTES // len(chunk)))
    for name in DIALECTS:
        yield f"{name}, flood", partial(_flood, name)
    frame = _frame(b"{}")
    yield "frames", lambda: _follow("bedrock_converse", [frame * (BYTES // len(frame))])


def _flood(name: str) -> None:
    """Feed what never ends; whoever kept it all would run out of what it may have."""
    dialect, piece = DIALECTS[name], b"data: " + b"x" * BYTES
    assert dialect.provider is not None
    readers: list[object] = [dialect.provider.read_stream()]
    if dialect.verbatim is not None:
        readers.append(dialect.verbatim.read_stream(True))
    for reader in readers:
        for _ in range(MOST_MEMORY_BYTES // BYTES):
            reader.feed(piece)  # type: ignore[attr-defined]


def _frame(payload: bytes) -> bytes:
    prelude = struct.pack(">II", 16 + len(payload), 0)
    head = prelude + struct.pack(">I", zlib.crc32(prelude)) + payload
    return head + struct.pack(">I", zlib.crc32(head))


def _list_events() -> Iterator[Case]:
    """Streams of the hub that writers of clients' formats could work over again and again."""
    start, end = Started("a", "m"), Ended()
    opened = [ToolStarted(number, f"c{number}", "f") for number in range(500)]
    growing: list[ChatEvent] = [start, ToolStarted(0, "c", "f"), ToolDelta(0, '{"a":"')]
    for _ in range(4_000):
        growing += [ToolDelta(0, "x" * 200 + "}"), TextDelta("a"), ReasoningDelta("b")]
    yield "a growing call", lambda: _tell([*growing, end])
    several: list[ChatEvent] = [start, *opened, *[ToolDelta(n, '{"a":"' + "x" * 1_000) for n in range(500)]]
    several += [TextDelta("a"), ReasoningDelta("b")] * 2_000
    yield "calls that never end", lambda: _tell([*several, end])
    tokens = [TextDelta("a", 0, (Token("a", -0.5),)) for _ in range(10_000)]
    yield "many tokens", lambda: assemble_answer([start, *tokens, end])


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    for name, run in (*_list_requests(), *_list_streams(), *_list_events()):
        before = time.process_time()
        run()
        sys.stdout.write(f"{time.process_time() - before:6.2f} s  {name}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
