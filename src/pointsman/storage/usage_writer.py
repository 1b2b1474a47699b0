"""Outcomes as rows of `usage`, and their running totals with them: what was counted and what is stored never differ."""

from collections.abc import Sequence
from itertools import chain

from sqlalchemy import Connection, func, select

from pointsman.core.routing.outcome import Outcome
from pointsman.storage.batch_writer import BatchWriter, RowKind, WriterLimits
from pointsman.storage.database import Database
from pointsman.storage.tables import usage
from pointsman.storage.usage_rows import ROWS_PER_STATEMENT, insert_rows, row_values
from pointsman.storage.usage_totals import add_to_totals

__all__ = ["UsageWriter", "WriterLimits"]


class UsageWriter(BatchWriter[Outcome]):
    """Takes outcomes in and writes them as rows and totals."""

    def __init__(self, database: Database, limits: WriterLimits | None = None) -> None:
        super().__init__(database, _ROWS, limits or WriterLimits())


def _write(batch: Sequence[Outcome], connection: Connection) -> None:
    rows = [row_values(outcome) for outcome in batch]
    last_seq = connection.scalar(select(func.coalesce(func.max(usage.c.seq), 0)))
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        group = rows[start : start + ROWS_PER_STATEMENT]
        connection.exec_driver_sql(insert_rows(len(group)), tuple(chain.from_iterable(group)))
    add_to_totals(connection, after_seq=last_seq or 0)


def _name_request(outcome: Outcome) -> str:
    return outcome.request_id


_ROWS: RowKind[Outcome] = RowKind("usage row", _write, _name_request)
