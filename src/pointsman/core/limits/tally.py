"""Running sums per window: a window that has ended reads as what it was, a new one as nothing, without any reset.

What is held for calls under way stands beside what was spent, so that both together can be kept within a limit.
"""

from collections.abc import Iterator

from pointsman.core.limits.windows import Span, WindowKind, find_length, find_window

MOST_WINDOWS = 8
"""Calendar windows that a tally keeps, those nearest to now: calls may end in a later one than they came in."""


class Calendar:
    """The windows of one kind in one time zone; it remembers the two that were asked for last.

    Attributes:
        window, time_zone: which windows.
        length_ms: how far a rolling window reaches back before its step; 0 for those of the calendar.
        start_ms, end_ms: the one that was asked for last, in milliseconds since the Unix epoch.
        now_ms: the time as far as anybody has said.
    """

    __slots__ = ("_other", "end_ms", "length_ms", "now_ms", "start_ms", "time_zone", "window")

    def __init__(self, window: WindowKind, time_zone: str) -> None:
        self.window: WindowKind = window
        self.time_zone = time_zone
        self.length_ms = find_length(window)
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

    def list_spans(self, now_ms: int) -> list[Span]:
        """What counts now: the window, or every step of a rolling one, the latest first."""
        start_ms, end_ms = self.span_now(now_ms)
        step_ms = end_ms - start_ms
        steps = self.length_ms // step_ms if self.length_ms else 0
        return [(start_ms - back * step_ms, end_ms - back * step_ms) for back in range(steps + 1)]

    def _find(self, at_ms: int) -> Span:
        return find_window(at_ms, self.window, self.time_zone)


class Window:
    """What one window has come to, in nano-dollars.

    Attributes:
        start_ms: its first millisecond since the Unix epoch.
        spent: known costs.
        held: what calls under way may cost at most.
        unknown: what was held for calls whose cost nobody knows; it stays counted.
    """

    __slots__ = ("held", "spent", "start_ms", "unknown")

    granted: int | None = None
    """This process's part of what replicas share; `None` where nothing is shared."""

    def __init__(self, start_ms: int) -> None:
        self.start_ms = start_ms
        self.spent = self.held = self.unknown = 0

    @property
    def used(self) -> int:
        """All that counts against a limit."""
        return self.spent + self.held + self.unknown

    def hold(self, amount: int) -> None:
        """Hold more, or less where the amount is negative."""
        self.held += amount

    def end_hold(self, amount: int, unknown: int = 0) -> None:
        """Give back what was held; what may have been spent of it, by calls whose cost nobody knows, stays counted."""
        self.held -= amount
        self.unknown += unknown


class RollingWindow(Window):
    """A step of rolling windows, which tells the tally of all of them what is held in it."""

    __slots__ = ("_tally",)

    def __init__(self, start_ms: int, tally: "RollingTally") -> None:
        super().__init__(start_ms)
        self._tally = tally

    def hold(self, amount: int) -> None:
        """Hold more, or less where the amount is negative."""
        self.held += amount
        self._tally.note(self.start_ms, amount)

    def end_hold(self, amount: int, unknown: int = 0) -> None:
        """Give back what was held; what may have been spent of it, by calls whose cost nobody knows, stays counted."""
        self.held -= amount
        self.unknown += unknown
        self._tally.note(self.start_ms, unknown - amount)


