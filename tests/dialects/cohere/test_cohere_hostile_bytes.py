"""Whatever comes from a client or a provider, only `ClientError` and `UpstreamFailure` come out."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.chat.answer import Ended, Failed
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.cohere.dialect import COHERE
from pointsman.core.dialects.dialect import Target

GOLDEN = Path(__file__).parent.parent / "golden" / "cohere"
ODD = (
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    '""',
    '"x"',
    "[]",
    "{}",
    "[1]",
    "[{}]",
    '{"type":1}',
    "[[]]",
    '"ERROR"',
    "1e18",
)
assert COHERE.client is not None and COHERE.provider is not None and COHERE.verbatim is not None
CLIENT, PROVIDER, VERBATIM = COHERE.client, COHERE.provider, COHERE.verbatim


def list_golden(name: str) -> list[object]:
    return [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob(f"*/{name}"))]


def list_places(value: object) -> list[tuple[object, object]]:
    """Every member and item of a document with what holds it."""
    places: list[tuple[object, object]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        names = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for name in names:
            places.append((holder, name))
            waiting.append(holder[name])  # type: ignore[index]
    return places


@st.composite
def mutated(draw: st.DrawFn, documents: list[object]) -> object:
    document = json.loads(json.dumps(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(1, 3))):
        holder, name = draw(st.sampled_from(list_places(document) or [({}, "x")]))
        if isinstance(holder, dict) or (isinstance(holder, list) and isinstance(name, int) and name < len(holder)):
            holder[name] = json.loads(draw(st.sampled_from(ODD)))
    return document


def take_request(body: bytes) -> None:
    try:
        request = CLIENT.decode_request(body)
        conversation = CLIENT.read_request(request)
        json.loads(VERBATIM.rewrite_request(request, Target("m", parameters=(("temperature", 0.1),))).body)
    except ClientError as error:
        assert error.status == 400 and error.message
        return
    PROVIDER.encode_request(conversation, request.stream, Target("m"))


def take_answer(body: bytes) -> None:
    for read in (PROVIDER.read_response, VERBATIM.decode_response):
        try:
            read(body)
        except UpstreamFailure as failure:
            assert failure.sent
    CLIENT.read_answer(body)
    PROVIDER.classify_status(400, body)


def take_stream(stream: bytes) -> None:
    reader = PROVIDER.read_stream()
    events = [*reader.feed(stream), *reader.finish()]
    assert sum(isinstance(event, Ended | Failed) for event in events) <= 1
    follower = VERBATIM.read_stream(True)
    follower.feed(stream)
    follower.finish()
    assert follower.done or follower.failure is not None


@settings(deadline=None)
@pytest.mark.parametrize("take", [take_request, take_answer, take_stream])
@given(body=st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_random_bytes(take: Callable[[bytes], None], body: bytes) -> None:
    take(body)


@settings(max_examples=200, deadline=None)
@given(mutated(list_golden("request.json")))
def test_mutated_requests(document: object) -> None:
    take_request(json.dumps(document).encode())


@settings(max_examples=200, deadline=None)
@given(mutated(list_golden("response.json")))
def test_mutated_answers(document: object) -> None:
    take_answer(json.dumps(document).encode())


EVENTS = [
    [json.loads(line[6:]) for line in path.read_text().splitlines() if line.startswith("data: {")]
    for path in sorted(GOLDEN.glob("*/stream.sse"))
]


@settings(max_examples=200, deadline=None)
@given(mutated(EVENTS))
def test_mutated_streams(events: object) -> None:
    assert isinstance(events, list)
    take_stream(b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events))
