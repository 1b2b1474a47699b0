"""What an answer says of the rates that its request counts in, in the words and the form of OpenAI's headers."""

from typing import NamedTuple

from pointsman.core.limits.rates import Rate

NS_PER_MS = 1_000_000


class RateLeft(NamedTuple):
    """One rate.

    Attributes:
        limit: per minute.
        left: what could be asked for at once.
        full_ns: how long until all that may come at once is there again.
    """

    limit: int
    left: int
    full_ns: int


class RateView(NamedTuple):
    """The rates that have least left of those that apply; `None` where there is none."""

    requests: RateLeft | None = None
    tokens: RateLeft | None = None


def look_at_rate(rate: Rate, now_ns: int) -> RateLeft:
    """How a rate stands."""
    return RateLeft(rate.per_minute, rate.count_left(now_ns), rate.find_full_ns(now_ns))


def write_rate_headers(view: RateView) -> list[tuple[bytes, bytes]]:
    """The headers, those of requests first."""
    fields: list[tuple[bytes, bytes]] = []
    for name, rate in ((b"requests", view.requests), (b"tokens", view.tokens)):
        if rate is not None:
            fields += [
                (b"x-ratelimit-limit-" + name, b"%d" % rate.limit),
                (b"x-ratelimit-remaining-" + name, b"%d" % rate.left),
                (b"x-ratelimit-reset-" + name, write_span(rate.full_ns)),
            ]
    return fields


def write_span(span_ns: int) -> bytes:
    """A span as these headers have it, rounded up: `0s`, `20ms`, `6.5s` or `1m30s`."""
    span_ms = -(-span_ns // NS_PER_MS)
    minutes, rest_ms = divmod(span_ms, 60_000)
    if minutes:
        return b"%dm%ds" % (minutes, -(-rest_ms // 1_000))
    if 0 < rest_ms < 1_000:
        return b"%dms" % rest_ms
    seconds, rest_ms = divmod(rest_ms, 1_000)
    return (f"{seconds}.{rest_ms:03d}".rstrip("0").rstrip(".") + "s").encode()
