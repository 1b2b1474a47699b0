"""What one limit of rates allows one scope: requests and tokens per minute, and calls at the same time."""

from typing import Literal, NamedTuple

from pointsman.core.limits.claims import ShortOf
from pointsman.core.limits.rates import Rate, find_request_burst


class Lack(NamedTuple):
    """What a gauge has not got.

    Attributes:
        of: what is short.
        limit: of it.
        left: of it, now.
        wait_ns: how long until there is enough, or `None` when nobody knows.
    """

    of: ShortOf
    limit: int
    left: int
    wait_ns: int | None


class Gauge:
    """How far one limit is used.

    Attributes:
        requests, tokens: per minute, or `None` where there is no limit.
        most_calls: at the same time, or `None` likewise.
        calls: that are under way.
    """

    __slots__ = ("calls", "most_calls", "requests", "tokens")

    places: int | None = None
    """This process's part of the calls at the same time; `None` where nothing is shared."""

    def __init__(self, requests: int | None, tokens: int | None, most_calls: int | None) -> None:
        self.requests = self._open_rate("requests", requests)
        self.tokens = self._open_rate("tokens", tokens)
        self.most_calls = most_calls
        self.calls = 0

    def find_lack(self, tokens: int, now_ns: int, taken: int | None) -> Lack | None:
        """What is missing for a call, if anything is.

        Args:
            tokens: what it may use at most.
            now_ns: the time, by a clock that only goes forward.
            taken: the tokens that its request has taken already, or `None` when it has taken nothing yet.
        """
        if taken is None:
            if self.most_calls is not None and self.calls >= self.most_calls:
                return Lack("concurrency", self.most_calls, 0, None)
            if self.requests is not None and (wait_ns := self.requests.find_wait_ns(1, now_ns)) != 0:
                return Lack("requests", self.requests.per_minute, self.requests.count_left(now_ns), wait_ns)
        more = tokens - (taken or 0)
        if self.tokens is not None and more > 0 and (wait_ns := self.tokens.find_wait_ns(more, now_ns)) != 0:
            return Lack("tokens", self.tokens.per_minute, self.tokens.count_left(now_ns), wait_ns)
        return None

    def take(self, tokens: int, now_ns: int, taken: int | None) -> int:
        """Take what a call needs, whether or not it is there; returns the tokens that its request has taken then."""
        if taken is None:
            self.calls += 1
            if self.requests is not None:
                self.requests.take(1, now_ns)
        if self.tokens is not None and tokens > (taken or 0):
            self.tokens.take(tokens - (taken or 0), now_ns)
        return max(tokens, taken or 0)

    def settle(self, taken: int, tokens: int, now_ns: int, taken_ns: int = 0) -> None:
        """End a request: what it did not use of its tokens is given back, what it used beyond them is taken.

        Args:
            taken: the tokens that it took.
            tokens: those that it used.
            now_ns: the time.
            taken_ns: when it began to take them.
        """
        self.calls -= 1
        if self.tokens is not None and tokens != taken:
            self.tokens.take(tokens - taken, now_ns)

    def change(self, requests: int | None, tokens: int | None, most_calls: int | None, now_ns: int) -> None:
        """Other limits from now on; what is in use stays so."""
        self.most_calls = most_calls
        if requests is None or self.requests is None:
            self.requests = self._open_rate("requests", requests)
        else:
            self.requests.change(requests, find_request_burst(requests), now_ns)
        if tokens is None or self.tokens is None:
            self.tokens = self._open_rate("tokens", tokens)
        else:
            self.tokens.change(tokens, tokens, now_ns)

    def is_idle(self, now_ns: int) -> bool:
        """Whether a new one could stand in its place, and nobody would notice."""
        rates = (self.requests, self.tokens)
        return not self.calls and all(rate is None or rate.find_full_ns(now_ns) == 0 for rate in rates)

    def _open_rate(self, unit: Literal["requests", "tokens"], per_minute: int | None) -> Rate | None:
        if per_minute is None:
            return None
        return Rate(per_minute, find_request_burst(per_minute) if unit == "requests" else per_minute)
