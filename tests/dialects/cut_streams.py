"""Recorded streams that are cut by us after each of their events, on the way to every kind of client."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from dialects.test_golden_cases import AT_S, GOLDEN, find_cases
from pointsman.core.chat.answer import ChatEvent, Failed, Finished, RefusalDelta, TextDelta
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.dialect import AnswerReader, Asking
from pointsman.core.dialects.server_events import EventSplitter, read_data
from pointsman.core.dialects.table import DIALECTS
from pointsman.core.dialects.translated_stream import TranslatedStream

CLIENTS = sorted(name for name, dialect in DIALECTS.items() if dialect.client is not None)


class Cut(NamedTuple):
    """A cut: what the client had by then, how its stream was ended, who did that, and the choices that had ended."""

    before: bytes
    end: bytes
    reader: AnswerReader
    ended: set[int]


def open_reader(provider: str, client: str, *, wants_usage: bool = True) -> AnswerReader:
    """What follows a stream between two formats."""
    verbatim, side = DIALECTS[provider].verbatim, DIALECTS[client].client
    if provider == client and verbatim is not None:
        return verbatim.read_stream(wants_usage)
    reads = DIALECTS[provider].provider
    assert reads is not None and side is not None
    request = ChatRequest("some-model", True, wants_usage, b"{}", {}, dialect=client)
    return TranslatedStream(reads.read_stream(), side.write_stream(Asking(request, "req-1", AT_S)))


@cache
def split_stream(path: Path) -> tuple[bytes, ...]:
    """The events of a recorded stream; a provider with frames of another kind has its bytes in pieces."""
    stream = path.read_bytes()
    if path.suffix != ".sse":
        return tuple(stream[at : at + 150] for at in range(0, len(stream), 150))
    return tuple(event + b"\n\n" for event in EventSplitter().split(stream)[1])


@cache
def recorded_streams(provider: str) -> tuple[Path, ...]:
    """All of a format but those that fail on their own."""
    paths = [path for path in find_cases("stream.*") if path.parent.parent == GOLDEN / provider]
    return tuple(path for path in paths if not isinstance(_read(path, path.read_bytes())[-1], Failed))


def _read(path: Path, stream: bytes) -> list[ChatEvent]:
    side = DIALECTS[path.parent.parent.name].provider
    assert side is not None
    reader = side.read_stream()
    return reader.feed(stream)


def find_ended(path: Path, stream: bytes) -> set[int]:
    """The choices of which the provider has said why they ended; of several, readers may tell that later."""
    known = {"gemini": ("candidates", "finishReason"), "openai_chat": ("choices", "finish_reason")}
    names = known.get(path.parent.parent.name)
    if names is None:
        return {event.choice for event in _read(path, stream) if isinstance(event, Finished)}
    datas = [read_data(event) for event in stream.split(b"\n\n")[:-1]]
    documents = [msgspec.json.decode(data) for data in datas if data.startswith(b"{")]
    choices = [each for document in documents for each in document.get(names[0], ())]
    return {each.get("index", 0) for each in choices if each.get(names[1])}


def cut_everywhere(path: Path, client: str, *, wants_usage: bool = True) -> Iterator[Cut]:
    """One for each place with content before it."""
    events, provider = split_stream(path), path.parent.parent.name
    for count in range(1, len(events)):
        reader = open_reader(provider, client, wants_usage=wants_usage)
        before = b"".join([reader.feed(event) for event in events[:count]])
        torn = events[count][: len(events[count]) // 2]
        # An event that is torn when the answer is cut goes nowhere.
        before += reader.feed(torn)
        if reader.done or reader.failure is not None:
            return
        if not reader.content_bytes:
            continue
        yield Cut(before, reader.cut(), reader, find_ended(path, b"".join(events[:count]) + torn))
        assert reader.feed(events[count]) == b"" and reader.finish() == b"" and reader.cut() == b""


def read_as(client: str, stream: bytes) -> list[ChatEvent]:
    """What a client of a format reads; its end is the end of the connection."""
    side = DIALECTS[client].provider
    assert side is not None
    reader = side.read_stream()
    events = [*reader.feed(stream), *reader.finish()]
    assert not any(isinstance(event, Failed) for event in events), events
    return events


def text_of(events: list[ChatEvent]) -> str:
    """All words of the first choice."""
    return "".join([e.text for e in events if isinstance(e, TextDelta | RefusalDelta) and e.choice == 0])
