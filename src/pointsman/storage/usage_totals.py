"""Running totals per agent: the fold of the usage rows, added to in the transaction that adds the rows.

A restart reads them in time proportional to the agents, not to the rows.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS, AgentTotals
from pointsman.storage.additions import Addition, add_rows_to
from pointsman.storage.tables import usage_endings, usage_latencies, usage_totals
from pointsman.storage.usage_rows import storable_text

UNBOUNDED_MS = -1
"""Stands for the bucket above the last bound."""

_TOTALS = Addition(
    usage_totals, ("calls", "input_tokens", "output_tokens", "cost_nusd", "unknown_cost_calls", "latency_us")
)
_ENDINGS = Addition(usage_endings, ("requests",))
_LATENCIES = Addition(usage_latencies, ("calls",))

_BOUNDS_US = [bound * 1_000 for bound in LATENCY_BOUNDS_MS]
_BOUNDS_MS = (*LATENCY_BOUNDS_MS, UNBOUNDED_MS)


def add_to_totals(connection: Connection, fresh: Iterable[Outcome]) -> None:
    """Add requests whose rows were inserted in this transaction."""
    sums: dict[tuple[str], list[int]] = {}
    endings: Counter[tuple[str, str]] = Counter()
    latencies: Counter[tuple[str, int]] = Counter()
    for outcome in fresh:
        agent = outcome.agent
        endings[agent, outcome.failure] += 1
        total = sums.get((agent,))
        if total is None:
            total = sums[(agent,)] = [0, 0, 0, 0, 0, 0]
        if outcome.attempts:
            latency_us = round(outcome.latency_ms * 1_000)
            latencies[agent, _BOUNDS_MS[bisect_left(_BOUNDS_US, latency_us)]] += 1
            total[0] += 1
            total[5] += latency_us
        if outcome.usage is not None:
            total[1] += outcome.usage.input_tokens
            total[2] += outcome.usage.output_tokens
        total[3] += outcome.cost_nusd or 0
        if outcome.cost_status == "unknown":
            total[4] += 1
    _add(connection, _TOTALS, sums)
    _add(connection, _ENDINGS, {key: [count] for key, count in endings.items()})
    _add(connection, _LATENCIES, {key: [count] for key, count in latencies.items()})


async def read_totals(connection: AsyncConnection) -> list[AgentTotals]:
    """The totals of every agent that ever had a request, by name."""
    endings: dict[str, dict[str, int]] = defaultdict(dict)
    for agent, failure, requests in await connection.execute(select(usage_endings)):
        endings[agent][failure] = requests
    latencies: dict[str, list[int]] = defaultdict(lambda: [0] * (len(LATENCY_BOUNDS_MS) + 1))
    for agent, at_most_ms, calls in await connection.execute(select(usage_latencies)):
        latencies[agent][_bucket_of(at_most_ms)] += calls
    rows = await connection.execute(select(usage_totals).order_by(usage_totals.c.agent))
    return [
        AgentTotals(**row._mapping, endings=endings[row.agent], latencies=tuple(latencies[row.agent])) for row in rows
    ]


def _bucket_of(at_most_ms: int) -> int:
    if at_most_ms == UNBOUNDED_MS:
        return len(LATENCY_BOUNDS_MS)
    return bisect_left(LATENCY_BOUNDS_MS, at_most_ms)


def _add(connection: Connection, addition: Addition, amounts: Mapping[Any, list[int]]) -> None:
    """Add amounts by their key, whose texts become what any SQL store can keep."""
    added: dict[tuple[str | int, ...], list[int]] = {}
    for key, figures in amounts.items():
        stored = tuple(storable_text(part) if type(part) is str else part for part in key)
        former = added.get(stored)
        added[stored] = figures if former is None else list(map(int.__add__, former, figures))
    add_rows_to(connection, addition, [(*key, *added[key]) for key in sorted(added)])
