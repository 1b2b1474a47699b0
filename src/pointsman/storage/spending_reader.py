"""What was spent in a window, summed up from the ledger: once for each budget that comes into force, never per request.

A sum reads the entries of its window in the order they were written. That is twice as fast as going through the index
of times, and for ten million entries takes seconds, not minutes.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, cast, func, literal, select, true
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.core.limits.scopes import CostQuestion, ScopeKind
from pointsman.storage.database import Database
from pointsman.storage.money_tables import ledger
from pointsman.storage.tables import usage

_NAMES: dict[ScopeKind, ColumnElement[str]] = {
    "provider": ledger.c.provider,
    "model": ledger.c.model,
    "agent": ledger.c.agent,
    "interaction": ledger.c.interaction,
    "team": ledger.c.team,
    "user": ledger.c.user,
    "key": ledger.c.key_id,
    "session": ledger.c.session,
}
"""Where an entry says for which scope of a kind it counts."""


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
            last_request_id: the request whose entries are the last to count; all count when it is `None` or not stored.
        """
        async with self._database.read(is_patient=True) as connection:
            end = await _find_end(connection, last_request_id) if last_request_id is not None else None
            first_seqs: dict[int, int | None] = {}
            for since_ms in {question.since_ms for question in questions}:
                first_seqs[since_ms] = await _find_first(connection, since_ms)
            return [await _sum(connection, question, first_seqs[question.since_ms], end) for question in questions]


async def _find_seq(connection: AsyncConnection, request_id: str) -> int | None:
    seq: int | None = await connection.scalar(select(usage.c.seq).where(usage.c.request_id == request_id))
    return seq


async def _find_end(connection: AsyncConnection, last_request_id: str) -> int | None:
    """The first entry that no longer counts, or `None` when all do."""
    last_seq = await _find_seq(connection, last_request_id)
    if last_seq is None:
        return None
    called = select(usage.c.request_id).where(usage.c.seq > last_seq, usage.c.attempts > 0).order_by(usage.c.seq)
    following: str | None = await connection.scalar(called.limit(1))
    if following is None:
        return None
    end: int | None = await connection.scalar(select(func.min(ledger.c.seq)).where(ledger.c.request_id == following))
    return end


async def _find_first(connection: AsyncConnection, since_ms: int) -> int | None:
    # Without the addition SQLite would go through all rows from the oldest, because the least number comes first there.
    first = select(func.min(ledger.c.seq + 0)).where(ledger.c.at_ms >= since_ms)
    seq: int | None = await connection.scalar(first)
    return seq


async def _sum(
    connection: AsyncConnection, question: CostQuestion, first_seq: int | None, end: int | None
) -> dict[str, int]:
    if first_seq is None:
        return {}
    # The additions keep SQLite from the index of times.
    wanted = _select_costs(connection, question).where(
        ledger.c.seq >= first_seq,
        ledger.c.at_ms + 0 >= question.since_ms,
        ledger.c.at_ms + 0 < question.until_ms,
        ledger.c.kind != "possibly_billed",
        ledger.c.cost_nusd.is_not(None),
    )
    if end is not None:
        wanted = wanted.where(ledger.c.seq < end)
    return {name: int(cost) for name, cost in await connection.execute(wanted) if cost is not None}


def _select_costs(connection: AsyncConnection, question: CostQuestion) -> Select[*tuple[Any, ...]]:
    """Names and sums of the entries that count for a kind of scope."""
    cost = func.sum(ledger.c.cost_nusd)
    if question.kind == "total":
        return select().add_columns(literal(""), cost)
    if question.kind == "cloud":
        return select().add_columns(literal(""), cost).where(ledger.c.location == "cloud")
    if question.kind == "tag":
        tag = _list_tags(connection)
        name: ColumnElement[str] = tag.c.value
        wanted = select().add_columns(name, cost).select_from(ledger.join(tag, true()))
    else:
        name = _NAMES[question.kind]
        wanted = select().add_columns(name, cost)
    names = question.names
    wanted = wanted.where(name != "" if names is None else name.in_(names)).group_by(name)
    return wanted if question.most_names is None else wanted.order_by(cost.desc(), name).limit(question.most_names)


def _list_tags(connection: AsyncConnection) -> FromClause:
    """The tags of an entry as rows; it has each once."""
    if connection.dialect.name == "postgresql":
        return func.jsonb_array_elements_text(cast(ledger.c.tags, JSONB)).table_valued("value", name="tag")
    return func.json_each(ledger.c.tags).table_valued("value", name="tag")
