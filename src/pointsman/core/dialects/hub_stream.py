"""Reads a provider's server-sent events into the hub; a format says what each of its documents means."""

from abc import ABC, abstractmethod

import msgspec

from pointsman.core.chat.answer import ChatEvent, Ended, Failed, UsageSeen
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.chat.utf8 import repair_utf8
from pointsman.core.dialects.server_events import MOST_MALFORMED_EVENTS, EventSplitter, read_event

_decode = msgspec.json.Decoder(dict[str, object]).decode


class HubStream(ABC):
    """An `EventReader` over server-sent events whose data are JSON objects.

    Attributes:
        is_usage_rejected: as in `EventReader`.
    """

    __slots__ = ("_is_over", "_malformed", "_splitter", "is_usage_rejected")

    def __init__(self) -> None:
        self._splitter = EventSplitter()
        self._malformed = 0
        self._is_over = False
        self.is_usage_rejected = False

    @abstractmethod
    def read(self, name: bytes, document: JsonObject, events: list[ChatEvent]) -> None:
        """Add what one document means. `name` is the event's own, or `b""`.

        A document that only looks like JSON of this format may raise LookupError, TypeError, ValueError or
        AttributeError: it then counts as malformed, and what it added is taken back.
        """

    @abstractmethod
    def read_mark(self, mark: bytes, events: list[ChatEvent]) -> None:
        """Add what data means that is no JSON object, such as `[DONE]`; raise ValueError when it means nothing."""

    @abstractmethod
    def complete(self, events: list[ChatEvent]) -> None:
        """The connection has ended without an `Ended`: add what makes the answer whole, if it is whole."""

    def feed(self, data: bytes) -> list[ChatEvent]:
        """Take the next bytes; return the events that are whole now."""
        if self._is_over:
            return []
        try:
            _, whole = self._splitter.split(data)
        except UpstreamFailure as failure:
            self._is_over = True
            return [Failed(failure)]
        return self._read(whole) if whole else []

    def finish(self) -> list[ChatEvent]:
        """Take the end of the connection; return what was still held."""
        if self._is_over:
            return []
        rest = self._splitter.finish()
        events = self._read([rest]) if rest else []
        if not self._is_over:
            self.complete(events)
        return events

    def see_usage(self, usage: Usage | None, raw: object, events: list[ChatEvent]) -> None:
        """Add what was used; note a report that nothing could be read from."""
        if usage is not None:
            events.append(UsageSeen(usage))
        elif raw:
            self.is_usage_rejected = True

    def _read(self, whole: list[bytes]) -> list[ChatEvent]:
        events: list[ChatEvent] = []
        for text in whole:
            name, data = read_event(repair_utf8(text))
            if not data:
                continue
            known = len(events)
            try:
                if data[:1] == b"{":
                    self.read(name, _decode(data), events)
                else:
                    self.read_mark(data, events)
            except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
                del events[known:]
                self._malformed += 1
                if self._malformed > MOST_MALFORMED_EVENTS:
                    detail = "the stream holds malformed events"
                    events.append(Failed(UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)))
            if events and isinstance(events[-1], Ended | Failed):
                self._is_over = True
                break
        return events
