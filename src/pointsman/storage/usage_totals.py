"""Running totals per agent: the fold of the usage rows, added to in the transaction that adds the rows.

A restart reads them in time proportional to the agents, not to the rows.
"""

from bisect import bisect_left
from collections import defaultdict
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, case, func, literal, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.routing.totals import LATENCY_BOUNDS_MS, AgentTotals
from pointsman.storage.tables import usage, usage_endings, usage_latencies, usage_totals

UNBOUNDED_MS = -1
"""Stands for the bucket above the last bound."""


def add_to_totals(connection: Connection, after_seq: int) -> None:
    """Add the rows above `after_seq`; folded by the database itself, so that a row sent twice counts once."""
    for addition in _ADDITIONS:
        connection.execute(addition, {"after_seq": after_seq})


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


_IS_FRESH = usage.c.seq > bindparam("after_seq")
_IS_CALL = usage.c.attempts > 0
_AT_MOST_MS = case(
    *((usage.c.latency_us <= bound * 1_000, literal(bound)) for bound in LATENCY_BOUNDS_MS),
    else_=literal(UNBOUNDED_MS),
)


def _sum_of_calls(amount: ColumnElement[int]) -> ColumnElement[int]:
    return func.sum(case((_IS_CALL, amount), else_=0))


def _sum_of_known(amount: ColumnElement[int]) -> ColumnElement[int]:
    return func.coalesce(func.sum(amount), 0)


def _addition(table: Table, fold: Select[Any]) -> Insert:
    """Insert the folded rows, or add them to those that are there."""
    insertion = sqlite.insert(table).from_select([column.name for column in table.columns], fold)
    return insertion.on_conflict_do_update(
        index_elements=list(table.primary_key.columns),
        set_={
            column.name: column + insertion.excluded[column.name] for column in table.columns if not column.primary_key
        },
    )


_ADDITIONS = (
    _addition(
        usage_totals,
        select(
            usage.c.agent,
            _sum_of_calls(literal(1)),
            _sum_of_known(usage.c.input_tokens),
            _sum_of_known(usage.c.output_tokens),
            _sum_of_known(usage.c.cost_nusd),
            func.sum(case((usage.c.cost_status == "unknown", 1), else_=0)),
            _sum_of_calls(usage.c.latency_us),
        )
        .where(_IS_FRESH)
        .group_by(usage.c.agent),
    ),
    _addition(
        usage_endings,
        select(usage.c.agent, usage.c.failure, func.count()).where(_IS_FRESH).group_by(usage.c.agent, usage.c.failure),
    ),
    _addition(
        usage_latencies,
        select(usage.c.agent, _AT_MOST_MS, func.count())
        .where(_IS_FRESH, _IS_CALL)
        .group_by(usage.c.agent, _AT_MOST_MS),
    ),
)
