"""Sums of one replica where several share what may be spent: a hold needs room in this replica's own part.

The store counts a part until what was spent of it is in the ledger, so that is how long it is counted here.
"""

from pointsman.core.limits.parts import WindowId
from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.tally import MOST_WINDOWS, Calendar, Tally, Window
from pointsman.core.limits.windows import WindowKind

Account = tuple[ScopeKind, str, WindowKind, str]


class SharedWindow(Window):
    """One window of an account that replicas share, or one step of a rolling one.

    `spent` is what all of them spent, as far as is known here.

    Attributes:
        id: whose, and its first millisecond.
        end_ms: the first one after it.
        since_ms: the first step that counts together with it.
        part: what this replica was given, less what of it is in the ledger.
        unflushed: what was spent here and is not in the ledger yet.
        limit: what all replicas may use, or `None` while nothing is asked for.
        remaining: what nobody has used or been given, when the store was last asked; `None` before.
        low: with less than this free it is time to ask for more.
        moves: grows with each use.
        waiting: what those who wait for the store need together.
        refused: what the store had not, until `refused_until_ns`; 0 when it refused nothing.
        away_until_ns: when the store may be asked again after it did not answer.
        doubt: what the store may have on top of `part`, because two answers may have crossed.
    """

    __slots__ = (
        "_flights",
        "away_until_ns",
        "doubt",
        "end_ms",
        "id",
        "limit",
        "low",
        "moves",
        "part",
        "refused",
        "refused_until_ns",
        "remaining",
        "since_ms",
        "unflushed",
        "waiting",
    )

    def __init__(self, account: Account, start_ms: int, end_ms: int, since_ms: int) -> None:
        super().__init__(start_ms)
        self.id: WindowId = (account, start_ms)
        self.end_ms = end_ms
        self.since_ms = since_ms
        self.limit: int | None = None
        self.remaining: int | None = None
        self.part = self.unflushed = self.doubt = self.low = self.moves = self.waiting = 0
        self.refused = self.refused_until_ns = self.away_until_ns = self._flights = 0

    @property
    def granted(self) -> int:  # type: ignore[override]  # a window that nobody shares has a constant there
        """This replica's part."""
        return self.part

    @property
    def free(self) -> int:
        """What may be held on top; negative where more was used than given."""
        return self.part - self.unflushed - self.unknown - self.held

    @property
    def is_quiet(self) -> bool:
        """Whether nothing of its part is used, and nobody asks for more."""
        return not (self.held or self.unflushed or self.unknown or self._flights or self.waiting)

    def hold(self, amount: int) -> None:
        """Hold more, or less where the amount is negative."""
        self.held += amount
        self.moves += 1

    def end_hold(self, amount: int, unknown: int = 0) -> None:
        """Give back what was held; what may have been spent of it, by calls whose cost nobody knows, stays counted."""
        self.held -= amount
        self.unknown += unknown
        self.moves += 1

    def count(self, cost_nusd: int) -> None:
        """Something was spent."""
        self.spent += cost_nusd
        self.unflushed += cost_nusd
        self.moves += 1

    def flush(self, cost_nusd: int) -> None:
        """That is in the ledger now, and so the store has taken it from the part."""
        self.unflushed -= cost_nusd
        self.take(cost_nusd)

    def take(self, amount: int) -> None:
        """The store has taken something from the part, as far as there was any."""
        self.part -= amount
        if self.part < 0:
            # Was it before or after the store gave what is on its way? The lower sum is right in any case.
            if self._flights:
                self.doubt += min(amount, -self.part)
            else:
                self.part = 0

    def take_off(self) -> None:
        """The store is being asked for more."""
        self._flights += 1

    def land(self, amount: int) -> None:
        """The store has answered, or has not."""
        self._flights -= 1
        self.part += amount
        if not self._flights:
            self.part = max(0, self.part)

    def give_up(self) -> int:
        """Take what is not needed out of the part; how much the store may be told to take back."""
        if self.is_quiet:
            amount, self.part, self.doubt = self.part + self.doubt, 0, 0
            return amount
        amount = max(0, min(self.free - self.waiting, self.part))
        self.part -= amount
        return amount

    def forget(self) -> None:
        """The store has taken the whole part back."""
        self.part = self.doubt = self.low = 0
        self.remaining = None


