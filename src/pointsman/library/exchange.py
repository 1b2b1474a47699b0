"""What comes of posting something: a whole answer, or one that is read as it arrives."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Self

import msgspec

from pointsman.core.routing.outcome import Outcome
from pointsman.library.errors import RequestTimedOut
from pointsman.library.mailbox import Mailbox

Fields = tuple[tuple[str, str], ...]


class Exchange(msgspec.Struct, frozen=True):
    """A whole answer.

    Attributes:
        status: as over HTTP.
        headers: names in lower case, in order.
        body: in the wire format of the path that was posted to.
        outcome: what came of the request, with usage and cost; `None` where a gateway answered.
    """

    status: int
    headers: Fields
    body: bytes
    outcome: Outcome | None = None

    def header(self, name: str) -> str:
        """The first value of a header, or `""`; `name` is in lower case."""
        return find_header(self.headers, name)


def find_header(headers: Fields, name: str) -> str:
    """The first value of a header, or `""`; `name` is in lower case."""
    return next((value for field, value in headers if field == name), "")


def collect(mailbox: Mailbox) -> Exchange:
    """The whole answer in a mailbox, once it has ended.

    Raises:
        Exception: that the call ended with.
    """
    body: list[bytes] = []
    while isinstance(piece := mailbox.take(), bytes):
        body.append(piece)
    mailbox.await_head()
    return Exchange(mailbox.status, mailbox.headers, b"".join(body), mailbox.outcome)


class _Arriving:
    """An answer on its way.

    Attributes:
        status: as over HTTP; 0 until the head has come.
        headers: names in lower case.
        outcome: what came of the request, once it has ended; `None` where a gateway answers.
    """

    def __init__(self, mailbox: Mailbox, abort: Callable[[], object], timeout_s: float | None = None) -> None:
        """Read from a mailbox.

        Args:
            mailbox: where the answer arrives.
            abort: ends the call upstream; may be called from any thread, and again.
            timeout_s: how long to wait for the head, and for each next piece; `None`: as long as deadlines allow.
        """
        self._mailbox = mailbox
        self._abort = abort
        self._timeout_s = timeout_s

    @property
    def status(self) -> int:
        return self._mailbox.status

    @property
    def headers(self) -> Fields:
        return self._mailbox.headers

    @property
    def outcome(self) -> Outcome | None:
        return self._mailbox.outcome

    def header(self, name: str) -> str:
        """The first value of a header, or `""`; `name` is in lower case."""
        return find_header(self.headers, name)

    def _time_out(self) -> RequestTimedOut:
        self._abort()
        return RequestTimedOut(f"nothing came for {self._timeout_s:g} s; allow more time or ask for less")

    def __del__(self) -> None:
        # Nobody can read it any more, so nobody shall pay for it.
        self._abort()


class StreamedExchange(_Arriving):
    """An answer that a thread reads as it arrives; used as a context manager, which waits for the head."""

    def open(self) -> Self:
        """Wait for the head.

        Raises:
            EngineClosed: when there will be none.
            RequestTimedOut: when it takes longer than was allowed.
            GatewayUnreachable: when there is nobody to answer.
        """
        try:
            while (head := self._mailbox.await_head()) is not None:
                head.result(self._timeout_s)
        except TimeoutError:
            raise self._time_out() from None
        except BaseException:
            self._abort()
            raise
        return self

    def read(self) -> bytes:
        """All that is still to come."""
        return b"".join(self)

    def close(self) -> None:
        """End the call upstream unless it has ended; idempotent."""
        self._abort()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            while not isinstance(piece := self._mailbox.take(), bytes | None):
                piece.result(self._timeout_s)
        except TimeoutError:
            raise self._time_out() from None
        if piece is None:
            raise StopIteration
        return piece


class AsyncStreamedExchange(_Arriving):
    """An answer that a task of any event loop reads as it arrives; an async context manager."""

    async def open(self) -> Self:
        """Wait for the head; cancelling ends the call upstream. Raises as `StreamedExchange.open`."""
        try:
            while (head := self._mailbox.await_head()) is not None:
                await asyncio.wait_for(asyncio.wrap_future(head), self._timeout_s)
        except TimeoutError:
            raise self._time_out() from None
        except BaseException:
            self._abort()
            raise
        return self

    async def read(self) -> bytes:
        """All that is still to come."""
        return b"".join([piece async for piece in self])

    async def aclose(self) -> None:
        """End the call upstream unless it has ended; idempotent."""
        self._abort()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            while not isinstance(piece := self._mailbox.take(), bytes | None):
                await asyncio.wait_for(asyncio.wrap_future(piece), self._timeout_s)
        except TimeoutError:
            raise self._time_out() from None
        except asyncio.CancelledError:
            self._abort()
            raise
        if piece is None:
            raise StopAsyncIteration
        return piece
