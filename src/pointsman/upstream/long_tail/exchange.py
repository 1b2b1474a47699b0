"""One call to LiteLLM, seen from its own thread: opened, read piece by piece, and let go of at any time."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.ports import Headers
from pointsman.upstream.long_tail.failures import read_failure, read_refusal
from pointsman.upstream.long_tail.library import Library, find_headers
from pointsman.upstream.long_tail.pieces import DONE, choose_headers, find_finish, write_answer, write_event
from pointsman.upstream.long_tail.way_out import WAY, Way

_JSON, _EVENTS = b"application/json", b"text/event-stream; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Opened:
    """The beginning of an answer.

    Attributes:
        status: of the answer.
        headers: what is known of them.
        body: the whole of it, or `None` where it comes in pieces.
    """

    status: int
    headers: Headers
    body: bytes | None


class Exchange:
    """Belongs to LiteLLM's loop; everything but the constructor runs there.

    A piece is taken from the provider when it is asked for and no sooner, so a slow reader slows the provider.

    Args:
        library: makes the call.
        arguments: what LiteLLM is told.
        way: where the call may go.
    """

    def __init__(self, library: Library, arguments: Mapping[str, object], way: Way) -> None:
        self._library = library
        self._arguments = arguments
        self._way = way
        self._stream: Any = None
        self._is_abandoned = False
        self._has_ended = False
        self._closing: asyncio.Task[None] | None = None

    async def open(self) -> Opened:
        """Make the call and wait for its answer, or for the beginning of a stream.

        Raises:
            UpstreamFailure: when no answer came.
        """
        WAY.set(self._way)
        try:
            answer = await self._library.complete(**self._arguments)
        except Exception as error:  # LiteLLM raises of everything; `read_refusal` tells what it means.
            rejected = read_refusal(error, self._way)
            return Opened(rejected.status, choose_headers(_JSON, rejected.headers), rejected.body)
        headers = find_headers(answer)
        if not hasattr(answer, "__anext__"):
            return Opened(200, choose_headers(_JSON, headers), _write(answer))
        self._stream = answer
        if self._is_abandoned:
            self._close()
        return Opened(200, choose_headers(_EVENTS, headers), None)

    async def next_piece(self) -> bytes:
        """The next event, or `b""` after the last one.

        Raises:
            UpstreamFailure: when the stream broke, or ended without saying why it is complete.
        """
        WAY.set(self._way)
        if self._has_ended or self._stream is None:
            return b""
        try:
            chunk = await anext(self._stream)
        except StopAsyncIteration:
            self._has_ended = True
            return DONE
        except Exception as error:  # As above.
            raise read_failure(error, self._way) from None
        self._look_for_a_made_up_end(chunk)
        with_usage = getattr(chunk, "usage", None) is not None and self._has_reported_usage()
        return write_event(chunk, with_usage=with_usage)

    def abandon(self) -> None:
        """Nobody wants the rest: let the provider know."""
        self._is_abandoned = True
        self._close()

    def _look_for_a_made_up_end(self, chunk: Any) -> None:
        """LiteLLM ends a stream that was merely cut with a finish of its own, which would pass for a whole answer."""
        stream = self._stream
        known = getattr(stream, "received_finish_reason", ""), getattr(stream, "intermittent_finish_reason", None)
        if find_finish(chunk) and known == (None, None):
            raise UpstreamFailure(FailureKind.INTERRUPTED, "the stream ended before the answer did", sent=True)

    def _has_reported_usage(self) -> bool:
        """Whether the provider has; LiteLLM ends every stream with usage, which it then has counted by itself."""
        return any(getattr(chunk, "usage", None) is not None for chunk in getattr(self._stream, "chunks", ()))

    def _close(self) -> None:
        if self._stream is not None and self._closing is None and not self._has_ended:
            self._closing = asyncio.get_running_loop().create_task(self._stream.aclose())


def _write(answer: Any) -> bytes:
    try:
        return write_answer(answer)
    except Exception:  # Of whatever kind it is: what a provider made LiteLLM return cannot be written.
        raise UpstreamFailure(FailureKind.BAD_RESPONSE, "LiteLLM's answer cannot be read", sent=True) from None
