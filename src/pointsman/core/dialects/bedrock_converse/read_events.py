"""Bedrock's stream of binary frames -> hub; no server-sent events, and so an `EventReader` of its own."""

from collections.abc import Callable

import msgspec

from pointsman.core.chat.answer import (
    ChatEvent,
    Ended,
    Failed,
    Finished,
    MediaPart,
    ReasoningDelta,
    ReasoningSigned,
    Started,
    TextDelta,
    ToolDelta,
    ToolStarted,
    UsageSeen,
)
from pointsman.core.chat.conversation import JsonObject
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.dialects.bedrock_converse.errors import read_exception
from pointsman.core.dialects.bedrock_converse.frames import Frame, FrameSplitter
from pointsman.core.dialects.bedrock_converse.read_response import demand_text, read_image, read_stop_sequence
from pointsman.core.dialects.bedrock_converse.usage import read_usage
from pointsman.core.dialects.bedrock_converse.words import NAME, read_finish
from pointsman.core.dialects.server_events import MOST_MALFORMED_EVENTS

_decode = msgspec.json.Decoder(dict[str, object]).decode


class EventReader:
    """Reads one streamed answer; it is whole once both `messageStop` and `metadata`, or the end after it, have come."""

    __slots__ = (
        "_calls",
        "_formats",
        "_has_usage",
        "_is_over",
        "_malformed",
        "_splitter",
        "_started",
        "_stopped",
        "_thought",
        "is_usage_rejected",
    )

    def __init__(self) -> None:
        self._splitter = FrameSplitter()
        self._calls: dict[object, int] = {}
        self._formats: dict[object, str] = {}
        self._thought: _Thought | None = None
        self._malformed = 0
        self._started = False
        self._stopped = False
        self._has_usage = False
        self._is_over = False
        self.is_usage_rejected = False

    def feed(self, data: bytes) -> list[ChatEvent]:
        """Take the next bytes; return the events that are whole now."""
        events: list[ChatEvent] = []
        if self._is_over:
            return events
        try:
            for frame in self._splitter.split(data):
                self._read_frame(frame, events)
                if events and isinstance(events[-1], Ended | Failed):
                    self._is_over = True
                    break
        except UpstreamFailure as failure:
            self._is_over = True
            events.append(Failed(failure))
        return events

    def finish(self) -> list[ChatEvent]:
        """Take the end of the connection; after `messageStop` nothing is missing but the usage."""
        if self._is_over or not self._stopped:
            return []
        self._is_over = True
        return [Ended()]

    def _read_frame(self, frame: Frame, events: list[ChatEvent]) -> None:
        headers = frame.headers
        kind = headers.get(":message-type", "event")
        if kind != "event":
            name = headers.get(":exception-type") or headers.get(":error-code") or ""
            raise read_exception(name, frame.payload)
        read = _READERS.get(headers.get(":event-type", ""))
        if read is None:
            return
        known = len(events)
        try:
            read(self, _decode(frame.payload), events)
        except (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            del events[known:]
            self._malformed += 1
            if self._malformed > MOST_MALFORMED_EVENTS:
                detail = "the stream holds malformed events"
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True) from None

    def _start(self, document: JsonObject, events: list[ChatEvent]) -> None:
        if not self._started:
            self._started = True
            events.append(Started("", ""))

    def _start_block(self, document: JsonObject, events: list[ChatEvent]) -> None:
        self._start(document, events)
        start, index = document["start"], document.get("contentBlockIndex")
        if type(start) is not dict:
            raise TypeError("a block has no start")
        if "toolUse" in start:
            use, number = start["toolUse"], len(self._calls)
            id, name = demand_text(use["toolUseId"]), demand_text(use["name"])
            self._calls[index] = number
            events.append(ToolStarted(number, id or name, name))
        elif "image" in start:
            self._formats[index] = demand_text(start["image"]["format"])

    def _read_delta(self, document: JsonObject, events: list[ChatEvent]) -> None:
        if not self._started:
            self._start(document, events)
        delta, index = document["delta"], document.get("contentBlockIndex")
        if type(delta) is not dict:
            raise TypeError("a delta is no object")
        if "text" in delta:
            if delta["text"]:
                events.append(TextDelta(demand_text(delta["text"])))
        elif "toolUse" in delta:
            pieces = demand_text(delta["toolUse"]["input"])
            if pieces:
                events.append(ToolDelta(self._calls[index], pieces))
        elif "reasoningContent" in delta:
            self._read_thought(delta["reasoningContent"], index, events)
        elif "image" in delta:
            image = {"format": self._formats.get(index, "png"), "source": delta["image"]["source"]}
            events.append(MediaPart(read_image(image)))

    def _read_thought(self, delta: JsonObject, index: object, events: list[ChatEvent]) -> None:
        if "redactedContent" in delta:
            hidden = demand_text(delta["redactedContent"])
            events.append(ReasoningSigned(hidden, NAME, 0, is_hidden=True))
            return
        thought = self._thought
        if thought is None or thought.index != index:
            thought = self._thought = _Thought(index)
        if delta.get("text"):
            events.append(ReasoningDelta(demand_text(delta["text"]), 0, thought.is_new))
            thought.is_new = False
        if delta.get("signature"):
            thought.signature += demand_text(delta["signature"])

    def _stop_block(self, document: JsonObject, events: list[ChatEvent]) -> None:
        thought = self._thought
        if thought is None or thought.index != document.get("contentBlockIndex"):
            return
        self._thought = None
        if thought.signature:
            if thought.is_new:
                events.append(ReasoningDelta("", 0, starts=True))
            events.append(ReasoningSigned(thought.signature, NAME))

    def _stop(self, document: JsonObject, events: list[ChatEvent]) -> None:
        if self._stopped:
            return
        self._start(document, events)
        self._stopped = True
        events.append(Finished(read_finish(document.get("stopReason")), 0, read_stop_sequence(document)))
        if self._has_usage:
            events.append(Ended())

    def _read_metadata(self, document: JsonObject, events: list[ChatEvent]) -> None:
        self._has_usage = True
        usage = read_usage(document.get("usage"))
        if usage is not None:
            events.append(UsageSeen(usage))
        elif document.get("usage"):
            self.is_usage_rejected = True
        if self._stopped:
            events.append(Ended())


class _Thought:
    """A thought of which more may come."""

    __slots__ = ("index", "is_new", "signature")

    def __init__(self, index: object) -> None:
        self.index = index
        self.is_new = True
        self.signature = ""


_READERS: dict[str, Callable[[EventReader, JsonObject, list[ChatEvent]], None]] = {
    "messageStart": EventReader._start,
    "contentBlockStart": EventReader._start_block,
    "contentBlockDelta": EventReader._read_delta,
    "contentBlockStop": EventReader._stop_block,
    "messageStop": EventReader._stop,
    "metadata": EventReader._read_metadata,
}
