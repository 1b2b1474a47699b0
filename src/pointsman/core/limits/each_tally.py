"""A tally for each name of a kind, such as each user; where there is no room for another one, that is remembered."""

from collections.abc import Callable, Iterator, Mapping

from pointsman.core.limits.families import MOST_NAMES, Family
from pointsman.core.limits.tally import Calendar, Tally, open_tally

MOST_MISSED = 128


class EachTally(Family[Tally]):
    """Tallies by name, in the same windows; of a name that a budget is also written for, that budget's.

    Attributes:
        calendar: of their windows.
    """

    __slots__ = ("_missed", "_singles", "calendar")

    def __init__(
        self, calendar: Calendar, most: int = MOST_NAMES, open_one: Callable[[str], Tally] | None = None
    ) -> None:
        """Begin without any.

        Args:
            calendar: of their windows.
            most: how many names there may be.
            open_one: makes the tally of a name; without it, one that nobody shares.
        """
        super().__init__(open_one or (lambda _: open_tally(calendar)), Tally.is_idle, most)
        self.calendar = calendar
        self._missed: set[int] = set()
        self._singles: Mapping[str, Tally] = {}

    def follow_singles(self, singles: Mapping[str, Tally]) -> None:
        """From now on these names have tallies elsewhere; those that had one there so far take it along."""
        for name, tally in self._singles.items():
            if name not in singles:
                self.keep(name, tally)
        self._singles = singles

    def list_all(self) -> Iterator[tuple[str, Tally]]:
        """Every name that was seen."""
        for name, tally in self:
            if name not in self._singles:
                yield name, tally
        yield from self._singles.items()

    def peek(self, name: str) -> Tally | None:
        """That of a name, if it has been seen."""
        return self._singles.get(name) or super().peek(name)

    def find(self, name: str, now_ms: int) -> Tally | None:
        """That of a name, or `None` when there are too many others, or what was spent of it may have been missed."""
        found = self.peek(name)
        if found is not None or (self._missed and self._has_missed(now_ms)):
            return found
        return super().find(name, now_ms)

    def add(self, name: str, at_ms: int, cost_nusd: int) -> None:
        """Count a cost for a name; nothing counts for `""`, which names nobody."""
        if name and cost_nusd and name not in self._singles:
            tally = self.find(name, at_ms)
            if tally is None:
                self.note_missed(at_ms)
            else:
                tally.add(at_ms, cost_nusd)

    def load(self, name: str, at_ms: int, cost_nusd: int) -> None:
        """Count what the ledger has for a name."""
        if name and cost_nusd and name not in self._singles:
            tally = self.find(name, at_ms)
            if tally is None:
                self.note_missed(at_ms)
            else:
                tally.load(at_ms, cost_nusd)

    def correct(self, name: str, at_ms: int, cost_nusd: int) -> None:
        """Count a correction for a name."""
        if name and name not in self._singles and (tally := self.find(name, at_ms)) is not None:
            tally.correct(at_ms, cost_nusd)

    def note_missed(self, at_ms: int) -> None:
        """Something was spent in the window of a moment that could not be counted: no further name may begin in it."""
        self._missed.add(self.calendar.start_of(at_ms))
        if len(self._missed) > MOST_MISSED:
            self._missed.remove(min(self._missed))

    def _has_missed(self, at_ms: int) -> bool:
        start_ms, length_ms = self.calendar.start_of(at_ms), self.calendar.length_ms
        return any(start_ms - length_ms <= missed_ms <= start_ms for missed_ms in self._missed)
