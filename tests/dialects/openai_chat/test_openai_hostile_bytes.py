"""Whatever bytes come, from a client or a provider: only the errors that are meant for it come out."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.answer import Ended, Failed
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.dialect import Target
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.dialects.openai_chat.encode_request import encode_request
from pointsman.core.dialects.openai_chat.read_events import EventReader
from pointsman.core.dialects.openai_chat.read_request import read_request
from pointsman.core.dialects.openai_chat.read_response import read_response

GOLDEN = Path(__file__).parent.parent / "golden" / "openai_chat"
REQUESTS = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/request.json"))]
RESPONSES = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/response.json"))]
STREAMS = [path.read_bytes().replace(b"\r\n", b"\n") for path in sorted(GOLDEN.glob("*/stream.sse"))]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | st.sampled_from(["", "x", "text", "function"]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from(["type", "text", "id"]), below),
    max_leaves=4,
)


def find_places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = document.items() if isinstance(document, dict) else ()
    if isinstance(document, list):
        items = enumerate(document)
    return [path, *(place for key, value in items for place in find_places(value, (*path, key)))]


def put(document: Any, path: tuple[Any, ...], value: object) -> object:
    if not path:
        return value
    changed = dict(document) if isinstance(document, dict) else list(document)
    changed[path[0]] = put(document[path[0]], path[1:], value)
    return changed


@st.composite
def mutate(draw: st.DrawFn, documents: list[Any]) -> bytes:
    document = draw(st.sampled_from(documents))
    for _ in range(draw(st.integers(1, 2))):
        document = put(document, draw(st.sampled_from(find_places(document))), draw(JSON))
    return json.dumps(document).encode()


@given(mutate(REQUESTS) | st.binary(max_size=40))
def test_a_request_is_read_or_refused(body: bytes) -> None:
    try:
        request = decode_request(body)
        conversation = read_request(request)
    except ClientError as refusal:
        assert refusal.status == 400 and refusal.message
        return
    draft = encode_request(conversation, request.stream, Target("up"))
    assert msgspec.json.encode(draft.fields) and len(set(draft.losses)) == len(draft.losses)


@given(mutate(RESPONSES) | st.binary(max_size=40))
def test_an_answer_is_read_or_a_failure(body: bytes) -> None:
    try:
        answer = read_response(body)
    except UpstreamFailure as failure:
        assert failure.sent
        return
    assert answer.choices is not None


@st.composite
def mutate_stream(draw: st.DrawFn) -> bytes:
    events = draw(st.sampled_from(STREAMS)).split(b"\n\n")
    place = draw(st.integers(0, len(events) - 1))
    data = events[place].removeprefix(b"data: ")
    if data.startswith(b"{") and draw(st.booleans()):
        document = json.loads(data)
        data = json.dumps(put(document, draw(st.sampled_from(find_places(document))), draw(JSON))).encode()
        events[place] = b"data: " + data
    else:
        events[place] = events[place][: draw(st.integers(0, len(events[place])))] + draw(st.binary(max_size=5))
    return b"\n\n".join(events)


@given(mutate_stream(), st.integers(1, 300))
def test_a_stream_never_raises_and_ends_at_most_once(stream: bytes, size: int) -> None:
    reader = EventReader()
    events = [event for at in range(0, len(stream), size) for event in reader.feed(stream[at : at + size])]
    events += reader.finish()
    ends = [event for event in events if isinstance(event, Ended | Failed)]
    assert len(ends) <= 1 and (not ends or events[-1] is ends[0])


@pytest.mark.parametrize("depth", [100, 100_000])
def test_nesting_is_no_way_to_crash(depth: int) -> None:
    deep = b'{"choices":' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(UpstreamFailure):
        read_response(deep)
    assert not [event for event in EventReader().feed(b"data: %b\n\n" % deep) if not isinstance(event, Failed)]
