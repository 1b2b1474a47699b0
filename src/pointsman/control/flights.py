"""Questions to a store on behalf of many: of one thing only one is under way, and whoever comes later waits for it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Want = TypeVar("Want")


class Flights(Generic[Want]):
    """Belongs to one event loop.

    Args:
        name_want: what a want is of.
        ask: asks for several at once; it keeps what came of it by itself, and raises nothing that can be foreseen.
    """

    def __init__(self, name_want: Callable[[Want], Hashable], ask: Callable[[Sequence[Want]], Awaitable[None]]) -> None:
        self._name_want = name_want
        self._ask = ask
        self._under_way: dict[Hashable, asyncio.Task[None]] = {}

    def is_under_way(self, want: Want) -> bool:
        """Whether somebody is asking for the same."""
        return self._name_want(want) in self._under_way

    async def fill(self, wants: Sequence[Want], is_missing: Callable[[Want], bool]) -> None:
        """Ask until nothing is missing, or nothing more can be had; bounded by whoever calls it."""
        while missing := [want for want in wants if is_missing(want)]:
            names = [self._name_want(want) for want in missing]
            under_way = {self._under_way[name] for name in names if name in self._under_way}
            if under_way:
                await asyncio.wait(under_way)
            else:
                asking = self.start(missing)
                await asyncio.wait([asking])
                asking.result()

    def start(self, wants: Sequence[Want]) -> asyncio.Task[None]:
        """Ask; goes on though whoever wanted it gives up, for what comes of it must be kept."""
        names = {self._name_want(want) for want in wants}
        asking = asyncio.create_task(self._run(wants, names), name="asking the shared store")
        self._under_way.update(dict.fromkeys(names, asking))
        return asking

    async def close(self) -> None:
        """Wait for those under way; each has a deadline of its own."""
        if self._under_way:
            await asyncio.wait(set(self._under_way.values()))

    async def _run(self, wants: Sequence[Want], names: set[Hashable]) -> None:
        try:
            await self._ask(wants)
        finally:
            for name in names:
                del self._under_way[name]
