"""What one replica was given of a limit of rates that several share: permits that lapse, and places among calls.

Permits that a request did not use go back to those that it took them from, or are told to the store with their stamp;
they never stand in for later ones, because the rate has earned them back since.
"""

from collections import deque
from typing import Literal, NamedTuple

from pointsman.core.limits.gauges import Gauge, Lack
from pointsman.core.limits.rates import MINUTE_NS, Rate
from pointsman.core.limits.shared_rates import MOST_PER_MINUTE, find_burst

RateUnit = Literal["requests", "tokens"]

MOST_LEASES = 64
"""That a rate remembers: a second's worth of the shortest ones and more."""


class Lease:
    """Permits that were given together.

    Attributes:
        permits: that are left.
        since_ns: when they came.
        until_ns: how long they may be used.
        stamp: the store's name for them.
    """

    __slots__ = ("permits", "since_ns", "stamp", "until_ns")

    def __init__(self, permits: int, since_ns: int, until_ns: int, stamp: int) -> None:
        self.permits = permits
        self.since_ns = since_ns
        self.until_ns = until_ns
        self.stamp = stamp


class Returned(NamedTuple):
    """Permits that the store should hear of; a negative number says how many more were used than taken."""

    permits: int
    stamp: int


class SharedRate(Rate):
    """A replica's permits of a shared rate.

    Attributes:
        unit: of the permits.
        used: taken since somebody looked.
        spare: how many to have in store, by how many were taken of late; below half of that it is time to ask for more.
        waiting: what those who wait for the store need together.
        retry_ns: until when the store will have nothing; 0 when it refused nothing.
        away_until_ns: when the store may be asked again after it did not answer.
    """

    __slots__ = ("_leases", "_returned", "away_until_ns", "retry_ns", "spare", "unit", "used", "waiting")

    def __init__(self, unit: RateUnit, per_minute: int) -> None:
        super().__init__(per_minute, find_burst(unit, min(per_minute, MOST_PER_MINUTE)))
        self.unit: RateUnit = unit
        self.used = self.spare = self.waiting = self.retry_ns = self.away_until_ns = 0
        self._leases: deque[Lease] = deque(maxlen=MOST_LEASES)
        self._returned: list[Returned] = []

    def land(self, permits: int, since_ns: int, until_ns: int, stamp: int) -> None:
        """The store has given some; who was waiting for them takes them now."""
        if len(self._leases) == MOST_LEASES:
            self._end(self._leases.popleft())
        self._leases.append(Lease(permits, since_ns, until_ns, stamp))

    def count_left(self, now_ns: int) -> int:
        """How many there are."""
        return sum([lease.permits for lease in self._leases if lease.until_ns > now_ns])

    def find_wait_ns(self, permits: int, now_ns: int) -> int | None:
        """0 when there are so many, `None` when there never will be; else when the store may have some, or 1."""
        if permits > self.burst or not self.per_minute:
            return None
        return 0 if self.count_left(now_ns) >= permits else max(1, self.retry_ns - now_ns)

    def take(self, permits: int, now_ns: int) -> None:
        """Take permits, the oldest first; those that are not there are told to the store."""
        self.used += permits
        stamp = 0
        for lease in self._leases:
            if lease.until_ns > now_ns and permits:
                taken = min(permits, lease.permits)
                lease.permits -= taken
                permits -= taken
                stamp = lease.stamp
        if permits:
            self._returned.append(Returned(-permits, stamp))

    def give_back(self, permits: int, taken_ns: int, now_ns: int) -> None:
        """Permits were taken and not used."""
        self.used -= permits
        for lease in reversed(self._leases):
            if lease.since_ns <= taken_ns:
                if lease.until_ns > now_ns:
                    lease.permits += permits
                else:
                    self._returned.append(Returned(permits, lease.stamp))
                return

    def take_returned(self, now_ns: int) -> list[Returned]:
        """What the store should hear of; what has lapsed unused is among it."""
        for lease in self._leases:
            if lease.until_ns <= now_ns:
                self._end(lease)
        returned, self._returned = self._returned, []
        return returned

    def change(self, per_minute: int, burst: int, now_ns: int) -> None:
        """Another rate from now on; what was given under the former one may not be used any more."""
        if per_minute != self.per_minute:
            for lease in self._leases:
                self._end(lease)
        self.per_minute, self.burst = per_minute, find_burst(self.unit, min(per_minute, MOST_PER_MINUTE))

    def find_full_ns(self, now_ns: int) -> int:
        """How long until nobody would notice whether this is here."""
        is_used = self._returned or self.waiting or any(lease.permits for lease in self._leases)
        return MINUTE_NS if is_used else 0

    def forget(self) -> None:
        """The store has never heard of these permits."""
        self._leases.clear()
        self._returned.clear()

    def _end(self, lease: Lease) -> None:
        if lease.permits:
            self._returned.append(Returned(lease.permits, lease.stamp))
            lease.permits = 0


