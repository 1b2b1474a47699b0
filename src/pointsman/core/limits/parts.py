"""What a replica holds of shared limits, as far as it knows: never less than it may still use.

An answer that did not come in time may have given a part that nobody knows of; such windows, and such places among
calls at the same time, are in doubt until the store has been told how much there is at most.
"""

from collections.abc import Iterable, Iterator

from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.windows import WindowKind

WindowId = tuple[tuple[ScopeKind, str, WindowKind, str], int]
"""Whose limit, and its window's first millisecond."""


class Parts:
    """Amounts by window; belongs to one replica's event loop."""

    __slots__ = ("_amounts", "_doubted", "_owed")

    def __init__(self) -> None:
        self._amounts: dict[WindowId, tuple[int, int]] = {}
        self._doubted: dict[WindowId, int] = {}
        self._owed: dict[WindowId, tuple[int, int, int]] = {}

    def add(self, window: WindowId, end_ms: int, amount: int) -> None:
        """The store has given some."""
        if amount > 0:
            self._amounts[window] = (self.count(window) + amount, end_ms)

    def take(self, window: WindowId, amount: int) -> None:
        """Some was spent or is given back."""
        former = self._amounts.get(window)
        if former is None:
            return
        if former[0] > amount:
            self._amounts[window] = (former[0] - amount, former[1])
        else:
            del self._amounts[window]

    def count(self, window: WindowId) -> int:
        """How much there is of a window."""
        found = self._amounts.get(window)
        return found[0] if found is not None else 0

    def owe(self, window: WindowId, end_ms: int, version: int, amount: int) -> None:
        """Some was spent, and the ledger has it since this version of the window; the store may not know that yet."""
        amount = min(amount, self.count(window))
        self.take(window, amount)
        owed, last, _ = self._owed.get(window, (0, 0, 0))
        if owed + amount > 0:
            self._owed[window] = owed + amount, max(last, version), end_ms

    def count_unknown(self, window: WindowId, version: int = 0) -> int:
        """How much there is for a store that knows the window's spending by this version, or not at all."""
        owed, last, _ = self._owed.get(window, (0, 0, 0))
        return self.count(window) + (owed if last > version else 0)

    def settle(self, window: WindowId, version: int) -> None:
        """The store knows the window's spending by this version."""
        if window in self._owed and self._owed[window][1] <= version:
            del self._owed[window]

    def list_all(self) -> Iterator[tuple[WindowId, int, int]]:
        """Each window of which there is some for a store that knows no spending, its end and how much."""
        ends = {window: end_ms for window, (_, _, end_ms) in self._owed.items()}
        ends |= {window: end_ms for window, (_, end_ms) in self._amounts.items()}
        for window, end_ms in ends.items():
            yield window, end_ms, self.count_unknown(window)

    def doubt(self, windows: Iterable[tuple[WindowId, int]]) -> None:
        """Nobody knows what the store has for these windows, which are given with their ends."""
        self._doubted.update(windows)

    @property
    def doubted(self) -> dict[WindowId, int]:
        """The windows in doubt, and their ends."""
        return dict(self._doubted)

    def trust(self, windows: Iterable[WindowId]) -> None:
        """The store has been told."""
        for window in windows:
            self._doubted.pop(window, None)

    def clear(self) -> None:
        """The store has taken everything back."""
        self._amounts.clear()
        self._doubted.clear()
        self._owed.clear()


class HeldPlaces:
    """Places among calls at the same time, by the name of their limit; belongs to one replica's event loop."""

    __slots__ = ("_doubted", "_held")

    def __init__(self) -> None:
        self._held: dict[str, int] = {}
        self._doubted: set[str] = set()

    def add(self, name: str, places: int) -> None:
        """The store has given some; a negative number says that some are given back."""
        held = self._held.get(name, 0) + places
        if held > 0:
            self._held[name] = held
        else:
            self._held.pop(name, None)

    def list_all(self) -> list[tuple[str, int]]:
        """Names and places."""
        return list(self._held.items())

    def doubt(self, names: Iterable[str]) -> None:
        """Nobody knows what the store has for these limits."""
        self._doubted.update(names)

    def list_doubted(self) -> list[tuple[str, int]]:
        """The limits in doubt, and how many places there are at most."""
        return [(name, self._held.get(name, 0)) for name in self._doubted]

    def trust(self, names: Iterable[str]) -> None:
        """The store has been told."""
        self._doubted.difference_update(names)

    def clear(self) -> None:
        """The store has taken everything back."""
        self._held.clear()
        self._doubted.clear()
