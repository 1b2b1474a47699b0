"""A stream through the hub is bounded in bytes, measures content in bytes, and asks no call twice for nothing."""

from collections.abc import Callable

import pytest

from pointsman.core.chat.answer import ChatEvent, Started, TextDelta, ToolDelta, ToolStarted
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.request import ChatRequest
from pointsman.core.dialects.anthropic_messages.write_events import EventWriter as AnthropicWriter
from pointsman.core.dialects.dialect import Asking, EventWriter
from pointsman.core.dialects.gemini.write_events import EventWriter as GeminiWriter
from pointsman.core.dialects.growing_arguments import GrowingArguments
from pointsman.core.dialects.translated_stream import MOST_HELD_BYTES, MOST_STREAM_BYTES, TranslatedStream

ASKING = Asking(ChatRequest("m", True, True, b"{}", {}), "r", 1)


class _Told:
    """A reader that tells the same events of every piece."""

    is_usage_rejected = False

    def __init__(self, *events: ChatEvent) -> None:
        self._events = list(events)

    def feed(self, data: bytes) -> list[ChatEvent]:
        return list(self._events)

    def finish(self) -> list[ChatEvent]:
        return []


def find_failure(stream: TranslatedStream) -> UpstreamFailure | None:
    return stream.failure


@pytest.mark.parametrize(
    ("event", "most"), [(TextDelta("x"), MOST_STREAM_BYTES), (Started("id", "m"), MOST_HELD_BYTES)], ids=["all", "held"]
)
def test_a_stream_has_an_end(event: ChatEvent, most: int) -> None:
    stream = TranslatedStream(_Told(event), AnthropicWriter(ASKING))
    piece = bytes(1024 * 1024)
    for _ in range(most // len(piece)):
        stream.feed(piece)
    assert find_failure(stream) is None
    assert stream.feed(piece) == b""
    failure = find_failure(stream)
    assert failure is not None and failure.kind is FailureKind.BAD_RESPONSE and str(most) in failure.detail


def test_content_is_measured_in_bytes() -> None:
    stream = TranslatedStream(_Told(TextDelta("né"), ToolDelta(0, "日")), AnthropicWriter(ASKING))
    stream.feed(b"x")
    assert stream.content_bytes == 6


@pytest.mark.parametrize("make", [AnthropicWriter, GeminiWriter])
def test_open_calls_are_not_asked_again_at_every_piece(
    make: Callable[[Asking], EventWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[GrowingArguments] = []
    are_whole = GrowingArguments.are_whole

    def count(arguments: GrowingArguments) -> bool:
        asked.append(arguments)
        return are_whole(arguments)

    monkeypatch.setattr(GrowingArguments, "are_whole", count)
    writer = make(ASKING)
    calls = 50
    for call in range(calls):
        writer.write([ToolStarted(call, f"call_{call}", "look"), ToolDelta(call, '{"a":')])
    for _ in range(100):
        writer.write([TextDelta("x"), ToolStarted(calls, "call_last", "look")])
    assert len(asked) <= 2 * calls
