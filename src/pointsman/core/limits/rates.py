"""Rates by GCRA, in integers: in any time T at most `burst + rate x T` permits are given; clocks come in as values.

What has been given and not yet been earned back by time is the backlog. It is counted in permits times nanoseconds per
minute, so that nothing is ever rounded and a limit can be changed while permits are out.
"""

MINUTE_NS = 60_000_000_000

BURSTS_PER_MINUTE = 6
"""Requests may come in bursts of ten seconds' worth: more than a page that asks for several things at once needs, and
a sixth above the limit in the worst minute. Tokens may come in bursts of a minute's worth, since one request may need
that many: a smaller burst would refuse it for ever."""


def find_request_burst(per_minute: int) -> int:
    """How many requests may come at once."""
    return max(1, per_minute // BURSTS_PER_MINUTE)


class Rate:
    """Permits per minute.

    Attributes:
        per_minute: how many come back each minute.
        burst: how many may be given at once.
    """

    __slots__ = ("_at_ns", "_backlog", "burst", "per_minute")

    def __init__(self, per_minute: int, burst: int) -> None:
        self.per_minute = per_minute
        self.burst = burst
        self._backlog = self._at_ns = 0

    def find_wait_ns(self, permits: int, now_ns: int) -> int | None:
        """How long until so many permits can be given; `None` when that is never, because a burst is smaller."""
        if permits > self.burst:
            return None
        excess = self._read_backlog(now_ns) + (permits - self.burst) * MINUTE_NS
        return -(-excess // self.per_minute) if excess > 0 else 0

    def take(self, permits: int, now_ns: int) -> None:
        """Give permits, whether or not there are any; a negative number gives some back."""
        self._backlog = max(0, self._read_backlog(now_ns) + permits * MINUTE_NS)
        self._at_ns = now_ns

    def count_left(self, now_ns: int) -> int:
        """How many whole permits could be given now."""
        return max(0, self.burst - -(-self._read_backlog(now_ns) // MINUTE_NS))

    def find_full_ns(self, now_ns: int) -> int:
        """How long until all permits of a burst are there again."""
        return -(-self._read_backlog(now_ns) // self.per_minute)

    def change(self, per_minute: int, burst: int, now_ns: int) -> None:
        """Another rate from now on; what has been given stays given."""
        self.take(0, now_ns)
        self.per_minute, self.burst = per_minute, burst

    def _read_backlog(self, now_ns: int) -> int:
        # A clock that goes back gives nothing and takes nothing: the backlog stands still until it runs on.
        passed_ns = now_ns - self._at_ns
        return max(0, self._backlog - passed_ns * self.per_minute) if passed_ns > 0 else self._backlog
