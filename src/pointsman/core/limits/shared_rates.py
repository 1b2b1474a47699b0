"""How rates are shared: what may be taken at once, and how much later it may be used."""

from typing import Literal

from pointsman.core.limits.rates import find_request_burst

MOST_PER_MINUTE = 100_000_000
"""A higher rate counts as this: the arithmetic of one of the stores is exact up to here."""

LONGEST_LATENESS_MS = 1_000
SHORTEST_LATENESS_MS = 100
ROOMY_BURST = 10


def find_burst(unit: Literal["nusd", "requests", "tokens", "calls"], per_minute: int) -> int:
    """How many permits may be taken at once: for tokens a minute's worth, because one request may need as much."""
    return find_request_burst(per_minute) if unit == "requests" else per_minute


def find_lateness_ms(burst: int) -> int:
    """How long permits may be used after they were taken: short where that would cost much of a small burst."""
    return LONGEST_LATENESS_MS if burst >= ROOMY_BURST else SHORTEST_LATENESS_MS