class Tally:
    """What was spent and is held, window by window, in nano-dollars.

    Attributes:
        calendar: of its windows.
        is_shared: whether replicas share what may be spent.
    """

    __slots__ = ("_windows", "calendar")

    is_shared = False

    def __init__(self, calendar: Calendar) -> None:
        self.calendar = calendar
        self._windows: dict[int, Window] = {}

    def __iter__(self) -> Iterator[Window]:
        """The windows that are kept."""
        return iter(self._windows.values())

    def peek(self, at_ms: int) -> Window | None:
        """The window of a moment, or `None` when nothing has counted in it."""
        return self._windows.get(self.calendar.start_of(at_ms))

    def find(self, at_ms: int) -> Window:
        """The window of a moment, though that may have ended."""
        start_ms = self.calendar.start_of(at_ms)
        return self._windows.get(start_ms) or self._open(start_ms, at_ms)

    def add(self, at_ms: int, cost_nusd: int) -> None:
        """Count a cost in the window of its time."""
        self.find(at_ms).spent += cost_nusd

    def load(self, at_ms: int, cost_nusd: int) -> None:
        """Count what the ledger has for the window of a time."""
        self.add(at_ms, cost_nusd)

    def correct(self, at_ms: int, cost_nusd: int) -> None:
        """Count a correction, less where it is negative; in a window that counts no more there is nothing to do."""
        start_ms = self.calendar.start_of(at_ms)
        since_ms = self.calendar.start_of(max(self.calendar.now_ms, at_ms)) - self.calendar.length_ms
        if start_ms in self._windows or start_ms >= since_ms:
            self._correct(at_ms, cost_nusd)

    def read(self, now_ms: int) -> int:
        """What was spent in the window that it is now."""
        self.calendar.now_ms = now_ms
        window = self.peek(now_ms)
        return window.spent if window is not None else 0

    def use(self, at_ms: int) -> int:
        """What counts against a limit for a call of a moment: spent, held and unknown."""
        window = self._windows.get(self.calendar.start_of(at_ms))
        return window.spent + window.held + window.unknown if window is not None else 0

    def find_relief(self, at_ms: int) -> int:
        """When a limit that is reached has room again, in milliseconds since the Unix epoch."""
        self.calendar.start_of(at_ms)
        return self.calendar.end_ms

    def is_idle(self, now_ms: int) -> bool:
        """Whether nothing counts now or later, and nothing is held."""
        since_ms = self.calendar.start_of(now_ms) - self.calendar.length_ms
        return not any(one.held or (one.used and one.start_ms >= since_ms) for one in self._windows.values())

    def _correct(self, at_ms: int, cost_nusd: int) -> None:
        self.add(at_ms, cost_nusd)

    def _open(self, start_ms: int, at_ms: int) -> Window:
        opened = self._windows[start_ms] = self._make_window(start_ms)
        # Nobody may have asked for days.
        now_ms = self.calendar.now_ms = max(self.calendar.now_ms, at_ms)
        if len(self._windows) > self._count_most():
            others = [one for one in self._windows.values() if not one.held and one is not opened]
            if others:
                del self._windows[max(others, key=lambda one: abs(one.start_ms - now_ms)).start_ms]
        return opened

    def _make_window(self, start_ms: int) -> Window:
        return Window(start_ms)

    def _count_most(self) -> int:
        return MOST_WINDOWS


class RollingTally(Tally):
    """The same where a window is made of steps; a limit holds in every window that a step is part of."""

    __slots__ = ("_centre_ms", "_near")

    def __init__(self, calendar: Calendar) -> None:
        super().__init__(calendar)
        self._centre_ms: int | None = None
        self._near = 0

    def add(self, at_ms: int, cost_nusd: int) -> None:
        """Count a cost in the step of its time."""
        window = self.find(at_ms)
        window.spent += cost_nusd
        self.note(window.start_ms, cost_nusd)

    def note(self, start_ms: int, amount: int) -> None:
        """Something has changed in a step."""
        if self._centre_ms is not None and abs(start_ms - self._centre_ms) <= self.calendar.length_ms:
            self._near += amount

    def read(self, now_ms: int) -> int:
        """What was spent in the step that it is now and in those before it."""
        calendar = self.calendar
        calendar.now_ms = now_ms
        start_ms = calendar.start_of(now_ms)
        since_ms = start_ms - calendar.length_ms
        return sum([one.spent for one in self._windows.values() if since_ms <= one.start_ms <= start_ms])

    def use(self, at_ms: int) -> int:
        """What counts against a limit for a call of a moment, in whichever of the windows around it."""
        start_ms = self.calendar.start_of(at_ms)
        if start_ms != self._centre_ms:
            since_ms, last_ms = start_ms - self.calendar.length_ms, start_ms + self.calendar.length_ms
            self._near = sum([one.used for one in self._windows.values() if since_ms <= one.start_ms <= last_ms])
            self._centre_ms = start_ms
        return self._near

    def find_relief(self, at_ms: int) -> int:
        """When the oldest step that counts does so no more."""
        start_ms, end_ms = self.calendar.start_of(at_ms), self.calendar.end_ms
        since_ms = start_ms - self.calendar.length_ms
        oldest_ms = min((one.start_ms for one in self if one.used and one.start_ms >= since_ms), default=start_ms)
        return max(end_ms, oldest_ms + self.calendar.length_ms + end_ms - start_ms)

    def _make_window(self, start_ms: int) -> Window:
        # Another step may go for it.
        self._centre_ms = None
        return RollingWindow(start_ms, self)

    def _count_most(self) -> int:
        calendar = self.calendar
        return 2 * calendar.length_ms // (calendar.end_ms - calendar.start_ms) + 2


def open_tally(calendar: Calendar) -> Tally:
    """A tally of the calendar's windows, or of rolling ones."""
    return RollingTally(calendar) if calendar.length_ms else Tally(calendar)
