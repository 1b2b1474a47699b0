"""One thing for each name, opened when it is first seen; so many at most, and those that nobody needs go first."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Kept = TypeVar("Kept")

MOST_NAMES = 10_000
SWEEP_EVERY = 1_000
"""Milliseconds between two looks for things that nobody needs, which take time for each of them."""


class Family(Generic[Kept]):
    """Things of one kind by name.

    Attributes:
        sweeps: how often some have been let go; what was found by name before may stand for nothing then.
    """

    __slots__ = ("_by_name", "_is_idle", "_most", "_open", "_swept_at", "sweeps")

    def __init__(
        self, open_one: Callable[[str], Kept], is_idle: Callable[[Kept, int], bool], most: int = MOST_NAMES
    ) -> None:
        """Begin without any.

        Args:
            open_one: makes a new one for a name.
            is_idle: whether one may be let go at a time, because a new one would do in its place.
            most: how many there may be.
        """
        self.sweeps = 0
        self._open = open_one
        self._is_idle = is_idle
        self._most = most
        self._by_name: dict[str, Kept] = {}
        self._swept_at: int | None = None

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another one."""
        return len(self._by_name) >= self._most

    def __iter__(self) -> Iterator[tuple[str, Kept]]:
        return iter(self._by_name.items())

    def peek(self, name: str) -> Kept | None:
        """That of a name, if it has been seen."""
        return self._by_name.get(name)

    def find(self, name: str, now_ms: int) -> Kept | None:
        """That of a name, or `None` when there are too many others."""
        found = self._by_name.get(name)
        if found is not None:
            return found
        if self.is_full and not self._sweep(now_ms):
            return None
        opened = self._by_name[name] = self._open(name)
        return opened

    def keep(self, name: str, one: Kept) -> None:
        """Take over one that was opened elsewhere."""
        self._by_name[name] = one

    def _sweep(self, now_ms: int) -> bool:
        """Let go of those that nobody needs; whether there is room now."""
        if self._swept_at is not None and abs(now_ms - self._swept_at) < SWEEP_EVERY:
            return False
        self._swept_at = now_ms
        idle = [name for name, one in self._by_name.items() if self._is_idle(one, now_ms)]
        for name in idle:
            del self._by_name[name]
        self.sweeps += bool(idle)
        return bool(idle)
