"""What each format promises, on recorded requests and answers: nothing changes on the way through the hub and back.

A case is a folder `golden/DIALECT/CASE` with a `request.json`, a `response.json`, a `stream.*`, or several of them that
belong together. A folder of a format that is not in the table fails.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from pointsman.core.chat.answer import ChatAnswer, ChatEvent, Failed, UsageSeen
from pointsman.core.chat.assemble import assemble_answer
from pointsman.core.chat.conversation import Conversation, Native, Reasoning
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import AnswerReader, Asking, Dialect, Target
from pointsman.core.dialects.gemini.decode_request import decode_generate
from pointsman.core.dialects.table import DIALECTS

GOLDEN = Path(__file__).parent / "golden"
LEAST_CASES = 8
MOST_CUTS = 600
AT_S = 1_790_000_000


def find_cases(pattern: str) -> list[Path]:
    return sorted(path for path in GOLDEN.glob(f"*/*/{pattern}") if path.parent.parent.name in DIALECTS)


def name_case(path: Path) -> str:
    return f"{path.parent.parent.name}-{path.parent.name}"


def dialect_of(path: Path) -> Dialect:
    return DIALECTS[path.parent.parent.name]


def test_every_folder_is_a_case_of_a_format_in_the_table() -> None:
    counts = dict.fromkeys(DIALECTS, 0)
    for folder in sorted(GOLDEN.iterdir()):
        assert folder.name in DIALECTS, f"{folder.name} is in no line of the table of formats"
        for case in sorted(folder.iterdir()):
            counts[folder.name] += 1
            files = {file.name for file in case.iterdir()}
            assert files, f"{case} is empty"
            assert all(name in ("request.json", "response.json") or name.startswith("stream.") for name in files), case
    assert all(count >= LEAST_CASES for count in counts.values()), counts


def decode(dialect: Dialect, body: bytes) -> ChatRequest:
    """A request as the door decodes it; Gemini's has its model in the URL."""
    if dialect.name == "gemini":
        return decode_generate(body, "gemini-2.5-flash", False)
    assert dialect.client is not None, "a request needs a format that clients speak"
    return dialect.client.decode_request(body)


def read(dialect: Dialect, body: bytes) -> tuple[ChatRequest, Conversation]:
    assert dialect.client is not None, "a request needs a format that clients speak"
    request = decode(dialect, body)
    return request, dialect.client.read_request(request)


@pytest.mark.parametrize("path", find_cases("request.json"), ids=name_case)
def test_a_request_comes_back_as_it_was(path: Path) -> None:
    dialect = dialect_of(path)
    request, conversation = read(dialect, path.read_bytes())
    assert dialect.provider is not None
    draft = dialect.provider.encode_request(conversation, request.stream, Target(request.model))
    again, same = read(dialect, msgspec.json.encode(draft.fields))
    assert same == conversation
    assert (again.stream, again.output_limit) == (request.stream, request.output_limit)


@pytest.mark.parametrize("path", find_cases("response.json"), ids=name_case)
def test_an_answer_comes_back_as_it_was(path: Path) -> None:
    dialect = dialect_of(path)
    assert dialect.provider is not None
    answer = dialect.provider.read_response(path.read_bytes())
    assert answer.choices
    if dialect.client is not None:
        written = dialect.client.write_response(answer, asking_for(path))
        assert dialect.provider.read_response(written) == answer
    if dialect.verbatim is not None:
        assert dialect.verbatim.decode_response(path.read_bytes()) == answer.usage


def asking_for(path: Path) -> Asking:
    """What the answer beside a request is written for; without one, a request that says nothing."""
    dialect, beside = dialect_of(path), path.parent / "request.json"
    name = path.parent.parent.name
    if beside.exists() and dialect.client is not None:
        request = decode(dialect, beside.read_bytes())
    else:
        request = ChatRequest("some-model", True, True, b"{}", {}, dialect=name)
    return Asking(replace(request, wants_usage=True), "req-1", AT_S)


