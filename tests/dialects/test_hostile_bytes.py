"""Whatever bytes come, codecs read them or say why not: clients hear of a `ClientError`, providers' ones are failures.

Every recorded request, answer and stream is made wrong in every place, one at a time; what can still be read is
translated into every other format, which must never fail at all.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialects.wrong_documents import mutate
from pointsman.core.chat.answer import Failed
from pointsman.core.chat.assemble import assemble_answer, break_up_answer
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.bedrock_converse.frames import FrameSplitter
from pointsman.core.dialects.dialect import Asking, Dialect, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.table import DIALECTS

GOLDEN = Path(__file__).parent / "golden"
CLIENTS = {name: dialect.client for name, dialect in DIALECTS.items() if dialect.client is not None}
MOST_BYTES, MOST_STREAM_BYTES = 6_000, 4_000
"""Longer recordings repeat what shorter ones hold."""


def list_recordings(pattern: str, most_bytes: int = MOST_BYTES) -> list[Path]:
    found = sorted(GOLDEN.glob(f"*/*/{pattern}"))
    return [path for path in found if path.stat().st_size <= most_bytes]


def name_of(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.parent.name}"


def ask(client: str) -> Asking:
    return Asking(ChatRequest("some-model", True, True, b"{}", {}, client), "req-1", 1_790_000_000)


def decode(name: str, body: bytes) -> ChatRequest:
    return decode_generate(body, "some-model", False) if name == "gemini" else CLIENTS[name].decode_request(body)


def check_request(name: str, body: bytes) -> None:
    try:
        request = decode(name, body)
        conversation = CLIENTS[name].read_request(request)
    except ClientError as error:
        assert 400 <= error.status < 500 and error.code and error.message
        return
    verbatim = DIALECTS[name].verbatim
    assert verbatim is not None
    msgspec.json.decode(verbatim.rewrite_request(request, Target("other-model")).body)
    for dialect in DIALECTS.values():
        assert dialect.provider is not None
        msgspec.json.encode(dialect.provider.encode_request(conversation, False, Target("other-model")).fields)


@pytest.mark.parametrize("path", list_recordings("request.json"), ids=name_of)
def test_a_request_with_one_thing_wrong(path: Path) -> None:
    for document in mutate(msgspec.json.decode(path.read_bytes())):
        check_request(path.parent.parent.name, msgspec.json.encode(document))


def check_answer(name: str, body: bytes) -> None:
    dialect = DIALECTS[name]
    assert dialect.provider is not None
    if dialect.verbatim is not None:
        try:
            dialect.verbatim.decode_response(body)
        except UpstreamFailure as failure:
            assert isinstance(failure.kind, FailureKind)
    if dialect.client is not None:
        dialect.client.read_answer(body)
    try:
        answer = dialect.provider.read_response(body)
    except UpstreamFailure as failure:
        assert isinstance(failure.kind, FailureKind)
        return
    for other, client in CLIENTS.items():
        msgspec.json.decode(client.write_response(answer, ask(other)))
        client.write_stream(ask(other)).write(break_up_answer(answer))


@pytest.mark.parametrize("path", list_recordings("response.json"), ids=name_of)
def test_an_answer_with_one_thing_wrong(path: Path) -> None:
    for document in mutate(msgspec.json.decode(path.read_bytes())):
        check_answer(path.parent.parent.name, msgspec.json.encode(document))


def check_stream(dialect: Dialect, *pieces: bytes) -> None:
    assert dialect.provider is not None
    reader = dialect.provider.read_stream()
    events = [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]
    if not any(isinstance(event, Failed) for event in events):
        assemble_answer(events)
        for other, client in CLIENTS.items():
            client.write_stream(ask(other)).write(events)
    if dialect.verbatim is not None:
        follower = dialect.verbatim.read_stream(True)
        for piece in pieces:
            follower.feed(piece)
        follower.finish()
        assert follower.done or follower.failure is not None


def list_events(stream: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and data of each event of a stream that is a document."""
    at = 0
    while (start := stream.find(b"data: {", at)) >= 0:
        end = stream.find(b"\n", start)
        at = len(stream) if end < 0 else end
        yield start + 6, at, stream[start + 6 : at].rstrip()


@pytest.mark.parametrize("path", list_recordings("stream.sse", MOST_STREAM_BYTES), ids=name_of)
def test_a_stream_with_one_thing_wrong(path: Path) -> None:
    stream, dialect = path.read_bytes(), DIALECTS[path.parent.parent.name]
    for start, end, data in list_events(stream):
        for document in mutate(msgspec.json.decode(data), is_short=True):
            check_stream(dialect, stream[:start], msgspec.json.encode(document), stream[end:])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(("error", "message", "code", "type", "status", "details", "a")), inner, max_size=3
        )
    ),
    max_leaves=8,
)
BYTES = st.binary(max_size=300) | ANYTHING.map(msgspec.json.encode)


@pytest.mark.parametrize("name", DIALECTS)
def test_any_bytes(name: str) -> None:
    @settings(max_examples=200, derandomize=True, database=None)
    @given(BYTES, st.sampled_from((200, 301, 400, 401, 403, 404, 413, 429, 500, 503, 529, 599)), st.integers(1, 50))
    def check(data: bytes, status: int, size: int) -> None:
        dialect = DIALECTS[name]
        assert dialect.provider is not None
        if dialect.client is not None:
            check_request(name, data)
        check_answer(name, data)
        check_stream(dialect, *[data[at : at + size] for at in range(0, len(data), size)])
        check_stream(dialect, b"event: error\ndata: ", data, b"\n\ndata: [DONE]\n\n")
        kind, shown = dialect.provider.classify_status(status, data)
        assert kind in FailureKind and (shown is None or shown.message)

    check()


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*/*/stream.*")), ids=name_of)
def test_a_stream_with_wrong_bytes(path: Path) -> None:
    stream, dialect = path.read_bytes(), DIALECTS[path.parent.parent.name]

    @settings(max_examples=30, derandomize=True, database=None)
    @given(st.integers(0, len(stream)), st.binary(max_size=4), st.integers(0, 40), st.integers(0, len(stream)))
    def check(at: int, inserted: bytes, dropped: int, cut: int) -> None:
        wrong = stream[:at] + inserted + stream[at + dropped :]
        check_stream(dialect, wrong[:cut], wrong[cut:])

    check()


@settings(max_examples=200, derandomize=True, database=None)
@given(st.lists(st.binary(max_size=64), max_size=4))
def test_any_frames(pieces: list[bytes]) -> None:
    splitter = FrameSplitter()
    try:
        frames = [frame for piece in pieces for frame in splitter.split(piece)]
    except UpstreamFailure as failure:
        assert failure.kind is FailureKind.BAD_RESPONSE
    else:
        assert frames == [] or sum(map(len, pieces)) >= 16