class SharedGauge(Gauge):
    """How far one limit is used here, and what this replica was given of it.

    Attributes:
        name: of the limit in the store.
        part: places among calls at the same time.
        waiting: places that those who wait for the store need together.
        fewest_free: the fewest places that were free since somebody looked.
        refused_until_ns: until when it makes no sense to ask for places again.
        away_until_ns: when the store may be asked again after it did not answer.
    """

    __slots__ = ("away_until_ns", "fewest_free", "name", "part", "refused_until_ns", "waiting")

    def __init__(self, name: str, requests: int | None, tokens: int | None, most_calls: int | None) -> None:
        super().__init__(requests, tokens, most_calls)
        self.name = name
        self.part = self.waiting = self.fewest_free = self.refused_until_ns = self.away_until_ns = 0

    @property
    def places(self) -> int | None:  # type: ignore[override]  # a gauge that nobody shares has a constant there
        """This replica's part of the calls at the same time."""
        return self.part if self.most_calls is not None else None

    @property
    def rates(self) -> list[SharedRate]:
        """Those that are limited."""
        return [rate for rate in (self.requests, self.tokens) if isinstance(rate, SharedRate)]

    def find_lack(self, tokens: int, now_ns: int, taken: int | None) -> Lack | None:
        """What is missing for a call in this replica's part, if anything is; see `Gauge`."""
        most_calls = self.most_calls
        if taken is None and most_calls is not None and self.calls >= min(self.part, most_calls):
            return Lack("concurrency", most_calls, 0, None)
        return super().find_lack(tokens, now_ns, taken)

    def take(self, tokens: int, now_ns: int, taken: int | None) -> int:
        """Take what a call needs, whether or not it is there; see `Gauge`."""
        taken = super().take(tokens, now_ns, taken)
        self.fewest_free = min(self.fewest_free, self.part - self.calls)
        return taken

    def settle(self, taken: int, tokens: int, now_ns: int, taken_ns: int = 0) -> None:
        """End a request; see `Gauge`."""
        self.calls -= 1
        rate = self.tokens
        if isinstance(rate, SharedRate):
            if tokens > taken:
                rate.take(tokens - taken, now_ns)
            elif tokens < taken:
                rate.give_back(taken - tokens, taken_ns, now_ns)

    def land_places(self, places: int) -> None:
        """The store has given some."""
        self.part += places

    def give_up_places(self) -> int:
        """Take the places out of the part that nobody needed since the last time."""
        spare = max(0, min(self.fewest_free, self.part - self.calls - self.waiting))
        self.part -= spare
        self.fewest_free = self.part - self.calls
        return spare

    def forget(self) -> None:
        """The store has taken everything back."""
        self.part = 0
        for rate in self.rates:
            rate.forget()

    def is_idle(self, now_ns: int) -> bool:
        """Whether a new one could stand in its place, and nobody would notice."""
        return not self.part and not self.waiting and super().is_idle(now_ns)

    def _open_rate(self, unit: RateUnit, per_minute: int | None) -> Rate | None:
        return SharedRate(unit, per_minute) if per_minute is not None else None
