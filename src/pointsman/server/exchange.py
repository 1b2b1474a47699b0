"""One answer written straight to the client's connection: ASGI's messages would cost as much again per chunk."""

import asyncio

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from pointsman.core.ports import Headers
from pointsman.wire.outbox import Outbox

PATIENCE_SECONDS = 60.0
"""How long a client may read nothing before it is cut off."""


class Exchange:
    """The `Client` port over one request of a connection; keeps uvicorn's own book of the exchange up to date.

    Args:
        cycle: uvicorn's request and response.
        default_headers: what goes with every answer, such as the date.
        outbox: takes what is written.
    """

    __slots__ = ("_cycle", "_default_headers", "_flow", "_head", "_is_chunked", "_outbox", "_transport")

    def __init__(self, cycle: RequestResponseCycle, default_headers: Headers, outbox: Outbox) -> None:
        self._cycle = cycle
        self._default_headers = default_headers
        self._flow: FlowControl = cycle.flow
        self._transport = cycle.transport
        self._outbox = outbox
        self._head = b""
        self._is_chunked = False

    @property
    def is_behind(self) -> bool:
        """Whether the client reads slowly."""
        return self._flow.write_paused

    def start(self, status: int, headers: Headers, *, body_bytes: int | None = None) -> None:
        """Compose the head; it goes out together with the first bytes of the body.

        Raises:
            ValueError: when a header value would break the line it stands in.
        """
        cycle = self._cycle
        lines = [b"%b: %b\r\n" % field for field in (*self._default_headers, *headers)]
        if body_bytes is not None:
            lines.append(b"content-length: %d\r\n" % body_bytes)
        elif cycle.scope["http_version"] == "1.0":
            cycle.keep_alive = False
        else:
            self._is_chunked = True
            lines.append(b"transfer-encoding: chunked\r\n")
        if not cycle.keep_alive:
            lines.append(b"connection: close\r\n")
        head = b"%b%b\r\n" % (STATUS_LINE[status], b"".join(lines))
        if head.count(b"\n") != len(lines) + 2:
            raise ValueError("a header value holds a line break")
        self._head = head
        cycle.response_started = True
        cycle.waiting_for_100_continue = False

    def write(self, data: bytes) -> None:
        """Send the next bytes of the body."""
        if data and not self._cycle.disconnected:
            if self._is_chunked:
                data = b"%b%x\r\n%b\r\n" % (self._head, len(data), data)
            elif self._head:
                data = self._head + data
            self._head = b""
            self._outbox.push(self._transport, data)

    def end(self, data: bytes = b"") -> None:
        """Send the last bytes of the body; the connection is then free for the next request."""
        cycle = self._cycle
        if cycle.disconnected:
            return
        if self._is_chunked:
            data = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if data else b"0\r\n\r\n"
        self._outbox.push(self._transport, self._head + data, close=not cycle.keep_alive)
        self._head = b""
        cycle.response_complete = True
        cycle.message_event.set()
        cycle.on_response()

    async def drain(self) -> None:
        """Wait until the client has caught up; one that makes no progress for a minute is cut off."""
        waiting_bytes = self._transport.get_write_buffer_size()
        while self._flow.write_paused:
            try:
                async with asyncio.timeout(PATIENCE_SECONDS):
                    await self._flow.drain()
            except TimeoutError:
                before, waiting_bytes = waiting_bytes, self._transport.get_write_buffer_size()
                if waiting_bytes >= before:
                    self._transport.abort()
                    return
