"""An event loop in a thread of its own, for work that would hold up the loop of the requests."""

import asyncio
from collections.abc import Coroutine
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")

LONGEST_CLOSE_S = 10.0


class LoopThread:
    """Runs coroutines in its thread, several at a time.

    Args:
        name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Wait for some work; it is cancelled with the one who waits."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """Stop, once nothing runs any more; blocks for a moment."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(LONGEST_CLOSE_S)

    def _serve(self) -> None:
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()
