"""Requests booked into a database as the writer books them, without a gateway."""

import asyncio
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, insert

from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.database import open_database
from pointsman.storage.money_tables import ledger
from pointsman.storage.rollups import fold_entries, fold_requests
from pointsman.storage.tables import usage
from pointsman.storage.usage_rows import LEDGER_COLUMNS, USAGE_COLUMNS, entry_values, request_values
from pointsman.storage.usage_totals import add_to_totals


def book(connection: Connection, batch: Sequence[Outcome], further: Iterable[LedgerEntry] = ()) -> None:
    """Write rows and what is folded from them, in one transaction."""
    entries = [*(entry for outcome in batch for entry in list_entries(outcome)), *further]
    for table, columns, rows in (
        (usage, USAGE_COLUMNS, [request_values(outcome) for outcome in batch]),
        (ledger, LEDGER_COLUMNS, [entry_values(entry, 1) for entry in entries]),
    ):
        if rows:
            connection.execute(insert(table), [dict(zip(columns, row, strict=True)) for row in rows])
    add_to_totals(connection, batch)
    fold_requests(connection, batch)
    fold_entries(connection, entries)


def book_into(url: str, batch: Sequence[Outcome]) -> None:
    """The same for a database that is not open yet."""

    async def write() -> None:
        database = await open_database(url)
        try:
            await database.write_in_thread(lambda connection: book(connection, batch))
        finally:
            await database.close()

    asyncio.run(write())
