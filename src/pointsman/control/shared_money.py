"""Parts of windows that replicas share: taken when a claim is short, filled up beside the requests, given back unused.

Spending never exceeds what was given: a part shrinks in memory before the store is told that it is given back.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice

from pointsman.control.flights import Flights
from pointsman.control.shared_rules import MoneyWant, Standing, is_refused
from pointsman.core.limits.parts import WindowId
from pointsman.core.limits.scopes import EACH
from pointsman.core.limits.shared_tally import SharedSums, SharedTally, SharedWindow
from pointsman.core.limits.tally import Tally
from pointsman.core.money_ports import AccountId, AllowanceStore, Share, StoreUnavailable, WindowState

RECENT_HOLDS = 256
HOLDS_AHEAD = 20
NEAR_WISHES = 8
"""So many wishes before the end of a limit each claim gets exactly what it needs, so that others get theirs."""

MOST_AT_ONCE = 500
MOST_READ = 1_000
"""Windows whose totals are read at a time; where there are more they take turns."""

REFUSED_NS = 100_000_000
AWAY_NS = 1_000_000_000
IDLE_LOOKS = 10


class SharedMoney:
    """What one replica holds of shared windows; belongs to its event loop.

    Args:
        store: that shares them.
        clock_ns: a clock that only goes forward.
        standing: what every call looks at.
    """

    def __init__(self, store: AllowanceStore, clock_ns: Callable[[], int], standing: Standing) -> None:
        self.sums = SharedSums()
        self.written = 0
        self.flights: Flights[MoneyWant] = Flights(lambda want: want.window.id, self._acquire)
        self._store = store
        self._clock_ns = clock_ns
        self._standing = standing
        self._recent: deque[int] = deque(maxlen=RECENT_HOLDS)
        self._usual = 0
        self._owed: dict[WindowId, int] = {}
        self._seen: dict[SharedWindow, tuple[int, int]] = {}
        self._turn = 0
        self._membership = 0

    def note_hold(self, amount: int) -> None:
        """A call holds so much; what to ask for goes by that."""
        self._recent.append(amount)

    def follow(self, limits: Mapping[AccountId, int]) -> None:
        """Other limits are in force; where they are lower, what was given under the former ones must not be used."""
        for window in self.sums.windows.values():
            account, _ = window.id
            kind, _, kind_of_window, zone = account
            found = [limits.get(account), limits.get((kind, EACH, kind_of_window, zone))]
            limit = min((each for each in found if each is not None), default=None)
            if window.limit is not None and (limit is None or limit < window.limit):
                window.low, window.remaining = 0, None
                self._owe(window)
            if window.limit is not None and limit != window.limit:
                window.limit, window.refused = limit, 0

    async def fill(self, wants: Sequence[MoneyWant]) -> None:
        """Get what claims need, or find out that it cannot be had; bounded by whoever calls it."""
        adopted = [want._replace(window=self.sums.adopt(want.window)) for want in wants]
        for window, need, limit in adopted:
            window.waiting += need
            window.limit = limit
        try:
            await self.flights.fill(adopted, self._is_missing)
        finally:
            for window, need, _ in adopted:
                window.waiting -= need

    async def fill_up(self) -> None:
        """Ask for more of what runs low, all at once."""
        low, self._standing.low = self._standing.low, set()
        wants = [
            MoneyWant(window, 0, window.limit)
            for window in low
            if window.limit is not None and window.free < window.low and not window.waiting
        ]
        idle = [want for want in wants if not self.flights.is_under_way(want)]
        for first in range(0, len(idle), MOST_AT_ONCE):
            await self.flights.start(idle[first : first + MOST_AT_ONCE])

    async def give_back(self, now_ms: int, *, everything: bool = False) -> None:
        """Give back what nobody has used for a while, what is left of ended windows, and all that is free near limits.

        Args:
            now_ms: the time, in milliseconds since the Unix epoch.
            everything: because the replica ends.
        """
        self._measure()
        for window in list(self.sums.windows.values()):
            if everything or self._is_spare(window, now_ms):
                self._owe(window)
            if window.end_ms <= now_ms and window.is_quiet and not window.part:
                del self.sums.windows[window.id]
                self._seen.pop(window, None)
        while self._owed:
            some = dict(islice(self._owed.items(), MOST_AT_ONCE))
            for window_id in some:
                del self._owed[window_id]
            await self._store.give_back(some)

    async def read_totals(self, tallies: Iterable[Tally], now_ms: int) -> None:
        """Find out what all replicas have spent in the windows of now."""
        shared = [tally for tally in tallies if isinstance(tally, SharedTally)]
        if len(shared) > MOST_READ:
            self._turn = (self._turn + MOST_READ) % len(shared)
            shared = (shared[self._turn :] + shared[: self._turn])[:MOST_READ]
        for first in range(0, len(shared), MOST_AT_ONCE):
            some = shared[first : first + MOST_AT_ONCE]
            windows = [tally.find(now_ms) for tally in some]
            written = self.written
            states = await self._store.read([_share(window, window.limit or 0) for window in windows])
            for tally, window, state in zip(some, windows, states, strict=True):
                tally.note_total(window, state.spent, is_exact=written == self.written)
                self._note_state(window, state)

    def forget(self) -> None:
        """The store has taken all parts back."""
        self._membership += 1
        self._owed.clear()
        for window in self.sums.windows.values():
            window.forget()

    def _is_missing(self, want: MoneyWant) -> bool:
        now_ns = self._clock_ns()
        if want.window.free >= want.need or is_refused(want, now_ns):
            return False
        return now_ns >= want.window.away_until_ns

    def _is_spare(self, window: SharedWindow, now_ms: int) -> bool:
        moves, looks = self._seen.get(window, (-1, 0))
        looks = looks + 1 if moves == window.moves else 0
        self._seen[window] = (window.moves, looks)
        return looks >= IDLE_LOOKS or window.end_ms <= now_ms or self._is_near(window)

    def _is_near(self, window: SharedWindow) -> bool:
        return window.remaining is not None and window.remaining < NEAR_WISHES * self._find_wish(window)

    def _find_wish(self, window: SharedWindow) -> int:
        """What to have in store of a window."""
        return max(HOLDS_AHEAD * self._usual, (window.remaining or 0) // 100)

    def _measure(self) -> None:
        recent = sorted(self._recent)
        self._usual = recent[len(recent) * 99 // 100] if recent else 0

    def _owe(self, window: SharedWindow) -> None:
        """Take what is free out of a part; the store hears of it the next time that something is given back."""
        amount = window.give_up()
        if amount:
            self._owed[window.id] = self._owed.get(window.id, 0) + amount

    async def _acquire(self, wants: Sequence[MoneyWant]) -> None:
        self._measure()
        shares: list[Share] = []
        leasts: list[int] = []
        for window, need, limit in wants:
            least = max(1, need - window.free)
            more = 0 if window.remaining is None or self._is_near(window) else self._find_wish(window)
            shares.append(_share(window, limit, least, max(least, window.waiting - window.free) + more))
            leasts.append(least)
            window.take_off()
        membership = self._membership
        try:
            granted = await self._store.acquire(shares)
        except StoreUnavailable:
            for window, _, _ in wants:
                window.away_until_ns = self._clock_ns() + AWAY_NS
                window.land(0)
            return
        except BaseException:
            for window, _, _ in wants:
                window.land(0)
            raise
        now_ns = self._clock_ns()
        for (window, _, _), least, each in zip(wants, leasts, granted, strict=True):
            # Given before the replica was forgotten, and so gone with the rest.
            window.land(each.amount if membership == self._membership else 0)
            window.away_until_ns = 0
            window.refused = 0 if each.amount else least
            window.refused_until_ns = now_ns + REFUSED_NS
            self._note_state(window, each.state)

    def _note_state(self, window: SharedWindow, state: WindowState) -> None:
        if window.limit is None:
            return
        window.remaining = max(0, window.limit - state.spent - state.shared_out)
        window.low = 0 if self._is_near(window) else self._find_wish(window) // 2


def _share(window: SharedWindow, limit: int, least: int = 0, wish: int = 0) -> Share:
    account, start_ms = window.id
    return Share(account, start_ms, window.end_ms, window.since_ms, limit, least, wish)
