"""Work that is done one after the other, each to its end, even when whoever asked for it has left."""

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class Turns:
    """Lets one piece of work run at a time."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()

    async def take(self, work: Coroutine[None, None, T]) -> T:
        """Do the work when its turn has come; a caller that is cancelled does not take it along."""

        async def do() -> T:
            async with self._lock:
                return await work

        task = asyncio.create_task(do())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def finish(self) -> None:
        """Wait until everything that has begun is done or has failed."""
        while self._running:
            await asyncio.wait(tuple(self._running))
