"""One answer: keeps what has arrived until it is read, and knows when waiting for more has become too long.

An answer that ended properly has let go of its connection before anybody reads its last byte.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.upstream.framing import UnacceptableAnswer, ends_with_connection

MOST_QUEUED_BYTES = 256 * 1024
"""Bytes that wait to be read; above this the provider is made to wait."""
MOST_HEADERS = 100
MOST_HEAD_BYTES = 64 * 1024
"""Of all headers, trailers included; and of bytes in a row that complete neither a head nor a piece of the body."""
MOST_INFORMATIONAL = 10
RELEASED_S = 1.0
"""How long an answer that nobody reads any more may take to end, for its connection to be kept."""


class Line(Protocol):
    """What an answer asks of the connection that it arrives on."""

    def count_unsent_bytes(self) -> int: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def release(self) -> None: ...
    def abort(self) -> None: ...


class HttpResponse:
    """The port `UpstreamResponse`.

    Args:
        line: the connection; released after a proper end, aborted at any failure.
        deployment: whose deadlines and limit of size hold.
        loop: the one that runs; passed on because asking which one runs is a system call.
        due_s: the loop's time when all must be over.
    """

    __slots__ = (
        "_barren_bytes",
        "_deployment",
        "_due_s",
        "_failure",
        "_has_ended",
        "_head_bytes",
        "_headers_seen",
        "_informational_seen",
        "_is_paused",
        "_is_released",
        "_is_reusable",
        "_line",
        "_loop",
        "_parser",
        "_pieces",
        "_progress",
        "_queued_bytes",
        "_quiet_since_s",
        "_received_bytes",
        "_sink",
        "_sink_error",
        "_sink_has_stopped",
        "_until_eof",
        "_waiter",
        "headers",
        "status",
    )

    def __init__(self, line: Line, deployment: Deployment, *, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self._line: Line | None = line
        self._parser = HttpResponseParser(self)
        self._deployment = deployment
        self._due_s = due_s
        self._loop = loop
        self._quiet_since_s = loop.time()
        self._progress = 0
        self._received_bytes = 0
        self._head_bytes = 0
        self._headers_seen = 0
        self._informational_seen = 0
        self._barren_bytes = 0
        self._pieces: list[bytes] = []
        self._queued_bytes = 0
        self._is_paused = False
        self._is_reusable = False
        self._is_released = False
        self._until_eof = False
        self._has_ended = False
        self._failure: tuple[FailureKind, str] | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._sink: Callable[[bytes], bool] | None = None
        self._sink_error: Exception | None = None
        self._sink_has_stopped = False

    # The relay's side.

    def header(self, name: bytes) -> bytes:
        """The first value of the field, or `b""`. `name` is in lower case."""
        for known, value in self.headers:
            if known == name:
                return value
        return b""

    async def arrive(self) -> None:
        """Wait until the head is complete.

        Raises:
            UpstreamFailure: when no acceptable head came in time.
        """
        while not self.status:
            await self._wait()

    async def read(self) -> bytes:
        """Wait for the next bytes of the body: all that came since the last call; `b""` once it has ended properly.

        Raises:
            UpstreamFailure: INTERRUPTED, STALLED, DEADLINE or BAD_RESPONSE, after all that came before was read.
        """
        while not self._pieces:
            if self._has_ended:
                return b""
            await self._wait()
        return self._take()

    async def pump(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body on, each piece the moment it arrives, until `take` says `False` or the body ends.

        `take` runs within the connection's callback: a piece costs no future, no switch of tasks and no turn of the
        loop. It must not wait; what it raises comes out here.

        Returns:
            Whether the body has ended properly and all of it was handed on.

        Raises:
            UpstreamFailure: as `read` does, after all that came before was handed on.
        """
        if self._pieces and not take(self._take()):
            return False
        self._sink, self._sink_has_stopped = take, False
        try:
            while not (self._has_ended or self._sink_has_stopped):
                await self._wait()
        finally:
            self._sink = None
        if self._sink_error is not None:
            raise self._sink_error
        return not self._sink_has_stopped

    async def read_all(self) -> bytes:
        """Wait for the whole body.

        Raises:
            UpstreamFailure: as `read` does; BAD_RESPONSE beyond the deployment's `max_response_bytes`.
        """
        most_bytes = self._deployment.max_response_bytes
        pieces: list[bytes] = []
        size_bytes = 0
        while piece := await self.read():
            size_bytes += len(piece)
            if size_bytes > most_bytes:
                detail = f"the body is larger than {most_bytes} bytes"
                self.fail(FailureKind.BAD_RESPONSE, detail)
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)
            pieces.append(piece)
        return b"".join(pieces)

    def release(self) -> None:
        """Read no more: the connection is kept if the answer now ends within a second, without more of a body.

        Does not wait. Idempotent; `close` after it does nothing.
        """
        if self._line is not None and not self._is_released:
            self._is_released = True
            self._due_s = min(self._due_s, self._loop.time() + RELEASED_S)
            if self._pieces:
                self.fail(FailureKind.INTERRUPTED, "more came than was asked for")

    def close(self) -> None:
        """Abort the connection, unless the answer has ended properly or was released. Idempotent."""
        if self._line is not None and not self._is_released:
            self._pieces.clear()
            self.fail(FailureKind.INTERRUPTED, "closed by the gateway before the end")

    async def _wait(self) -> None:
        if self._failure is not None:
            kind, detail = self._failure
            raise UpstreamFailure(kind, detail, sent=True)
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        except asyncio.CancelledError:
            self.close()
            raise
        finally:
            self._waiter = None

    def _take(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._queued_bytes = 0
        if self._is_paused:
            self._is_paused = False
            if self._line is not None:
                self._line.resume()
        return data

    # The connection's side.

    @property
    def is_untouched(self) -> bool:
        """Whether not one byte of an answer has come."""
        return self._received_bytes == 0

    def feed(self, data: memoryview) -> None:
        """Parse what has arrived and draw the conclusions. `data` is copied from, never kept."""
        self._received_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._refuse(error)
        else:
            self._follow_up(len(data))

    def end_of_stream(self) -> None:
        """Nothing more will come: the proper end of a body without a length, an interruption of any other."""
        if self._until_eof:
            self._finish()
        else:
            self.fail(FailureKind.INTERRUPTED, "the connection ended before the answer did")

    def fail(self, kind: FailureKind, detail: str) -> None:
        """Abort the connection and tell the reader why. An answer that is over already stays as it is."""
        line = self._leave()
        if line is not None:
            self._failure = (kind, detail)
            line.abort()
            self._wake()

    def expire(self, now_s: float) -> None:
        """Fail if a deadline has passed; asked by the sweeper every so often, so never early and a little late."""
        if self._line is None:
            return
        progress = self._received_bytes - self._line.count_unsent_bytes()
        if progress != self._progress or self._is_paused:  # While paused it is we who make the provider wait.
            self._progress = progress
            self._quiet_since_s = now_s
        deadlines = self._deployment.deadlines
        quiet_ms = (now_s - self._quiet_since_s) * 1000
        if now_s >= self._due_s:
            self.fail(FailureKind.DEADLINE, "the time for the whole call is over")
        elif self.is_untouched and quiet_ms >= deadlines.first_byte_ms:
            self.fail(FailureKind.FIRST_BYTE_TIMEOUT, f"no byte of an answer within {deadlines.first_byte_ms} ms")
        elif not self.is_untouched and quiet_ms >= deadlines.idle_ms:
            self.fail(FailureKind.STALLED, f"no further byte for {deadlines.idle_ms} ms")

    def _follow_up(self, size_bytes: int) -> None:
        if self._pieces and self._is_released:
            self.fail(FailureKind.INTERRUPTED, "more came than was asked for")
        elif self._pieces and self._sink is not None:
            self._barren_bytes = 0
            self._hand_on(self._sink)
            if self._has_ended:
                self._finish()
            return
        elif self._has_ended:
            self._finish()
        elif self._pieces:
            self._barren_bytes = 0
            self._queued_bytes += size_bytes
            if self._queued_bytes > MOST_QUEUED_BYTES and not self._is_paused and self._line is not None:
                self._is_paused = True
                self._line.pause()
        else:
            self._barren_bytes += size_bytes
            if self._barren_bytes > MOST_HEAD_BYTES:
                self.fail(FailureKind.BAD_RESPONSE, f"{MOST_HEAD_BYTES} bytes in a row were no part of a body")
        self._wake()

    def _hand_on(self, sink: Callable[[bytes], bool]) -> None:
        try:
            goes_on = sink(self._take())
        except Exception as error:  # Whatever it is, it belongs to whoever pumps, not to the loop.
            self._sink_error, goes_on = error, False
        if not goes_on:
            self._sink, self._sink_has_stopped = None, True
            self._wake()

    def _refuse(self, error: Exception) -> None:
        cause = error.__context__
        if self._has_ended:  # What follows a complete answer spoils the connection and nothing else.
            self._is_reusable = False
            self._finish()
        elif isinstance(cause, UnacceptableAnswer):
            self.fail(FailureKind.BAD_RESPONSE, str(cause))
        elif self.status:
            self.fail(FailureKind.INTERRUPTED, f"the framing of the body is broken: {error}")
        else:
            self.fail(FailureKind.BAD_RESPONSE, f"the head cannot be read: {error}")

    def _finish(self) -> None:
        self._has_ended = True
        line = self._leave()
        if line is not None:
            if self._is_paused:
                line.resume()
            if self._is_reusable:
                line.release()
            else:
                line.abort()
            self._wake()

    def _leave(self) -> Line | None:
        line = self._line
        if line is not None:
            self._line = None
            del self._parser  # It holds our methods: a ring that only the garbage collector would undo.
        return line

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The parser's side: an exception in one of these stops it.

    def on_message_begin(self) -> None:
        """Refuse a second answer."""
        if self._has_ended:
            raise UnacceptableAnswer("a second answer follows the first")

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; count trailers and what came with informational answers, and forget them."""
        self._headers_seen += 1
        self._head_bytes += len(name) + len(value)
        if self._headers_seen > MOST_HEADERS or self._head_bytes > MOST_HEAD_BYTES:
            raise UnacceptableAnswer(f"it has more than {MOST_HEADERS} headers or {MOST_HEAD_BYTES} bytes of them")
        if not self.status:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Take the head, unless it is one of an informational answer: then wait for the next."""
        status = self._parser.get_status_code()
        if status >= 200:
            self._until_eof = ends_with_connection(status, self.headers)
            self.status = status
            return
        self.headers.clear()
        self._informational_seen += 1
        if status < 100 or status == 101 or self._informational_seen > MOST_INFORMATIONAL:
            raise UnacceptableAnswer(f"status {status} is not an answer to this request")

    def on_body(self, piece: bytes) -> None:
        """Queue a piece of the body."""
        self._pieces.append(piece)

    def on_message_complete(self) -> None:
        """Mark the end; an informational answer has none of its own."""
        if self.status:
            self._has_ended = True
            self._is_reusable = self._parser.should_keep_alive()
