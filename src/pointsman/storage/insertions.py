"""Many rows in few statements, and which of them were not there before; the same rows sent twice are stored once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Integer, LargeBinary, Table
from sqlalchemy.dialects.postgresql.base import PGDialect
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.types import TypeEngine

from pointsman.storage.tables import WideInteger

Values = Sequence[str | int | bytes | None]
"""The values of one row, in the order of its columns."""

ROWS_PER_STATEMENT = 100
"""On SQLite: its statements take 32,766 values at most."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """Into which table, and what makes a row the same as another.

    Attributes:
        table: with a primary key `seq` that the database numbers.
        columns: all of its others, in their order.
        key: the columns that no two rows may have alike.
    """

    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]


def insert_new(connection: Connection, insertion: Insertion, rows: Sequence[Values]) -> set[tuple[Any, ...]]:
    """Insert rows, leaving out those that are there.

    One statement for many, because the driver lets go of Python's lock and takes it again for each that it runs: with
    one per row, writing beside a busy event loop cost more in handing the lock over than in writing.

    Args:
        connection: within a transaction.
        insertion: where to.
        rows: with all values of its columns.

    Returns:
        The keys of those that were not there; of two alike in one call one was not.
    """
    if not rows:
        return set()
    if connection.dialect.name == "postgresql":
        # One array per column: the statement is the same for any number of rows, so that it is prepared once.
        columns = tuple(list(values) for values in zip(*rows, strict=True))
        answer = connection.exec_driver_sql(_write_for_postgresql(insertion), columns)
        return {tuple(row) for row in answer}
    fresh: set[tuple[Any, ...]] = set()
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        group = rows[start : start + ROWS_PER_STATEMENT]
        statement = _write_for_sqlite(insertion, len(group))
        answer = connection.exec_driver_sql(statement, tuple(chain.from_iterable(group)))
        fresh.update(tuple(row) for row in answer)
    return fresh


@lru_cache(2 * ROWS_PER_STATEMENT)
def _write_for_sqlite(insertion: Insertion, count: int) -> str:
    row = f"({', '.join('?' * len(insertion.columns))})"
    # Not INSERT OR IGNORE: that would also swallow a missing value.
    return _write(insertion, f"VALUES {', '.join([row] * count)}", SQLiteDialect())


@lru_cache(16)
def _write_for_postgresql(insertion: Insertion) -> str:
    arrays = [
        f"${place}::{_name_type(insertion.table.c[name].type)}[]" for place, name in enumerate(insertion.columns, 1)
    ]
    return _write(insertion, f"SELECT * FROM unnest({', '.join(arrays)})", PGDialect())  # type: ignore[no-untyped-call]


def _write(insertion: Insertion, source: str, dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    key = ", ".join(map(quote, insertion.key))
    columns = ", ".join(map(quote, insertion.columns))
    table = quote(insertion.table.name)
    return f"INSERT INTO {table} ({columns}) {source} ON CONFLICT ({key}) DO NOTHING RETURNING {key}"


def _name_type(kind: TypeEngine[Any]) -> str:
    if kind is WideInteger:
        return "bigint"
    if isinstance(kind, Integer):
        return "integer"
    return "bytea" if isinstance(kind, LargeBinary) else "text"
