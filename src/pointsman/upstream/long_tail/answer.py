"""An answer that LiteLLM gives, as the relay reads any other: pieces when they are asked for, deadlines of our own."""

import asyncio
from collections.abc import Callable

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers
from pointsman.upstream.long_tail.exchange import Exchange, Opened
from pointsman.upstream.long_tail.worker import Worker


def end_of_time() -> UpstreamFailure:
    """That the deadline of the whole call has passed."""
    return UpstreamFailure(FailureKind.DEADLINE, "the time for the whole call is over", sent=True)


class LongTailAnswer:
    """The port `UpstreamResponse`.

    Args:
        opened: what has come of it.
        exchange: what is still to come.
        worker: the thread that the exchange belongs to.
        deployment: whose deadlines and limit of size hold.
        due_s: the loop's time when all must be over.

    Attributes:
        status, headers: of the answer.
    """

    __slots__ = (
        "_deployment",
        "_due_s",
        "_exchange",
        "_failure",
        "_is_closed",
        "_whole",
        "_worker",
        "headers",
        "status",
    )

    def __init__(
        self, opened: Opened, exchange: Exchange, worker: Worker, deployment: Deployment, due_s: float
    ) -> None:
        self.status: int = opened.status
        self.headers: Headers = opened.headers
        self._whole = opened.body
        self._exchange = exchange
        self._worker = worker
        self._deployment = deployment
        self._due_s = due_s
        self._failure: tuple[FailureKind, str] | None = None
        self._is_closed = False

    def header(self, name: bytes) -> bytes:
        """The first value of the field, or `b""`. `name` is in lower case."""
        return next((value for known, value in self.headers if known == name), b"")

    async def read(self) -> bytes:
        """Wait for the next bytes of the body; `b""` once it has ended properly.

        Raises:
            UpstreamFailure: INTERRUPTED, STALLED, DEADLINE or BAD_RESPONSE.
        """
        if self._whole is not None:
            data, self._whole = self._whole, b""
            return data
        if self._failure is not None:
            raise UpstreamFailure(*self._failure, sent=True)
        if self._is_closed:
            raise UpstreamFailure(FailureKind.INTERRUPTED, "closed by the gateway before the end", sent=True)
        try:
            return await self._read_piece()
        except UpstreamFailure as failure:
            self._failure = failure.kind, failure.detail
            self.close()
            raise
        except asyncio.CancelledError:
            self.close()
            raise

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
                self.close()
                detail = f"the body is larger than {most_bytes} bytes"
                raise UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)
            pieces.append(piece)
        return b"".join(pieces)

    async def pump(self, take: Callable[[bytes], bool]) -> bool:
        """Hand the body on, piece by piece, until `take` says `False` or the body ends.

        Returns:
            Whether the body has ended properly and all of it was handed on.

        Raises:
            UpstreamFailure: as `read` does.
        """
        while piece := await self.read():
            if not take(piece):
                return False
        return True

    def release(self) -> None:
        """Say that all that matters has been read; LiteLLM keeps its connections by itself."""
        self.close()

    def close(self) -> None:
        """Let go of what is still to come; the provider sees it at once. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._worker.abandon(self._exchange)

    async def _read_piece(self) -> bytes:
        loop = asyncio.get_running_loop()
        idle_ms = self._deployment.deadlines.idle_ms
        until_s = min(loop.time() + idle_ms / 1000, self._due_s)
        try:
            async with asyncio.timeout_at(until_s):
                return await self._worker.run(self._exchange.next_piece())
        except TimeoutError:
            if until_s == self._due_s:
                raise end_of_time() from None
            raise UpstreamFailure(FailureKind.STALLED, f"no further piece for {idle_ms} ms", sent=True) from None
