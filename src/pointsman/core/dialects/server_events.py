"""Cuts a stream of server-sent events into whole events, whatever way it was cut on its way."""

import re
from typing import NamedTuple

from pointsman.core.chat.failures import FailureKind, UpstreamFailure

MOST_EVENT_BYTES = 1024 * 1024
MOST_MALFORMED_EVENTS = 3
BOM = b"\xef\xbb\xbf"
_LINE = re.compile(rb"\r\n|\r|\n")
# A blank line in any mix of line ends; a CR that may be half of a CRLF waits for what follows it.
_EVENT_END = re.compile(rb"\n\n|\r\n\r\n|\r\r|\r\n\n|\n\r\n|\n\r(?=[^\n])")


class ServerEvent(NamedTuple):
    """One event: its `event:` field, or `""`, and its data lines joined."""

    name: bytes
    data: bytes


class EventSplitter:
    """Holds the torn rest of a stream. Memory is bounded by `MOST_EVENT_BYTES` and what one `split` is given."""

    __slots__ = ("_rest", "_started")

    def __init__(self) -> None:
        self._rest = bytearray()
        self._started = False

    def split(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Take the next bytes.

        Returns:
            All bytes that are whole now, and the events in them as they stand, without the blank line.

        Raises:
            UpstreamFailure: BAD_RESPONSE when an event grows too large.
        """
        if self._rest or not data.endswith(b"\n\n") or b"\r" in data:
            data, events = self._take_whole(data)
        else:
            events = data.split(b"\n\n")
            events.pop()
        if events and not self._started:
            self._started = True
            data, events[0] = data.removeprefix(BOM), events[0].removeprefix(BOM)
        return data, events

    def finish(self) -> bytes:
        """The end of the connection: the last event where no blank line follows it, or `b""`."""
        event = bytes(self._rest).rstrip(b"\r\n")
        self._rest.clear()
        return event if self._started else event.removeprefix(BOM)

    def _take_whole(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """Add to what was torn before; keep what is still torn for later."""
        searched = max(0, len(self._rest) - 3)
        self._rest += data
        events, end = [], 0
        for match in _EVENT_END.finditer(self._rest, searched):
            events.append(bytes(self._rest[end : match.start()]))
            end = match.end()
        whole = bytes(self._rest[:end])
        del self._rest[:end]
        if len(self._rest) > MOST_EVENT_BYTES:
            raise UpstreamFailure(
                FailureKind.BAD_RESPONSE, f"an event has more than {MOST_EVENT_BYTES} bytes", sent=True
            )
        return whole, events


def read_data(event: bytes) -> bytes:
    """The data lines of an event joined; `b""` for a comment or a keepalive."""
    if event.startswith(b"data: ") and b"\n" not in event and b"\r" not in event:
        return event[6:]
    lines = (line.removeprefix(b"data:") for line in _LINE.split(event) if line.startswith(b"data:"))
    return b"\n".join(line.removeprefix(b" ") for line in lines)


def read_event(event: bytes) -> ServerEvent:
    """Name and data of an event."""
    name = b""
    if not event.startswith(b"data:"):
        for line in _LINE.split(event):
            if line.startswith(b"event:"):
                name = line[6:].strip()
    return ServerEvent(name, read_data(event))
