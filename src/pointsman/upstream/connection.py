"""One TCP or TLS connection: carries one request at a time, and never another after anything unexpected."""

import asyncio
from typing import Protocol, cast

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.upstream.response import HttpResponse
from pointsman.wire.outbox import Outbox

MOST_COPIED_BYTES = 64 * 1024
STALE_WITHIN_S = 1.0
"""A provider that ends a reused connection later than this may have worked on the request, and bill it."""


class StaleConnection(Exception):
    """A reused connection ended before one byte of an answer: the provider had closed it while it was idle."""


class Owner(Protocol):
    """What a connection needs from the pool, and tells it."""

    @property
    def receive_buffer(self) -> memoryview: ...
    @property
    def outbox(self) -> Outbox: ...
    def admit(self, connection: "Connection") -> None: ...
    def keep(self, connection: "Connection") -> bool: ...
    def withdraw(self, connection: "Connection") -> None: ...
    def forget(self, connection: "Connection") -> None: ...


class Connection(asyncio.BufferedProtocol):
    """The loop's callbacks on one side, one `HttpResponse` after the other on the other side.

    Buffered, because uvloop otherwise allocates 256 KiB for every read from a TLS connection: twice the time per chunk.

    Args:
        owner: told when the connection opens, is free again, may not be reused any more, and is gone.
    """

    __slots__ = ("_buffer", "_idle_since_s", "_is_used", "_loop", "_owner", "_response", "_transport")

    def __init__(self, owner: Owner) -> None:
        self._owner = owner
        self._buffer = owner.receive_buffer
        self._loop = asyncio.get_running_loop()
        self._response: HttpResponse | None = None
        self._is_used = False

    async def carry(self, head: bytes, body: bytes, deployment: Deployment, due_s: float) -> HttpResponse:
        """Send a request and wait for the head of its answer.

        Args:
            head: up to and including `content-length: `.
            body: what follows it.
            deployment: whose deadlines and limits hold.
            due_s: the loop's time when the answer must be complete.

        Raises:
            StaleConnection: the provider has most likely not seen the request; only on a connection used before.
            UpstreamFailure: with `sent` true.
        """
        was_used, self._is_used = self._is_used, True
        self._response = response = HttpResponse(self, deployment, loop=self._loop, due_s=due_s)
        written_s = self._loop.time()
        self._write(head, body)
        try:
            await response.arrive()
        except UpstreamFailure as failure:
            is_early = self._loop.time() - written_s < STALE_WITHIN_S
            if was_used and is_early and response.is_untouched and failure.kind is FailureKind.INTERRUPTED:
                raise StaleConnection from failure
            raise
        return response

    def expire(self, now_s: float, most_idle_s: float) -> None:
        """Let the answer look at its deadlines; without one, end when idle for too long."""
        if self._response is not None:
            self._response.expire(now_s)
        elif now_s - self._idle_since_s >= most_idle_s:
            self.abort()

    def is_closing(self) -> bool:
        """Whether the connection has ended, or is about to."""
        return self._transport.is_closing()

    def fileno(self) -> int:
        """Its file descriptor; -1 once it is closed."""
        wire = self._transport.get_extra_info("socket")
        return -1 if wire is None else int(wire.fileno())

    def interrupt(self) -> None:
        """End at once because the process does; a request under way fails."""
        if self._response is not None:
            self._response.fail(FailureKind.INTERRUPTED, "the gateway is shutting down")
        else:
            self.abort()

    def _write(self, head: bytes, body: bytes) -> None:
        # One write is one TLS record and one call; a long body is not worth copying for that.
        if len(body) <= MOST_COPIED_BYTES:
            self._owner.outbox.push(self._transport, b"%b%d\r\n\r\n%b" % (head, len(body), body))
        else:
            self._transport.writelines((b"%b%d\r\n\r\n" % (head, len(body)), body))

    # For the answer.

    def count_unsent_bytes(self) -> int:
        """Bytes of the request that the system has not taken yet."""
        return self._transport.get_write_buffer_size()

    def pause(self) -> None:
        """Read no more until `resume`: TCP makes the provider wait."""
        self._transport.pause_reading()

    def resume(self) -> None:
        """Read on."""
        self._transport.resume_reading()

    def release(self) -> None:
        """Be free for the next request, if this one went out completely and the pool has room."""
        self._response = None
        self._idle_since_s = self._loop.time()
        if self.count_unsent_bytes() or not self._owner.keep(self):
            self._transport.abort()

    def abort(self) -> None:
        """End the connection now, whatever is still on its way; the provider sees it at once."""
        self._response = None
        self._owner.withdraw(self)
        self._transport.abort()

    # For the loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands, TLS included."""
        self._transport = cast(asyncio.Transport, transport)
        self._idle_since_s = self._loop.time()
        self._owner.admit(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where to put what arrives next."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Pass on an answer; bytes that nobody asked for would be taken for the next one."""
        if self._response is not None:
            self._response.feed(self._buffer[:nbytes])
        else:
            self.abort()

    def eof_received(self) -> None:
        """What the provider has not answered by now it never will."""
        if self._response is not None:
            self._response.end_of_stream()
        else:
            self.abort()

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone, whoever ended it."""
        self._owner.forget(self)
        if self._response is None:
            return
        if error is None:
            self._response.end_of_stream()
        else:
            self._response.fail(FailureKind.INTERRUPTED, f"the connection broke: {type(error).__name__}")
