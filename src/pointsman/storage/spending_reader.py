"""What was spent in a window, summed up from the rows: once for each budget that comes into force, never per request.

A sum reads the rows of its window in the order they were written. That is twice as fast as going through the index of
times, and for ten million rows takes seconds, not minutes.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, exists, func, literal, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.limits.scopes import CostQuestion, ScopeKind
from pointsman.storage.database import Database
from pointsman.storage.tables import usage

_NAMES: dict[ScopeKind, ColumnElement[str]] = {
    "provider": usage.c.provider,
    "model": usage.c.model,
    "agent": usage.c.agent,
    "interaction": usage.c.interaction,
    "team": usage.c.team,
    "user": usage.c.user,
    "key": usage.c.key_id,
}
"""Where a row says for which scope of a kind it counts."""

_CALLED: frozenset[ScopeKind] = frozenset(("cloud", "provider", "model"))
"""Scopes of what was called: of those each upstream call of a request counts for its own."""


class SpendingReader:
    """Reads what the writer has committed; the port `SpendingStore` of `control/spending.py`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def is_written(self, request_id: str) -> bool:
        """Whether the row of a request is stored, and with it, as rows keep their order, those of all before it."""
        async with self._database.read() as connection:
            return await _find_seq(connection, request_id) is not None

    async def sum_costs(self, questions: Sequence[CostQuestion], last_request_id: str | None) -> list[dict[str, int]]:
        """The known costs of each question, in nano-dollars, by the name of the scope; all of one moment.

        Args:
            questions: what to sum up; names without any cost are left out of the answer.
            last_request_id: the request whose row is the last one to count; all count when it is `None` or not stored.
        """
        async with self._database.read() as connection:
            last_seq = await _find_seq(connection, last_request_id) if last_request_id is not None else None
            first_seqs: dict[int, int | None] = {}
            for since_ms in {question.since_ms for question in questions}:
                first_seqs[since_ms] = await _find_first(connection, since_ms)
            answers: list[dict[str, int]] = []
            for question in questions:
                costs = await _sum(connection, question, first_seqs[question.since_ms], last_seq)
                if question.kind in _CALLED:
                    await _move_further_costs(connection, question, last_seq, costs)
                answers.append(costs)
            return answers


async def _find_seq(connection: AsyncConnection, request_id: str) -> int | None:
    seq: int | None = await connection.scalar(select(usage.c.seq).where(usage.c.request_id == request_id))
    return seq


async def _find_first(connection: AsyncConnection, since_ms: int) -> int | None:
    # Without the addition SQLite would go through all rows from the oldest, because the least number comes first there.
    first = select(func.min(usage.c.seq + 0)).where(usage.c.at_ms >= since_ms)
    seq: int | None = await connection.scalar(first)
    return seq


async def _sum(
    connection: AsyncConnection, question: CostQuestion, first_seq: int | None, last_seq: int | None
) -> dict[str, int]:
    if first_seq is None:
        return {}
    # The additions keep SQLite from the index of times.
    wanted = _select_costs(question).where(
        usage.c.seq >= first_seq,
        usage.c.at_ms + 0 >= question.since_ms,
        usage.c.at_ms + 0 < question.until_ms,
        usage.c.cost_nusd.is_not(None),
    )
    if last_seq is not None:
        wanted = wanted.where(usage.c.seq <= last_seq)
    return {name: cost_nusd for name, cost_nusd in await connection.execute(wanted) if cost_nusd is not None}


async def _move_further_costs(
    connection: AsyncConnection, question: CostQuestion, last_seq: int | None, costs: dict[str, int]
) -> None:
    """Take what further calls cost from the scope of the call that answered, and count it for their own."""
    further = func.json_each(usage.c.further_costs).table_valued("value", name="further")
    for sign, select_moved in ((-1, _select_by_row), (1, _select_by_call)):
        moved = select_moved(question, further).where(
            usage.c.further_costs.is_not(None),
            usage.c.at_ms >= question.since_ms,
            usage.c.at_ms < question.until_ms,
        )
        if last_seq is not None:
            moved = moved.where(usage.c.seq + 0 <= last_seq)
        for name, cost_nusd in await connection.execute(moved):
            costs[name] = costs.get(name, 0) + sign * cost_nusd


def _select_by_row(question: CostQuestion, further: FromClause) -> Select[*tuple[Any, ...]]:
    """Further costs by the scope of the call that answered."""
    if question.kind == "cloud":
        return _select_further(literal(""), further).where(usage.c.location == "cloud")
    name = _NAMES[question.kind]
    return _select_further(name, further).where(name.in_(question.names))


def _select_by_call(question: CostQuestion, further: FromClause) -> Select[*tuple[Any, ...]]:
    """Further costs by the scope of the calls that caused them."""
    if question.kind == "cloud":
        return _select_further(literal(""), further).where(_read(further, "location") == "cloud")
    name = _read(further, question.kind)
    return _select_further(name, further).where(name.in_(question.names))


def _select_further(name: ColumnElement[str], further: FromClause) -> Select[*tuple[Any, ...]]:
    cost = func.sum(_read(further, "cost_nusd"))
    return select().add_columns(name.label("scope"), cost).select_from(usage.join(further, true())).group_by("scope")


def _read(further: FromClause, field: str) -> ColumnElement[Any]:
    return func.json_extract(further.c.value, f"$.{field}")


def _select_costs(question: CostQuestion) -> Select[*tuple[Any, ...]]:
    """Names and sums of the rows that count for a kind of scope."""
    cost = func.sum(usage.c.cost_nusd)
    if question.kind == "total":
        return select().add_columns(literal(""), cost)
    if question.kind == "cloud":
        return select().add_columns(literal(""), cost).where(usage.c.location == "cloud")
    if question.kind == "tag":
        return _select_costs_of_tags(question.names)
    name = _NAMES[question.kind]
    return select().add_columns(name, cost).where(name.in_(question.names)).group_by(name)


def _select_costs_of_tags(names: frozenset[str]) -> Select[*tuple[Any, ...]]:
    tag, earlier = _list_tags("tag"), _list_tags("earlier")
    # A row counts once for a tag, though it may have it twice.
    comes_again = exists(literal(1)).select_from(earlier)
    comes_again = comes_again.where(earlier.c.value == tag.c.value, earlier.c.key < tag.c.key).correlate(usage, tag)
    costs = select().add_columns(tag.c.value, func.sum(usage.c.cost_nusd)).select_from(usage.join(tag, true()))
    return costs.where(tag.c.value.in_(names), ~comes_again).group_by(tag.c.value)


def _list_tags(name: str) -> FromClause:
    return func.json_each(usage.c.tags).table_valued("key", "value", name=name)
