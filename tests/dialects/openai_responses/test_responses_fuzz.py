"""Whatever bytes come, a client gets a refusal with a code and a provider's nonsense is a failure: nothing else."""

import json
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from pointsman.core.chat.answer import CONTENT, Ended, Failed, Started
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.dialects.dialect import Asking, Target
from pointsman.core.dialects.openai_responses.decode_request import decode_request
from pointsman.core.dialects.openai_responses.decode_response import decode_response
from pointsman.core.dialects.openai_responses.encode_request import encode_request
from pointsman.core.dialects.openai_responses.read_answer import read_answer
from pointsman.core.dialects.openai_responses.read_events import EventReader
from pointsman.core.dialects.openai_responses.read_request import read_request
from pointsman.core.dialects.openai_responses.read_response import read_response
from pointsman.core.dialects.openai_responses.rewrite_request import rewrite_request
from pointsman.core.dialects.openai_responses.state import refuse_state
from pointsman.core.dialects.openai_responses.stream import StreamReader
from pointsman.core.dialects.openai_responses.write_events import EventWriter
from pointsman.core.dialects.openai_responses.write_response import write_response

GOLDEN = Path(__file__).parent.parent / "golden" / "openai_responses"
REQUESTS = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/request.json"))]
RESPONSES = [json.loads(path.read_bytes()) for path in sorted(GOLDEN.glob("*/response.json"))]
STREAMS = [path.read_bytes() for path in sorted(GOLDEN.glob("*/stream.sse"))]
DOCUMENTS = [json.loads(part.partition(b"data: ")[2]) for stream in STREAMS for part in stream.split(b"\n\n") if part]
MATERIAL = {"request": REQUESTS, "response": RESPONSES, "event": DOCUMENTS}
ODDITIES = st.sampled_from(
    [None, True, 0, -1, 1.5, "", "x", [], {}, [None], [[]], {"type": "x"}, [{"type": 1}], 2**62]
).map(lambda oddity: json.loads(json.dumps(oddity)))
ASKING = Asking(decode_request(b'{"model":"m","input":"x"}'), "r", 1)


def list_places(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner: list[tuple[str | int, object]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = list(enumerate(value))
    return [path] * bool(path) + [place for key, item in inner for place in list_places(item, (*path, key))]


@st.composite
def mutate(draw: st.DrawFn, kind: str, most: int = 3) -> object:
    """One of the values with up to `most` of its members changed for something else, or taken out."""
    values = MATERIAL[kind]
    value = json.loads(json.dumps(values[draw(st.integers(0, len(values) - 1))]))
    for _ in range(draw(st.integers(0, most))):
        places = list_places(value)
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        holder = value
        for key in path:
            holder = holder[key]
        if draw(st.booleans()):
            holder[last] = draw(ODDITIES)
        else:
            del holder[last]
    return value


def go_through_request(body: bytes) -> None:
    try:
        request = decode_request(body)
    except ClientError as refusal:
        assert refusal.status == 400 and refusal.code
        return
    json.loads(rewrite_request(request, Target("up", parameters=(("reasoning_effort", "low"),))).body)
    draft = encode_request(read_request(request), True, Target("up"))
    read_request(decode_request(msgspec.json.encode({**draft.fields, "input": draft.fields["input"] or "x"})))
    try:
        refuse_state(request)
    except ClientError as refusal:
        assert refusal.code == "state_not_portable"
    write_response(read_response(json.dumps(RESPONSES[0]).encode()), Asking(request, "r", 1))


def go_through_response(body: bytes) -> None:
    read_answer(body)
    for read in (read_response, decode_response):
        try:
            found = read(body)
        except UpstreamFailure:
            continue
        if read is read_response:
            write_response(found, ASKING)  # type: ignore[arg-type]


def go_through_stream(stream: bytes) -> None:
    reader = EventReader()
    events = [*reader.feed(stream), *reader.finish()]
    assert sum(isinstance(event, Started) for event in events) <= 1
    assert not any(isinstance(event, Ended | Failed) for event in events[:-1])
    told = [event for event in events if not isinstance(event, Failed)]
    EventWriter(ASKING).write(told)
    if events and isinstance(events[-1], Ended):
        assert assemble_answer(events) is not None
    assert all(event.choice == 0 for event in events if isinstance(event, CONTENT))
    verbatim = StreamReader(True)
    verbatim.feed(stream)
    verbatim.finish()
    assert verbatim.done or verbatim.failure is not None


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    go_through_request(data)
    go_through_response(data)
    go_through_stream(data)


@settings(max_examples=400, deadline=None)
@given(mutate("request"))
def test_changed_requests(fields: object) -> None:
    go_through_request(json.dumps(fields).encode())


@settings(max_examples=300, deadline=None)
@given(mutate("response"))
def test_changed_answers(response: object) -> None:
    go_through_response(json.dumps(response).encode())


@settings(max_examples=300, deadline=None)
@given(st.lists(mutate("event", 1), max_size=12))
def test_changed_streams(documents: list[object]) -> None:
    go_through_stream(b"".join(b"data: %b\n\n" % json.dumps(document).encode() for document in documents))
