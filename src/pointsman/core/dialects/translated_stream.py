"""Follows a stream whose provider speaks another format than the client; the counterpart of `VerbatimStream`.

Everything before the first content is held back, so that another model can still be tried.
"""

from collections.abc import Sequence

from pointsman.core.chat.answer import (
    CONTENT,
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolDelta,
    UsageSeen,
)
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage, UsageTally
from pointsman.core.dialects.dialect import EventReader, EventWriter
from pointsman.core.dialects.server_events import MOST_EVENT_BYTES

MOST_STREAM_BYTES = 64 * 1024 * 1024
MOST_HELD_BYTES = 2 * MOST_EVENT_BYTES
"""What may come before any content; an event that is still torn counts, too."""

_COMMITTING = (*CONTENT, Finished, Ended)
_CUT = Ended(is_cut=True)


class TranslatedStream:
    """An `AnswerReader` through the hub.

    Attributes:
        done, failure, usage, tally, content_bytes: as in `AnswerReader`.
    """

    __slots__ = (
        "_committed", "_finished", "_further", "_held", "_is_cut", "_reader", "_size", "_writer",
        "content_bytes", "done", "failure", "tally", "usage",
    )  # fmt: skip

    def __init__(self, reader: EventReader, writer: EventWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._committed = False
        self._finished: set[int] = set()
        self._further: set[int] = set()
        self._held: list[ChatEvent] = []
        self._is_cut = False
        self._size = 0
        self.done = False
        self.failure: UpstreamFailure | None = None
        self.usage: Usage | None = None
        self.tally = UsageTally()
        self.content_bytes = 0

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return what may go to the client now."""
        self._size += len(data)
        if self._size > MOST_STREAM_BYTES:
            self._fail(FailureKind.BAD_RESPONSE, f"the stream has more than {MOST_STREAM_BYTES} bytes")
            return b""
        return self._pass(self._reader.feed(data))

    def finish(self) -> bytes:
        """Take the end of the connection; return what completes the answer, or set `failure` if it was cut."""
        last = self._pass(self._reader.finish())
        if not (self.done or self._is_cut):
            self._fail(FailureKind.INTERRUPTED, "the stream ended before its answer did")
        return last

    def cut(self) -> bytes:
        """End the answer as if it had reached its limit; a piece of it that has not come whole is not passed on."""
        if self.done or self.failure is not None or self._is_cut:
            return b""
        self._is_cut = True
        choices = sorted({0, *self._further} - self._finished)
        return self._writer.write([*self._held, *[Finished("length", choice) for choice in choices], _CUT])

    def _fail(self, kind: FailureKind, detail: str) -> None:
        """Note what broke the stream; the first reason stays."""
        self.failure = self.failure or UpstreamFailure(kind, detail, sent=True)

    def _pass(self, events: Sequence[ChatEvent]) -> bytes:
        if self._reader.is_usage_rejected:
            self.tally.is_rejected = True
        if self.done or self.failure is not None or self._is_cut:
            return b""
        passed = self._held
        for event in events:
            if isinstance(event, Failed):
                self.failure = event.failure
                break
            passed.append(event)
            self._learn(event)
        if not passed or not self._committed:
            if not self._committed and self._size > MOST_HELD_BYTES:
                self._fail(FailureKind.BAD_RESPONSE, f"more than {MOST_HELD_BYTES} bytes came before any content")
            return b""
        self._held = []
        return self._writer.write(passed)

    def _learn(self, event: ChatEvent) -> None:
        match event:
            case TextDelta() | RefusalDelta() | ReasoningDelta():
                self.content_bytes += _measure(event.text)
            case ToolDelta():
                self.content_bytes += _measure(event.arguments)
            case MediaPart():
                self.content_bytes += len(event.media.data)
            case UsageSeen():
                self.usage = self.tally.take(event.usage)
            case Finished():
                self._finished.add(event.choice)
            case Ended():
                self.done = True
                self._committed = True
                return
        if isinstance(event, _COMMITTING):
            self._committed = True
            if event.choice:
                self._further.add(event.choice)


def _measure(text: str) -> int:
    """Its bytes in UTF-8."""
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))
