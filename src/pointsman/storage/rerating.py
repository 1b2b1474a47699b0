"""Charges of the ledger with all that was corrected of them since, page by page in the order they were booked."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Row, Select, and_, select

from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.rerate import BookedCharge
from pointsman.core.tenant_ports import ChangeNote
from pointsman.storage.audit import AuditEntry, audit_insertion
from pointsman.storage.bounds import bounded_number
from pointsman.storage.database import Database
from pointsman.storage.money_tables import ledger
from pointsman.storage.usage_rows import read_entry

MOST_CHARGES = 500
"""In one page; each is looked up by its request once more."""


class ChargeReader:
    """Reads what was booked; the port `ChargeStore` of `control/rerating.py`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_charges(
        self, since_ms: int, until_ms: int, model: str | None, after_seq: int
    ) -> Sequence[BookedCharge]:
        """The next charges of requests that arrived in a stretch of time; none when there are no more.

        Args:
            since_ms: its first millisecond since the Unix epoch.
            until_ms: the first one after it.
            model: our name of the only model that is of interest, or `None` for all.
            after_seq: the last charge that was seen, or 0.
        """
        wanted = _select_charges(bounded_number(since_ms), bounded_number(until_ms), model, bounded_number(after_seq))
        async with self._database.read(is_patient=True) as connection:
            charges = (await connection.execute(wanted)).all()
            if not charges:
                return ()
            corrections = (await connection.execute(_select_corrections(charges))).all()
        return _join(charges, corrections)

    async def find_booked(self, entries: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
        """Those of some entries that are in the ledger as they are here."""
        if not entries:
            return ()
        wanted = select(ledger.c.request_id, ledger.c.attempt, ledger.c.kind, ledger.c.booked_at_ms, ledger.c.cost_nusd)
        request_ids = {entry.request_id for entry in entries}
        async with self._database.read() as connection:
            rows = await connection.execute(wanted.where(ledger.c.request_id.in_(request_ids)))
            there = {tuple(row) for row in rows}
        return [
            entry
            for entry in entries
            if (entry.request_id, entry.attempt, entry.kind, entry.booked_at_ms, entry.cost_nusd) in there
        ]

    async def note_rerating(self, note: ChangeNote, subject: str, details: dict[str, object]) -> None:
        """Keep in the audit what is about to be booked, by whom and why."""
        entry = AuditEntry(note.at_ms, note.author, "usage.rerate", subject, note.reason, details)
        async with self._database.write() as connection:
            await connection.execute(audit_insertion(entry))


def _select_charges(since_ms: int, until_ms: int, model: str | None, after_seq: int) -> Select[*tuple[Any, ...]]:
    # Without the addition SQLite would go by the index of times and sort all of them by seq, for each page anew.
    wanted = select(ledger).where(
        ledger.c.seq > after_seq,
        ledger.c.kind == "charge",
        ledger.c.at_ms + 0 >= since_ms,
        ledger.c.at_ms + 0 < until_ms,
    )
    if model is not None:
        wanted = wanted.where(ledger.c.model == model)
    return wanted.order_by(ledger.c.seq).limit(MOST_CHARGES)


def _select_corrections(charges: Sequence[Row[*tuple[Any, ...]]]) -> Select[*tuple[Any, ...]]:
    """By the unique index, whose first column they are."""
    request_ids = {row.request_id for row in charges}
    adjusted = and_(ledger.c.request_id.in_(request_ids), ledger.c.kind.like("adjust:%"))
    return select(ledger).where(adjusted).order_by(ledger.c.seq)


def _join(
    charges: Sequence[Row[*tuple[Any, ...]]], corrections: Sequence[Row[*tuple[Any, ...]]]
) -> Sequence[BookedCharge]:
    of_call: dict[tuple[str, int], list[LedgerEntry]] = defaultdict(list)
    for row in corrections:
        of_call[row.request_id, row.attempt].append(read_entry(row))
    return [_sum_up(row.seq, read_entry(row), of_call[row.request_id, row.attempt]) for row in charges]


def _sum_up(seq: int, charge: LedgerEntry, corrections: Sequence[LedgerEntry]) -> BookedCharge:
    known = [entry.cost_nusd for entry in (charge, *corrections) if entry.cost_nusd is not None]
    told = [entry for entry in (charge, *corrections) if entry.usage is not None]
    last = corrections[-1] if corrections else charge
    latest = replace(charge, usage=told[-1].usage if told else None, status=last.status)
    numbers = [int(entry.kind.partition(":")[2]) for entry in corrections]
    return BookedCharge(seq, latest, sum(known) if known else None, max(numbers, default=0))
