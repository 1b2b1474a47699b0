"""What one request holds of the limits that apply to it; raised for its further calls, given back when it ends."""

from collections.abc import Sequence

from pointsman.core.limits.claims import Claim
from pointsman.core.limits.gauges import Gauge
from pointsman.core.limits.tally import Tally, Window


class Held:
    """What a request has been given; the port `Hold` of `claims.py`.

    Attributes:
        most_nusd: what all its calls together may cost, or `None` where no hard budget applies.
        claim: what its latest call asked for.
        is_released: whether it has ended.
    """

    __slots__ = ("_former", "_taken", "_taken_ns", "_windows", "claim", "is_released", "most_nusd")

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.most_nusd: int | None = None
        self.is_released = False
        self._windows: dict[Window, int] = {}
        self._former: dict[Window, int] = {}
        self._taken: dict[Gauge, int] = {}
        self._taken_ns = 0

    def count_in(self, window: Window | None) -> int:
        """What it holds in a window already."""
        if window is None:
            return 0
        return self._windows.get(window) or self._former.get(window, 0)

    def count_taken(self, gauge: Gauge) -> int | None:
        """The tokens that it has taken of a limit, or `None` when it has taken nothing of it."""
        return self._taken.get(gauge)

    def hold(self, tallies: Sequence[Tally], claim: Claim) -> None:
        """Hold in the windows of a claim what all calls so far may have cost and this one may; nothing is asked here.

        In windows that this call does not count in, what the earlier ones may have cost stays.
        """
        self.claim = claim
        former, self._windows = self._former | self._windows, {}
        if tallies:
            amount = self.most_nusd = claim.spent_nusd + (claim.most_nusd or 0)
            for tally in tallies:
                window = tally.find(claim.at_ms)
                window.hold(amount - former.pop(window, 0) if former else amount)
                self._windows[window] = amount
        else:
            self.most_nusd = None
        for window, was in former.items():
            kept = min(was, claim.spent_nusd)
            window.hold(kept - was)
            former[window] = kept
        self._former = former

    def hold_also(self, tallies: Sequence[Tally]) -> None:
        """Hold the same in windows that came to be limited while its call was under way, be there room or not."""
        claim = self.claim
        amount = claim.spent_nusd + (claim.most_nusd or 0)
        for tally in tallies:
            window = tally.find(claim.at_ms)
            if window not in self._windows and window not in self._former:
                window.hold(amount)
                self._windows[window] = amount
                self.most_nusd = amount

    def take(self, gauges: Sequence[Gauge], tokens: int, now_ns: int) -> None:
        """Take what a call needs of rates and of calls at the same time; nothing is asked here."""
        if not self._taken:
            self._taken_ns = now_ns
        for gauge in gauges:
            self._taken[gauge] = gauge.take(tokens, now_ns, self._taken.get(gauge))

    def release(self, cost_nusd: int | None, tokens: int, now_ns: int, known_nusd: int = 0) -> None:
        """Give all of it back, once; where the cost is unknown, what is not known to be spent stays counted.

        Of windows that only earlier calls count in nobody says how much of it was theirs, so all of theirs stays.
        """
        if self.is_released:
            return
        self.is_released = True
        for window, amount in self._windows.items():
            window.end_hold(amount, max(0, amount - known_nusd) if cost_nusd is None else 0)
        for window, amount in self._former.items():
            window.end_hold(amount, amount if cost_nusd is None else 0)
        for gauge, taken in self._taken.items():
            gauge.settle(taken, tokens, now_ns, self._taken_ns)
        self._windows.clear()
        self._former.clear()
        self._taken.clear()
