"""Follows a stream whose client and provider speak the same format: whole events go on as they came, torn ones do not.

Everything before the first content is held back, so that another model can still be tried.
"""

from abc import abstractmethod
from dataclasses import dataclass, field

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage, UsageTally
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.dialects.server_events import MOST_EVENT_BYTES, MOST_MALFORMED_EVENTS, EventSplitter


@dataclass(slots=True)
class VerbatimStream:
    """Reads one streamed answer; a format says in `judge` what an event means.

    Attributes:
        wants_usage: whether the client asked for usage.
        committed: whether content has been handed on; from then on no other model may answer.
        done: whether the answer has ended properly.
        failure: what broke the stream; look after each `feed`, once its bytes are with the client.
        usage: the last usage seen, or `None`.
        content_bytes: how much content came, for an estimate where no usage does.
        tally: how its reports of usage agree.
    """

    wants_usage: bool
    committed: bool = False
    done: bool = False
    failure: UpstreamFailure | None = None
    usage: Usage | None = None
    content_bytes: int = 0
    tally: UsageTally = field(default_factory=UsageTally)
    _is_cut: bool = False
    _malformed: int = 0
    _splitter: EventSplitter = field(default_factory=EventSplitter)
    _held: list[bytes] = field(default_factory=list)

    @abstractmethod
    def judge(self, event: bytes) -> bool:
        """Learn from one event; whether it goes to the client. Not called any more once `done` or `failure` is set."""

    @abstractmethod
    def complete(self) -> bytes | None:
        """What makes a stream whole whose connection ended, or `None` when it was cut."""

    @abstractmethod
    def end_early(self) -> bytes:
        """What ends an answer here in the provider's place, as if it had reached its limit of tokens."""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes of the stream; return what may go to the client now."""
        if self.failure is not None or self._is_cut:
            return b""
        try:
            data, events = self._splitter.split(data)
        except UpstreamFailure as failure:
            self.failure = failure
            return b""
        return self._pass(data, events) if events else b""

    def finish(self) -> bytes:
        """Take the end of the connection; return what completes the answer, or set `failure` if it was cut."""
        if self._is_cut:
            return b""
        rest = self._splitter.finish()
        last = self._pass(rest + b"\n\n", [rest]) if rest else b""
        if self.done or self.failure is not None:
            return last
        ending = self.complete()
        if ending is None:
            self.fail(FailureKind.INTERRUPTED, "the stream ended before its answer did")
            return last
        self.done = True
        return last + self._release() + ending

    def cut(self) -> bytes:
        """End the answer as if it had reached its limit; an event that has not come whole is not passed on."""
        if self.done or self.failure is not None or self._is_cut:
            return b""
        self._is_cut = True
        return repair_utf8(self._release() + self.end_early())

    def fail(self, kind: FailureKind, detail: str) -> None:
        """Note what broke the stream; the first reason stays."""
        self.failure = self.failure or UpstreamFailure(kind, detail, sent=True)

    def note_malformed(self) -> None:
        """Leave out an event that cannot be read; too many of them break the stream."""
        self._malformed += 1
        if self._malformed > MOST_MALFORMED_EVENTS:
            self.fail(FailureKind.BAD_RESPONSE, "the stream holds malformed events")

    def note_content(self, size: int) -> None:
        """So many bytes of content have come."""
        self.content_bytes += size
        self.committed = True

    def _pass(self, data: bytes, events: list[bytes]) -> bytes:
        passed = [not self.done and self.failure is None and self.judge(event) for event in events]
        if self.committed and not self._held and False not in passed:
            return repair_utf8(data)
        kept = [event + b"\n\n" for event, stays in zip(events, passed, strict=True) if stays]
        if not self.committed:
            self._held += kept
            if sum(map(len, self._held)) > MOST_EVENT_BYTES:
                self.fail(FailureKind.BAD_RESPONSE, f"more than {MOST_EVENT_BYTES} bytes came before any content")
            return b""
        return repair_utf8(self._release() + b"".join(kept))

    def _release(self) -> bytes:
        held = b"".join(self._held)
        self._held.clear()
        self.committed = True
        return held
