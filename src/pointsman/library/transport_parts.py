"""What transports have in common, whichever of the two generations of httpx an SDK is built on."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

import msgspec

from pointsman.library.errors import EngineClosed, GatewayUnreachable, RequestTimedOut
from pointsman.library.exchange import AsyncStreamedExchange, StreamedExchange

PASSED_ON = ("x-pointsman-", "x-request-id", "cache-control", "anthropic-")
"""Headers that mean something to the relay, by how they begin; keys stay out, for in a process none is needed."""

FAILURES = (RequestTimedOut, EngineClosed, GatewayUnreachable)
"""What an SDK knows as errors of its connection."""

Translate = Callable[[Exception], Exception]


class Posted(msgspec.Struct, frozen=True):
    """What an SDK asks for.

    Attributes:
        path: with its query.
        headers: those that are passed on.
        timeout_s: how long it waits for each next piece, or `None`.
    """

    path: str
    headers: dict[str, str]
    timeout_s: float | None


def read_posted(raw_path: bytes, headers: Iterable[tuple[str, str]], extensions: Mapping[str, object]) -> Posted:
    """What a request of an SDK asks for."""
    timeouts = extensions.get("timeout")
    read_s = timeouts.get("read") if isinstance(timeouts, Mapping) else None
    passed_on = {name: value for name, value in headers if name.startswith(PASSED_ON)}
    return Posted(raw_path.decode("ascii"), passed_on, read_s if isinstance(read_s, int | float) else None)


class Body:
    """An answer that an SDK reads in its own thread."""

    def __init__(self, exchange: StreamedExchange, translate: Translate) -> None:
        self._exchange = exchange
        self._translate = translate

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._exchange
        except FAILURES as error:
            raise self._translate(error) from error

    def close(self) -> None:
        """End the call unless it has ended."""
        self._exchange.close()


class AsyncBody:
    """An answer that an SDK reads in a task."""

    def __init__(self, exchange: AsyncStreamedExchange, translate: Translate) -> None:
        self._exchange = exchange
        self._translate = translate

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._exchange:
                yield piece
        except FAILURES as error:
            raise self._translate(error) from error

    async def aclose(self) -> None:
        """End the call unless it has ended."""
        await self._exchange.aclose()
