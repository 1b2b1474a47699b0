"""Whatever comes, from a client or a provider: nothing but the two refusals that are meant for it."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.answer import Failed
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.decode_request import decode_request
from pointsman.core.dialects.anthropic_messages.decode_response import decode_response
from pointsman.core.dialects.anthropic_messages.encode_request import encode_request
from pointsman.core.dialects.anthropic_messages.errors import classify_status
from pointsman.core.dialects.anthropic_messages.read_answer import read_answer
from pointsman.core.dialects.anthropic_messages.read_events import EventReader
from pointsman.core.dialects.anthropic_messages.read_request import read_request
from pointsman.core.dialects.anthropic_messages.read_response import read_response
from pointsman.core.dialects.anthropic_messages.rewrite_request import rewrite_request
from pointsman.core.dialects.anthropic_messages.stream import StreamReader
from pointsman.core.dialects.anthropic_messages.terms import NAME
from pointsman.core.dialects.anthropic_messages.write_events import EventWriter
from pointsman.core.dialects.anthropic_messages.write_response import write_response
from pointsman.core.dialects.dialect import Asking, Target

GOLDEN = Path(__file__).parent.parent / "golden" / NAME
REQUESTS = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/request.json"))]
RESPONSES = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/response.json"))]
STREAMS = [path.read_bytes() for path in sorted(GOLDEN.glob("*/stream.*"))]
ASKING = Asking(ChatRequest("m", True, True, b"{}", {}, NAME), "req-1", 0)
PARAMETERS = (("reasoning_effort", "low"), ("temperature", 0.5), ("parallel_tool_calls", False), ("stop", ("x",)))

ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", "text", "\ud7ff", [], [1], ["x"], {}, {"type": "text"}, {"type": []}]
)


def count_places(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(count_places, inner))


def change(value: object, place: int, odd: object) -> object:
    """The same with what stands at one place, counted from the outside, changed."""
    if place == 0:
        return odd
    place -= 1
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        size = count_places(inner)
        if place < size:
            changed = dict(value) if isinstance(value, dict) else list(value)  # type: ignore[call-overload]
            changed[key] = change(inner, place, odd)
            return changed
        place -= size
    return value


@st.composite
def mutated(draw: st.DrawFn, goldens: list[object]) -> bytes:
    value = draw(st.sampled_from(goldens))
    for _ in range(draw(st.integers(1, 3))):
        value = change(value, draw(st.integers(0, count_places(value) - 1)), draw(ODD))
    return msgspec.json.encode(value)


def go_through(body: bytes) -> None:
    """All that is done with a request."""
    request = decode_request(body)
    rewrite_request(request, Target("claude-opus-5", parameters=PARAMETERS))
    conversation = read_request(request)
    for model in ("m", "claude-haiku-4-5"):
        msgspec.json.encode(encode_request(conversation, request.stream, Target(model)).fields)


@given(mutated(REQUESTS) | st.binary(max_size=60))
def test_requests(body: bytes) -> None:
    try:
        go_through(body)
    except ClientError as error:
        assert error.status == 400 and error.code and error.message


@given(mutated(RESPONSES) | st.binary(max_size=60))
def test_answers(body: bytes) -> None:
    read_answer(body)
    classify_status(400, body)
    try:
        decode_response(body)
        write_response(read_response(body), ASKING)
    except UpstreamFailure as failure:
        assert failure.sent and failure.detail


def cut_in_lines(stream: bytes) -> list[object]:
    return [json.loads(line.removeprefix(b"data: ")) for line in stream.splitlines() if line.startswith(b"data: {")]


@given(mutated([cut_in_lines(stream) for stream in STREAMS]))
def test_streams(documents: bytes) -> None:
    value = msgspec.json.decode(documents)
    listed = value if type(value) is list else [value]
    follow(b"".join([b"data: %b\n\n" % msgspec.json.encode(document) for document in listed]))


@given(st.sampled_from(STREAMS), st.integers(0, 3_000), st.binary(max_size=8))
def test_streams_with_bytes_changed(stream: bytes, at: int, odd: bytes) -> None:
    follow(stream[:at] + odd + stream[at + len(odd) :])


def follow(stream: bytes) -> None:
    reader, passing = EventReader(), StreamReader(True)
    events = [*reader.feed(stream), *reader.finish()]
    failed = [event for event in events if isinstance(event, Failed)]
    assert len(failed) <= 1 and all(event is events[-1] for event in failed)
    EventWriter(ASKING).write([event for event in events if event not in failed])
    passing.feed(stream)
    passing.finish()
    assert passing.done or passing.failure is not None


@pytest.mark.parametrize("deep", [b"[" * 70 + b"]" * 70, b'{"a":' * 70 + b"1" + b"}" * 70])
def test_a_deep_body_is_refused(deep: bytes) -> None:
    with pytest.raises(ClientError) as caught:
        decode_request(b'{"model":"m","max_tokens":1,"messages":%b}' % deep)
    assert caught.value.code == "too_deep"
