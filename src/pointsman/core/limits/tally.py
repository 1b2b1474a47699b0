"""Running sums per window: a window that has ended reads as what it was, a new one as nothing, without any reset."""

from pointsman.core.limits.windows import Span, WindowKind, find_window

MOST_WINDOWS = 4
"""Windows that a tally keeps, those nearest to now: calls may end in a later one than they came in."""


class Calendar:
    """The windows of one kind in one time zone; it remembers the two that were asked for last.

    Attributes:
        window, time_zone: which windows.
        start_ms, end_ms: the one that was asked for last, in milliseconds since the Unix epoch.
        now_ms: the time as far as anybody has said.
    """

    __slots__ = ("_other", "end_ms", "now_ms", "start_ms", "time_zone", "window")

    def __init__(self, window: WindowKind, time_zone: str) -> None:
        self.window: WindowKind = window
        self.time_zone = time_zone
        self.start_ms = self.end_ms = self.now_ms = 0
        self._other: Span = (0, 0)

    def start_of(self, at_ms: int) -> int:
        """When the window began that a moment is in, in milliseconds since the Unix epoch."""
        if not self.start_ms <= at_ms < self.end_ms:
            found = self._other if self._other[0] <= at_ms < self._other[1] else self._find(at_ms)
            self._other = (self.start_ms, self.end_ms)
            self.start_ms, self.end_ms = found
        return self.start_ms

    def span_now(self, now_ms: int) -> Span:
        """The window that it is now."""
        self.now_ms = now_ms
        self.start_of(now_ms)
        return self.start_ms, self.end_ms

    def _find(self, at_ms: int) -> Span:
        return find_window(at_ms, self.window, self.time_zone)


class Tally:
    """What was spent, window by window, in nano-dollars."""

    __slots__ = ("_spent", "calendar")

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._spent: dict[int, int] = {}

    def add(self, at_ms: int, cost_nusd: int) -> None:
        """Count a cost in the window of its time, though that may have ended."""
        start_ms = self.calendar.start_of(at_ms)
        if start_ms in self._spent:
            self._spent[start_ms] += cost_nusd
            return
        self._spent[start_ms] = cost_nusd
        # Nobody may have asked for days.
        now_ms = self.calendar.now_ms = max(self.calendar.now_ms, at_ms)
        if len(self._spent) > MOST_WINDOWS:
            del self._spent[max(self._spent, key=lambda other_ms: abs(other_ms - now_ms))]

    def read(self, now_ms: int) -> int:
        """What was spent in the window that it is now."""
        calendar = self.calendar
        calendar.now_ms = now_ms
        return self._spent.get(calendar.start_of(now_ms), 0)