class SharedSums:
    """The windows that a replica shares with others, each once however many tallies count in it.

    Attributes:
        windows: by whose they are and their first millisecond.
        noted: what was counted since somebody looked, and in which windows.
        is_tracing: while this is so costs are noted and not counted.
    """

    def __init__(self) -> None:
        self.windows: dict[WindowId, SharedWindow] = {}
        self.noted: list[tuple[SharedWindow, int]] = []
        self.is_tracing = False

    def open_tally(self, calendar: Calendar, account: Account) -> "SharedTally":
        """A tally whose windows are here."""
        return SharedTally(calendar, account, self)

    def find(self, account: Account, start_ms: int, end_ms: int, since_ms: int) -> SharedWindow:
        """A window, opened when it is not there."""
        found = self.windows.get((account, start_ms))
        if found is None:
            found = self.windows[account, start_ms] = SharedWindow(account, start_ms, end_ms, since_ms)
        return found

    def adopt(self, window: SharedWindow) -> SharedWindow:
        """The window of that name: this one, unless there is another one by now."""
        return self.windows.setdefault(window.id, window)

    def take_noted(self) -> list[tuple[SharedWindow, int]]:
        """What was counted since the last time."""
        noted, self.noted = self.noted, []
        return noted


class SharedTally(Tally):
    """A tally of what all replicas spend."""

    __slots__ = ("_sums", "_total", "account")

    is_shared = True

    def __init__(self, calendar: Calendar, account: Account, sums: SharedSums) -> None:
        super().__init__(calendar)
        self.account = account
        self._sums = sums
        self._total = 0

    def find(self, at_ms: int) -> SharedWindow:
        """The window of a moment, though that may have ended."""
        return super().find(at_ms)  # type: ignore[return-value]  # `_make_window` makes no others

    def add(self, at_ms: int, cost_nusd: int) -> None:
        """Count a cost in the window of its time."""
        window = self.find(at_ms)
        self._sums.noted.append((window, cost_nusd))
        if not self._sums.is_tracing:
            window.count(cost_nusd)
            self._add_to_total(window.start_ms, cost_nusd)

    def load(self, at_ms: int, cost_nusd: int) -> None:
        """Count what the ledger has for the window of a time; another tally may have done so before."""
        window = self.find(at_ms)
        before, window.spent = window.spent, max(window.spent, cost_nusd + window.unflushed)
        self._add_to_total(window.start_ms, window.spent - before)

    def read(self, now_ms: int) -> int:
        """What all replicas have spent in the window that it is now, as of a second ago."""
        if not self.calendar.length_ms:
            return super().read(now_ms)
        self.calendar.now_ms = now_ms
        return self._total

    def note_total(self, window: SharedWindow, spent: int, *, is_exact: bool) -> None:
        """The ledger has so much in a window, of a rolling limit in all its steps.

        Args:
            window: that of now.
            spent: by all replicas.
            is_exact: whether nothing of ours went to the ledger while it was read.
        """
        if not self.calendar.length_ms:
            total = spent + window.unflushed
            window.spent = total if is_exact else max(total, window.spent)
            return
        unflushed = [one for one in self if isinstance(one, SharedWindow) and one.start_ms >= window.since_ms]
        total = spent + sum(one.unflushed for one in unflushed)
        self._total = total if is_exact else max(total, self._total)

    def _correct(self, at_ms: int, cost_nusd: int) -> None:
        window = self.find(at_ms)
        window.spent += cost_nusd
        self._add_to_total(window.start_ms, cost_nusd)
        # It is in the ledger already.
        window.take(max(0, cost_nusd))

    def _add_to_total(self, start_ms: int, cost_nusd: int) -> None:
        calendar = self.calendar
        if calendar.length_ms and start_ms >= calendar.start_of(max(calendar.now_ms, start_ms)) - calendar.length_ms:
            self._total += cost_nusd

    def _make_window(self, start_ms: int) -> SharedWindow:
        calendar = self.calendar
        return self._sums.find(self.account, start_ms, calendar.end_ms, start_ms - calendar.length_ms)

    def _count_most(self) -> int:
        length_ms, step_ms = self.calendar.length_ms, self.calendar.end_ms - self.calendar.start_ms
        return 2 * length_ms // step_ms + 2 if length_ms else MOST_WINDOWS
