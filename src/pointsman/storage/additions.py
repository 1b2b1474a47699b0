"""Many rows in few statements, added to those of the same key that are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect

ROWS_PER_STATEMENT = 50
"""On SQLite: its statements take 32,766 values at most."""


ROWS_PER_ARRAY = 5_000
"""On PostgreSQL: few enough for the deadline of a statement."""


@dataclass(frozen=True, slots=True)
class Addition:
    """To which table, and what is added up there.

    Attributes:
        table: with a primary key.
        sums: the columns that are added to; with none of them a row that is there stays as it is.
    """

    table: Table
    sums: tuple[str, ...]


def add_rows_to(connection: Connection, addition: Addition, rows: Sequence[Sequence[str | int]]) -> None:
    """Insert rows, or add to those of the same key.

    Args:
        connection: within a transaction.
        addition: where to.
        rows: with the values of all columns, none with the key of another; in the order of their keys, so that
            transactions do not wait for one another in a ring.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        # One array per column: the statement is the same for any number of rows, so that it is prepared once.
        for start in range(0, len(rows), ROWS_PER_ARRAY):
            columns = tuple(list(values) for values in zip(*rows[start : start + ROWS_PER_ARRAY], strict=True))
            connection.exec_driver_sql(_write_for_postgresql(addition), columns)
        return
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        group = rows[start : start + ROWS_PER_STATEMENT]
        connection.exec_driver_sql(_write_for_sqlite(addition, len(group)), tuple(chain.from_iterable(group)))


@lru_cache(8 * ROWS_PER_STATEMENT)
def _write_for_sqlite(addition: Addition, count: int) -> str:
    row = f"({', '.join('?' * len(addition.table.columns))})"
    return _write(addition, f"VALUES {', '.join([row] * count)}", sqlite.dialect())


@lru_cache(16)
def _write_for_postgresql(addition: Addition) -> str:
    # Its driver is an extra, and a gateway on SQLite should not pay for the import.
    from sqlalchemy.dialects import postgresql

    dialect: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    arrays = [f"${place}::{column.type.compile(dialect)}[]" for place, column in enumerate(addition.table.columns, 1)]
    return _write(addition, f"SELECT * FROM unnest({', '.join(arrays)})", dialect)


def _write(addition: Addition, source: str, dialect: Dialect) -> str:
    quote = dialect.identifier_preparer.quote
    table = quote(addition.table.name)
    columns = ", ".join(quote(column.name) for column in addition.table.columns)
    key = ", ".join(quote(column.name) for column in addition.table.primary_key.columns)
    sums = ", ".join(f"{quote(name)} = {table}.{quote(name)} + excluded.{quote(name)}" for name in addition.sums)
    deed = f"UPDATE SET {sums}" if sums else "NOTHING"
    return f"INSERT INTO {table} ({columns}) {source} ON CONFLICT ({key}) DO {deed}"
