"""Counts of what was seen, by size on a scale of equal factors; the older half is forgotten as the newer one fills.

Integers only; to learn and to ask take the same time whatever was seen.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence

import msgspec

GENERATION = 2_000
"""What is kept is the last one to two times so many."""

_LOOK_AGAIN = 64


class Scale(msgspec.Struct, frozen=True):
    """Upper bounds of the places of a scale, rising; what is beyond the last counts as the last."""

    bounds: tuple[int, ...]

    def place_of(self, value: int) -> int:
        """Where a value belongs."""
        return min(bisect_left(self.bounds, value), len(self.bounds) - 1)


class HistoryState(msgspec.Struct, frozen=True, array_like=True):
    """A history as it is stored: how much it has learned, and pairs of place and count, newer ones first."""

    learned: int
    newer: tuple[tuple[int, int], ...]
    older: tuple[tuple[int, int], ...]


class History:
    """What was seen of one thing.

    Attributes:
        learned: how much it was in all, forgotten or not.
        top: the place that no more than one in 2,000 is above.
        places: of the scale.
    """

    __slots__ = ("_found", "_newer", "_newer_count", "_older", "_older_count", "learned", "places", "top")

    def __init__(self, places: int) -> None:
        self.places = places
        self.learned = 0
        self.top = 0
        self._newer = array("H", bytes(2 * places))
        self._older = array("H", bytes(2 * places))
        self._newer_count = self._older_count = 0
        self._found: dict[tuple[int, int], int] = {}

    def learn(self, place: int) -> None:
        """Count one more; what is above all before it moves `top` at once, or with the next one where two are due."""
        self._newer[place] += 1
        self._newer_count += 1
        self.learned += 1
        if self._newer_count >= GENERATION:
            self._older, self._newer = self._newer, array("H", bytes(2 * self.places))
            self._older_count, self._newer_count = self._newer_count, 0
        looks_again = self.learned < _LOOK_AGAIN or not self.learned % _LOOK_AGAIN
        if looks_again and self._found:
            self._found.clear()
        if place > self.top or looks_again:
            self.top = self._search(1, GENERATION)

    def find_place(self, above: int, of: int) -> int:
        """The lowest place that no more than `above` in `of` are above, as of the last 64 or less learned before."""
        place = self._found.get((above, of))
        if place is None:
            place = self._found[above, of] = self._search(above, of)
        return place

    def _search(self, above: int, of: int) -> int:
        allowed = (self._newer_count + self._older_count) * above // of
        newer, older = self._newer, self._older
        for place in range(self.places - 1, 0, -1):
            allowed -= newer[place] + older[place]
            if allowed < 0:
                return place
        return 0

    def write(self) -> HistoryState:
        """What is stored of it."""
        return HistoryState(self.learned, _write_counts(self._newer), _write_counts(self._older))

    def read(self, state: HistoryState) -> None:
        """Go on from what was stored; places that the scale does not have are left out."""
        self.learned = max(state.learned, 0)
        self._newer_count = _read_counts(self._newer, state.newer)
        self._older_count = _read_counts(self._older, state.older)
        self.top = self._search(1, GENERATION)
        self._found.clear()


def _write_counts(counts: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple([(place, count) for place, count in enumerate(counts) if count])


def _read_counts(counts: "array[int]", stored: Sequence[tuple[int, int]]) -> int:
    for place, count in stored:
        if 0 <= place < len(counts) and 0 < count <= GENERATION:
            counts[place] = count
    return sum(counts)