def find_cuts(stream: bytes) -> Iterator[int]:
    """Every place of a short stream, and evenly spread ones of a long one."""
    return iter(range(1, len(stream), max(1, len(stream) // MOST_CUTS)))


def read_events(dialect: Dialect, *pieces: bytes) -> list[ChatEvent]:
    assert dialect.provider is not None
    reader = dialect.provider.read_stream()
    return [*(event for piece in pieces for event in reader.feed(piece)), *reader.finish()]


def show(events: list[ChatEvent]) -> list[object]:
    """Events to compare; failures are compared by what happened."""
    return [("failed", event.failure.kind) if isinstance(event, Failed) else event for event in events]


@pytest.mark.parametrize("path", find_cases("stream.*"), ids=name_case)
def test_a_stream_gives_the_same_events_however_it_is_cut(path: Path) -> None:
    dialect, stream = dialect_of(path), path.read_bytes()
    whole = show(read_events(dialect, stream))
    assert whole
    assert show(read_events(dialect, *(stream[at : at + 1] for at in range(len(stream))))) == whole
    for at in find_cuts(stream):
        assert show(read_events(dialect, stream[:at], stream[at:])) == whole, at


@pytest.mark.parametrize("path", find_cases("stream.*"), ids=name_case)
def test_a_stream_tells_the_answer_beside_it(path: Path) -> None:
    dialect, plain = dialect_of(path), path.parent / "response.json"
    events = read_events(dialect, path.read_bytes())
    if any(isinstance(event, Failed) for event in events):
        assert not plain.exists(), "an answer that failed has no plain form"
        return
    answer = assemble_answer(events)
    assert answer is not None, "the stream was cut"
    if plain.exists():
        assert dialect.provider is not None
        assert answer == without_extra(dialect.provider.read_response(plain.read_bytes()))


def without_extra(answer: ChatAnswer) -> ChatAnswer:
    """An answer as far as events can tell it."""
    choices = [
        replace(choice, parts=tuple([part for part in choice.parts if not isinstance(part, Native)]))
        for choice in answer.choices
    ]
    return replace(answer, choices=tuple(choices), extra={}, extra_dialect="")


@pytest.mark.parametrize("path", find_cases("stream.*"), ids=name_case)
def test_a_stream_written_for_a_client_tells_the_same_answer(path: Path) -> None:
    dialect = dialect_of(path)
    events = read_events(dialect, path.read_bytes())
    if dialect.client is None or any(isinstance(event, Failed) for event in events):
        assert events, "what no client can be sent is still read"
        return
    written = dialect.client.write_stream(asking_for(path)).write(events)
    told, meant = assemble_answer(read_events(dialect, written)), assemble_answer(events)
    assert told is not None and meant is not None
    assert without_thought_ids(told) == without_thought_ids(meant)


def without_thought_ids(answer: ChatAnswer) -> ChatAnswer:
    """An answer in which thoughts have no id: events tell it last, when a format may have had to make one up."""
    choices = [
        replace(
            choice,
            parts=tuple([replace(part, id="") if isinstance(part, Reasoning) else part for part in choice.parts]),
        )
        for choice in answer.choices
    ]
    return replace(answer, choices=tuple(choices))


@pytest.mark.parametrize("path", find_cases("stream.*"), ids=name_case)
def test_a_stream_passes_the_short_way_the_same_however_it_is_cut(path: Path) -> None:
    dialect, stream = dialect_of(path), path.read_bytes()
    if dialect.verbatim is None:
        assert dialect.client is None, "a format of clients and providers has a short way"
        return
    events = read_events(dialect, stream)
    whole, reader = pass_through(dialect, stream)
    has_failed = any(isinstance(event, Failed) for event in events)
    assert (reader.failure is not None) == has_failed and reader.done != has_failed
    if not has_failed:
        assert reader.usage == next((event.usage for event in reversed(events) if isinstance(event, UsageSeen)), None)
    for at in find_cuts(stream):
        cut, other = pass_through(dialect, stream[:at], stream[at:])
        assert cut.replace(b"\r\n", b"\n") == whole.replace(b"\r\n", b"\n"), at
        assert (other.usage, other.content_bytes, other.done) == (reader.usage, reader.content_bytes, reader.done)


def pass_through(dialect: Dialect, *pieces: bytes) -> tuple[bytes, AnswerReader]:
    assert dialect.verbatim is not None
    reader = dialect.verbatim.read_stream(True)
    passed = b"".join([reader.feed(piece) for piece in pieces])
    return passed + reader.finish(), reader
