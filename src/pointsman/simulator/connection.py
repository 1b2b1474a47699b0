"""The HTTP/1.1 side of the simulator, down to the transport, so that an answer can break at any byte.

One `Connection` reads requests and answers them in order; one `Reply` frames one answer.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast
from urllib.parse import unquote

import httptools

from pointsman.simulator.refusal import Refusal
from pointsman.simulator.steps import HeaderFields

MOST_CONNECTIONS = 10_000
MOST_HEADER_BYTES = 64 * 1024
MOST_BODY_BYTES = 64 * 1024 * 1024
MOST_PIPELINED = 16
RECEIVE_TIMEOUT_S = 60.0
"""How long a connection may take over a request, or stay without one."""
SEND_TIMEOUT_S = 60.0
"""How long a client may leave its answer unread."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that has come in whole.

    Attributes:
        method: in upper case.
        target: path and query as sent.
        headers: in order, names in lower case.
        body: all of it.
        keep_alive: whether another request may follow.
    """

    method: str
    target: str
    headers: HeaderFields
    body: bytes
    keep_alive: bool = True

    @property
    def path(self) -> str:
        """The path without its query."""
        return unquote(self.target.partition("?")[0])

    def header(self, name: str) -> str:
        """The first value of a header, or nothing; `name` is in lower case."""
        return next((value for key, value in self.headers if key == name), "")


class Reply:
    """One answer on the wire: chunked or with a length, ended properly or cut."""

    def __init__(self, connection: "Connection", *, keep_alive: bool) -> None:
        self._connection = connection
        self._keep_alive = keep_alive
        self._chunked = False

    def write_head(self, status: int, headers: HeaderFields, length: int | None) -> None:
        """Write status line and headers; chunked when `length` is `None`."""
        self._chunked = length is None
        framing = ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
        fields = (*headers, framing, ("connection", "keep-alive" if self._keep_alive else "close"))
        lines = [
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}",
            *(f"{name}: {value}" for name, value in fields),
        ]
        self.write_raw("\r\n".join([*lines, "", ""]).encode("latin-1"))

    def write(self, data: bytes) -> None:
        """Write bytes of the body, as a chunk of their own where the answer is chunked."""
        if self._chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        self.write_raw(data)

    def write_raw(self, data: bytes) -> None:
        """Write bytes outside any framing."""
        self._connection.transport.write(data)

    async def drain(self) -> None:
        """Wait until the client has read enough to go on."""
        await self._connection.drain()

    def end(self) -> None:
        """End the answer properly; the connection lives on if both sides keep it."""
        if self._chunked:
            self.write_raw(b"0\r\n\r\n")
        if not self._keep_alive:
            self.cut()

    def cut(self) -> None:
        """Send what was written, then close the connection."""
        self._connection.transport.close()


Answer = Callable[[Request, Reply], Awaitable[None]]
"""Answers one request; cancelled as soon as the client is gone."""


class Connection(asyncio.Protocol):
    """Reads requests from one client and has them answered one after the other.

    The transport calls the methods up to `resume_writing`, the parser those that begin with `on_`.
    """

    transport: asyncio.Transport

    def __init__(self, answer: Answer, open_connections: set["Connection"]) -> None:
        self._answer = answer
        self._open_connections = open_connections
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods of asyncio.Transport but do not derive from it.
        self.transport = cast(asyncio.Transport, transport)
        if len(self._open_connections) >= MOST_CONNECTIONS:
            self.transport.abort()
            return
        self._open_connections.add(self)
        self._expect_request()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._refuse(Refusal(400, "This server does not upgrade connections."))
        except httptools.HttpParserError:
            self._refuse(Refusal(400, "This is not an HTTP/1.1 request."))

    def connection_lost(self, error: Exception | None) -> None:
        self._open_connections.discard(self)
        self._stop_timer()
        if self._task is not None:
            self._task.cancel()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[str, str]] = []
        self._header_bytes = 0
        self._body = bytearray()

    def on_url(self, url: bytes) -> None:
        self._target += url
        self._count_header_bytes(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))
        self._count_header_bytes(len(name) + len(value))

    def on_headers_complete(self) -> None:
        if ("expect", "100-continue") in self._headers:
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MOST_BODY_BYTES:
            self._refuse(Refusal(413, f"A request body has at most {MOST_BODY_BYTES} bytes."))

    def on_message_complete(self) -> None:
        method = self._parser.get_method().decode("ascii")
        target = self._target.decode("latin-1")
        keep_alive = self._parser.should_keep_alive() and self._parser.get_http_version() == "1.1"
        if self.transport.is_closing() or len(self._waiting) >= MOST_PIPELINED:
            self.transport.abort()
            return
        self._stop_timer()
        self._waiting.append(Request(method, target, tuple(self._headers), bytes(self._body), keep_alive))
        if self._task is None:
            self._task = self._loop.create_task(self._answer_waiting())

    async def drain(self) -> None:
        """Wait until the transport takes more; a client that reads nothing for a minute loses its connection."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._writable.wait()
        except TimeoutError:
            self.transport.abort()

    async def close(self) -> None:
        """Drop the client and wait for its answer to stop."""
        self.transport.abort()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _answer_waiting(self) -> None:
        try:
            while self._waiting and not self.transport.is_closing():
                request = self._waiting.popleft()
                await self._answer(request, Reply(self, keep_alive=request.keep_alive))
        except BaseException:
            # Cancelled, or a fault of our own: either way the client must not wait for the rest.
            self.transport.abort()
            raise
        self._task = None
        if not self.transport.is_closing():
            self._expect_request()

    def _expect_request(self) -> None:
        self._timer = self._loop.call_later(RECEIVE_TIMEOUT_S, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _count_header_bytes(self, count: int) -> None:
        self._header_bytes += count
        if self._header_bytes > MOST_HEADER_BYTES:
            self._refuse(Refusal(431, f"The head of a request has at most {MOST_HEADER_BYTES} bytes."))

    def _refuse(self, refusal: Refusal) -> None:
        """Answer at once and close; only for requests that cannot be read further."""
        if self._task is not None:
            self.transport.abort()
        if self.transport.is_closing():
            return
        body = refusal.encode()
        reply = Reply(self, keep_alive=False)
        reply.write_head(refusal.status, (("content-type", "application/json"),), len(body))
        reply.write(body)
        reply.end()
