"""Questions about usage, answered from the rows; unknown costs are counted apart, never as 0."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, select

from pointsman.core.routing.totals import AgentTotals
from pointsman.storage.database import Database
from pointsman.storage.tables import usage
from pointsman.storage.usage_totals import read_totals

Dimension = Literal["agent", "model", "provider", "key"]

MOST_GROUPS = 10_000
"""More groups than this are cut off, cheapest first; the totals still cover all."""

_GROUPING: dict[Dimension, ColumnElement[str]] = {
    "agent": usage.c.agent,
    "model": usage.c.model,
    "provider": usage.c.provider,
    "key": usage.c.key_id,
}


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What some calls add up to. A call is a request for which at least one upstream call was started.

    Attributes:
        calls: failed ones included.
        input_tokens: prompt tokens.
        output_tokens: generated tokens.
        cost_nusd: known costs, in nano-dollars.
        unknown_cost_calls: calls whose cost is unknown and so not in `cost_nusd`.
        latency_us: latencies added up, in microseconds.
    """

    calls: int
    input_tokens: int
    output_tokens: int
    cost_nusd: int
    unknown_cost_calls: int
    latency_us: int

    @property
    def avg_latency_ms(self) -> float | None:
        """The mean latency in milliseconds, or `None` without calls."""
        return self.latency_us / self.calls / 1_000 if self.calls else None


@dataclass(frozen=True, slots=True)
class UsageGroup:
    """One group's sum; `names` has one name per dimension asked for, in that order."""

    names: tuple[str, ...]
    sum: UsageSum


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The groups, dearest first, and the sum over all of them."""

    groups: tuple[UsageGroup, ...]
    total: UsageSum


class UsageReader:
    """Reads what the writer has committed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def usage_by(self, dimensions: Sequence[Dimension], since_ms: int = 0) -> UsageReport:
        """Sum up the calls that arrived at `since_ms` (epoch milliseconds) or later, per group of the dimensions."""
        columns = [_GROUPING[dimension] for dimension in dimensions]
        async with self._database.read() as connection:
            total = (await connection.execute(_sum_since(since_ms))).one()
            groups = (await connection.execute(_sum_per_group(since_ms, columns))).all() if columns else ()
        width = len(columns)
        return UsageReport(
            groups=tuple(UsageGroup(tuple(row[:width]), UsageSum(*row[width:])) for row in groups),
            total=UsageSum(*total),
        )

    async def agent_totals(self) -> list[AgentTotals]:
        """The running totals per agent since the database was created."""
        async with self._database.read() as connection:
            return await read_totals(connection)


_SUMS: tuple[ColumnElement[int], ...] = (
    func.count(),
    func.coalesce(func.sum(usage.c.input_tokens), 0),
    func.coalesce(func.sum(usage.c.output_tokens), 0),
    func.coalesce(func.sum(usage.c.cost_nusd), 0),
    func.count().filter(usage.c.cost_status == "unknown"),
    func.coalesce(func.sum(usage.c.latency_us), 0),
)
"""The fields of `UsageSum`, in order."""


def _sum_since(since_ms: int, columns: Sequence[ColumnElement[str]] = ()) -> Select[*tuple[Any, ...]]:
    return select().add_columns(*columns, *_SUMS).where(usage.c.at_ms >= since_ms, usage.c.attempts > 0)


def _sum_per_group(since_ms: int, columns: Sequence[ColumnElement[str]]) -> Select[*tuple[Any, ...]]:
    dearest_first = func.sum(usage.c.cost_nusd).desc()
    return _sum_since(since_ms, columns).group_by(*columns).order_by(dearest_first, *columns).limit(MOST_GROUPS)
