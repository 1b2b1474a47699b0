"""Outcomes as rows of `usage` and entries of the ledger, and all that is folded from them, in one transaction each.

What was counted and what is stored never differ: a row that was there already is folded into nothing.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection, select

from pointsman.core.routing.adjust import adjust
from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.batch_writer import BatchWriter, RowKind, WriterLimits
from pointsman.storage.database import Database
from pointsman.storage.insertions import Insertion, insert_new
from pointsman.storage.money_tables import ledger
from pointsman.storage.rollups import fold_entries, fold_requests
from pointsman.storage.tables import usage
from pointsman.storage.usage_rows import (
    LEDGER_COLUMNS,
    USAGE_COLUMNS,
    entry_values,
    read_entry,
    request_values,
    storable_text,
)
from pointsman.storage.usage_totals import add_to_totals
from pointsman.storage.writer_hooks import WriterHooks

__all__ = ["UsageWriter", "WriterLimits"]

FoldEntries = Callable[[Connection, Sequence[LedgerEntry]], None]
"""Adds up entries that were not there before, within their own transaction."""

_REQUESTS = Insertion(usage, USAGE_COLUMNS, ("request_id",))
_ENTRIES = Insertion(ledger, LEDGER_COLUMNS, ("request_id", "attempt", "kind"))


class UsageWriter(BatchWriter[Outcome]):
    """Takes outcomes in and books them.

    Args:
        database: where to.
        limits: how much at once.
        folds: told of new entries before the transaction ends, such as windows that replicas share.
        correcting: the same for corrections, whose transactions run beside the others.
        hooks: who is told of what becomes of requests.
    """

    def __init__(
        self,
        database: Database,
        limits: WriterLimits | None = None,
        folds: Sequence[FoldEntries] = (),
        hooks: WriterHooks[Outcome] | None = None,
        correcting: Sequence[FoldEntries] = (),
    ) -> None:
        self._folds = tuple(folds)
        self._correcting = tuple(correcting)
        self._corrects = asyncio.Lock()
        self._books = database
        rows: RowKind[Outcome] = RowKind("usage row", self._write, _name_request, hooks or WriterHooks())
        super().__init__(database, rows, limits or WriterLimits())

    async def book_entries(self, entries: Sequence[LedgerEntry]) -> int:
        """Book corrections; answers how many were not there before. Raises what the database raises."""
        booked: list[int] = []

        def write(connection: Connection) -> None:
            booked.append(len(self._book(connection, entries, self._correcting)))

        async with self._corrects:
            await self._books.write_in_thread(write)
        return booked[-1]

    def _write(self, batch: Sequence[Outcome], connection: Connection) -> None:
        keys = insert_new(connection, _REQUESTS, [request_values(outcome) for outcome in batch])
        fresh = list(_pick_fresh(batch, keys))
        add_to_totals(connection, fresh)
        fold_requests(connection, fresh)
        entries = [entry for outcome in fresh for entry in list_entries(outcome)]
        if len(fresh) < len(batch):
            known = {id(outcome) for outcome in fresh}
            late = [outcome for outcome in batch if id(outcome) not in known]
            entries += _correct_former(connection, late, entries)
        self._book(connection, entries, self._folds)

    def _book(
        self, connection: Connection, entries: Sequence[LedgerEntry], folds: Sequence[FoldEntries]
    ) -> Sequence[LedgerEntry]:
        now_ms = time.time_ns() // 1_000_000
        keys = insert_new(connection, _ENTRIES, [entry_values(entry, now_ms) for entry in entries])
        fresh = list(_pick_new_entries(entries, keys))
        fold_entries(connection, fresh)
        for fold in folds:
            fold(connection, fresh)
        return fresh


def _pick_fresh(batch: Iterable[Outcome], keys: set[tuple[str]]) -> Iterable[Outcome]:
    """Those whose row is new; of two of one request the first."""
    for outcome in batch:
        key = (storable_text(outcome.request_id),)
        if key in keys:
            keys.discard(key)
            yield outcome


def _pick_new_entries(entries: Iterable[LedgerEntry], keys: set[tuple[str, int, str]]) -> Iterable[LedgerEntry]:
    """Those that are new in the ledger; of two alike the first, which is the one that was inserted."""
    for entry in entries:
        key = (storable_text(entry.request_id), entry.attempt, entry.kind)
        if key in keys:
            keys.discard(key)
            yield entry


def _correct_former(
    connection: Connection, late: Sequence[Outcome], beside: Sequence[LedgerEntry]
) -> list[LedgerEntry]:
    """What the ends of requests add that are in the ledger already; nothing for those that are just told again.

    Args:
        connection: of the transaction.
        late: whose rows are there, or are written in this very batch.
        beside: the entries of this batch, which the ledger has not yet.
    """
    wanted = select(ledger).where(ledger.c.request_id.in_([storable_text(outcome.request_id) for outcome in late]))
    stored: dict[str, list[LedgerEntry]] = defaultdict(list)
    for row in connection.execute(wanted.order_by(ledger.c.seq)):
        entry = read_entry(row)
        stored[entry.request_id].append(entry)
    for entry in beside:
        stored[storable_text(entry.request_id)].append(entry)
    corrections: list[LedgerEntry] = []
    for outcome in late:
        former = stored[storable_text(outcome.request_id)]
        now = adjust(former, outcome, booked_at_ms=0)
        former += now
        corrections += now
    return corrections


def _name_request(outcome: Outcome) -> str:
    return outcome.request_id
