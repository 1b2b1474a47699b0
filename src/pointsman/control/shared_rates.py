"""Permits and places of limits that replicas share: taken when a call lacks them, a few ahead where many are used."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from pointsman.control.flights import Flights
from pointsman.control.shared_rules import RateWant, Standing, find_rate, is_refused_rate
from pointsman.core.limits.shared_gauges import SharedGauge, SharedRate
from pointsman.core.money_ports import AllowanceStore, RateGrant, RateWish, StoreUnavailable

NS_PER_MS = 1_000_000
REFUSED_NS = 100 * NS_PER_MS
AWAY_NS = 1_000 * NS_PER_MS

BURSTS_AHEAD = 8
"""At most this fraction of a burst is taken ahead, so that other replicas find something, too."""

MOST_AT_ONCE = 100
MOST_OWED = 10_000


class SharedRates:
    """What one replica holds of shared rates; belongs to its event loop.

    Args:
        store: that shares them.
        clock_ns: a clock that only goes forward.
        standing: what every call looks at.
    """

    def __init__(self, store: AllowanceStore, clock_ns: Callable[[], int], standing: Standing) -> None:
        self.flights: Flights[RateWant] = Flights(lambda want: (want.gauge.name, want.unit), self._take)
        self._store = store
        self._clock_ns = clock_ns
        self._standing = standing
        self._membership = 0
        # Places of limits that are gone from the configuration are owed by name.
        self._owed_permits: deque[tuple[RateWish, int, int]] = deque(maxlen=MOST_OWED)
        self._owed_places: dict[str, int] = {}

    async def fill(self, wants: Sequence[RateWant]) -> None:
        """Get what calls need, or find out that it cannot be had; bounded by whoever calls it."""
        for want in wants:
            _add_waiting(want, want.need)
        try:
            await self.flights.fill(wants, self._is_missing)
        finally:
            for want in wants:
                _add_waiting(want, -want.need)

    async def fill_up(self) -> None:
        """Ask for more of what runs low."""
        low, self._standing.low_rates = self._standing.low_rates, set()
        wants = [RateWant(gauge, rate.unit, 1) for gauge in low for rate in gauge.rates if self._is_low(rate)]
        idle = [want for want in wants if not self.flights.is_under_way(want)]
        for first in range(0, len(idle), MOST_AT_ONCE):
            await self.flights.start(idle[first : first + MOST_AT_ONCE])

    async def give_back(self, gauges: Iterable[SharedGauge], *, everything: bool = False) -> None:
        """Give back what lapsed unused and places that nobody needed; note how much was used since the last time.

        Args:
            gauges: all of them.
            everything: because the replica ends, or the limits do.
        """
        self.owe(gauges, everything=everything)
        while self._owed_permits:
            wish, permits, stamp = self._owed_permits.popleft()
            await self._store.return_permits(wish, permits, stamp)
        for name in list(islice(self._owed_places, MOST_AT_ONCE)):
            await self._store.return_places(name, self._owed_places.pop(name))

    def owe(self, gauges: Iterable[SharedGauge], *, everything: bool = False) -> None:
        """Take what is to be given back out of what there is."""
        now_ns = self._clock_ns()
        for gauge in gauges:
            if everything:
                gauge.fewest_free = gauge.part
            if places := gauge.give_up_places():
                self._owed_places[gauge.name] = self._owed_places.get(gauge.name, 0) + places
            for rate in gauge.rates:
                rate.spare = min(rate.burst // BURSTS_AHEAD, max(0, rate.used))
                rate.used = 0
                for permits, stamp in rate.take_returned(now_ns):
                    self._owed_permits.append((_wish(gauge, rate, 1, 1), permits, stamp))

    def forget(self, gauges: Iterable[SharedGauge]) -> None:
        """The store has taken everything back."""
        self._membership += 1
        self._owed_places.clear()
        for gauge in gauges:
            gauge.forget()

    def _is_low(self, rate: SharedRate) -> bool:
        return not rate.waiting and rate.count_left(self._clock_ns()) < rate.spare // 2

    def _is_missing(self, want: RateWant) -> bool:
        now_ns, rate = self._clock_ns(), find_rate(want)
        if is_refused_rate(want, now_ns):
            return False
        if rate is None:
            gauge = want.gauge
            return gauge.most_calls is not None and gauge.part <= gauge.calls and now_ns >= gauge.away_until_ns
        return rate.count_left(now_ns) < want.need <= rate.burst and now_ns >= rate.away_until_ns

    async def _take(self, wants: Sequence[RateWant]) -> None:
        asked_ns, membership = self._clock_ns(), self._membership
        wishes = [self._find_wish(want, asked_ns) for want in wants]
        known = [(want, wish) for want, wish in zip(wants, wishes, strict=True) if wish is not None]
        if not known:
            return
        try:
            grants = await self._store.take_rates([wish for _, wish in known])
        except StoreUnavailable:
            until_ns = self._clock_ns() + AWAY_NS
            for want, _ in known:
                if (rate := find_rate(want)) is not None:
                    rate.away_until_ns = until_ns
                else:
                    want.gauge.away_until_ns = until_ns
            return
        now_ns = self._clock_ns()
        for (want, _), grant in zip(known, grants, strict=True):
            rate = find_rate(want)
            if rate is not None:
                _land(rate, grant, asked_ns, now_ns)
            elif membership == self._membership:
                want.gauge.away_until_ns = 0
                want.gauge.land_places(grant.permits)
                want.gauge.refused_until_ns = 0 if grant.permits else now_ns + REFUSED_NS

    def _find_wish(self, want: RateWant, now_ns: int) -> RateWish | None:
        """What to ask for; `None` where there is no such limit any more."""
        gauge, rate = want.gauge, find_rate(want)
        if rate is not None:
            least = max(1, want.need - rate.count_left(now_ns))
            wish = min(rate.burst, max(least, rate.waiting - rate.count_left(now_ns)) + rate.spare)
            return _wish(gauge, rate, least, max(least, wish))
        if want.unit is not None or not gauge.most_calls:
            return None
        missing = gauge.calls + max(1, gauge.waiting) - gauge.part
        return RateWish(gauge.name, "calls", gauge.most_calls, 1, max(1, min(missing, gauge.most_calls)))


def _wish(gauge: SharedGauge, rate: SharedRate, least: int, wish: int) -> RateWish:
    return RateWish(gauge.name, rate.unit, max(1, rate.per_minute), least, wish)


def _land(rate: SharedRate, grant: RateGrant, asked_ns: int, now_ns: int) -> None:
    rate.away_until_ns = 0
    if grant.permits:
        rate.retry_ns = 0
        rate.land(grant.permits, now_ns, asked_ns + grant.valid_ms * NS_PER_MS, grant.stamp)
    else:
        rate.retry_ns = now_ns + grant.retry_after_ms * NS_PER_MS


def _add_waiting(want: RateWant, need: int) -> None:
    rate = find_rate(want)
    if rate is not None:
        rate.waiting += need
    else:
        want.gauge.waiting += need
