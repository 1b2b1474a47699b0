"""Sums of usage, kept up to date in the transactions that write the rows they come from; they always equal those rows.

A transaction only notes what it adds. From time to time one puts the notes together, and adds the hours that are over
to the cells: a cell is written once for many requests, and writers of several replicas never wait for the same cells.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, func, insert, select, text

from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.additions import Addition, add_rows_to
from pointsman.storage.locks import FAMILY
from pointsman.storage.money_tables import ledger
from pointsman.storage.rollup_cells import (
    DIMENSIONS,
    FIGURES,
    HOUR_MS,
    HourlyCells,
    Names,
    decode_cells,
    encode_cells,
    fold_ledger,
    fold_outcomes,
)
from pointsman.storage.rollup_cubes import CUBES, fold_cube, name_line
from pointsman.storage.rollup_tables import rollup_cells, rollup_lines, rollup_pending
from pointsman.storage.rows_by_hour import add_rows, select_rows
from pointsman.storage.tables import usage

MOST_NOTES = 512
"""Notes beyond this are put together; so few are read in a few milliseconds."""

MOST_NOTED_CELLS = 20_000
"""What the notes may hold before they are put together."""

MOST_KEPT_CELLS = 30_000
"""An hour with more than this is added to the cells before it is over."""

REBUILT_HOURS = 24
LOCK = 100
"""Held in PostgreSQL by the one transaction that adds to the cells."""

_CELLS = Addition(rollup_cells, FIGURES)
_LINES = Addition(rollup_lines, ())


def fold_requests(connection: Connection, fresh: Sequence[Outcome]) -> None:
    """Count requests whose rows were inserted in this transaction."""
    _note(connection, fold_outcomes(fresh))


def fold_entries(connection: Connection, fresh: Sequence[LedgerEntry]) -> None:
    """Count what ledger entries cost that were inserted in this transaction."""
    _note(connection, fold_ledger(fresh))


def rebuild(connection: Connection) -> None:
    """Compute all sums from the rows anew; nobody else writes rows meanwhile, or waits."""
    if connection.dialect.name == "postgresql":
        connection.execute(text('LOCK TABLE "usage", ledger, rollup_pending IN EXCLUSIVE MODE'))
        connection.execute(select(func.pg_advisory_xact_lock(FAMILY, LOCK)))
    for table in (rollup_cells, rollup_lines, rollup_pending):
        connection.execute(delete(table))
    for first_ms, last_ms in _list_days(connection):
        cells: HourlyCells = {}
        for sums in select_rows(DIMENSIONS, {}):
            add_rows(cells, connection.execute(sums, {"since_ms": first_ms, "until_ms": last_ms}))
        add_to_cubes(connection, cells)


def put_together(connection: Connection) -> None:
    """Make one note of all, and add to the cells what is not of the newest hour.

    Where another transaction does that already, nothing is done.
    """
    if not _may_add(connection):
        return
    noted = connection.execute(select(rollup_pending.c.seq, rollup_pending.c.content)).all()
    if not noted:
        return
    seqs = [row.seq for row in noted]
    for start in range(0, len(seqs), 1_000):
        group = seqs[start : start + 1_000]
        connection.execute(delete(rollup_pending).where(rollup_pending.c.seq.in_(group)))
    cells = decode_cells(row.content for row in noted)
    newest = max(hour for hour, _ in cells)
    kept = {key: figures for key, figures in cells.items() if key[0] == newest}
    if len(kept) > MOST_KEPT_CELLS:
        kept = {}
    add_to_cubes(connection, {key: figures for key, figures in cells.items() if key not in kept})
    if kept:
        # It has been put together once, so it counts no more towards the next time.
        connection.execute(insert(rollup_pending), {"cells": 0, "content": encode_cells(kept)})


def add_to_cubes(connection: Connection, cells: HourlyCells) -> None:
    """Add hourly cells to the cells of every cube."""
    for cube in CUBES:
        lines: dict[Names, int] = {}
        rows: list[tuple[int, ...]] = []
        for grain, block, names, figures in fold_cube(cube, cells):
            line = lines.get(names)
            if line is None:
                line = lines[names] = name_line(cube.number, names)
            rows.append((cube.number, grain, block, line, *figures))
        # In the order of the key: neighbours are on one page.
        rows.sort()
        add_rows_to(connection, _CELLS, rows)
        named: list[tuple[int | str, ...]] = [(line, cube.number, *names) for names, line in lines.items()]
        add_rows_to(connection, _LINES, sorted(named))


def _note(connection: Connection, cells: HourlyCells) -> None:
    if not cells:
        return
    connection.execute(insert(rollup_pending), {"cells": len(cells), "content": encode_cells(cells)})
    pending = select(func.count(), func.coalesce(func.sum(rollup_pending.c.cells), 0))
    notes, noted_cells = connection.execute(pending).one()
    if notes > MOST_NOTES or noted_cells > MOST_NOTED_CELLS:
        put_together(connection)


def _may_add(connection: Connection) -> bool:
    if connection.dialect.name != "postgresql":
        return True
    return bool(connection.scalar(select(func.pg_try_advisory_xact_lock(FAMILY, LOCK))))


def _list_days(connection: Connection) -> Iterator[tuple[int, int]]:
    """Pieces of time that cover all rows, each short enough to be summed up in memory."""
    length = REBUILT_HOURS * HOUR_MS
    after_ms = -(2**62)
    while True:
        firsts = (
            connection.scalar(select(func.min(table.c.at_ms)).where(table.c.at_ms >= after_ms))
            for table in (usage, ledger)
        )
        known = [first for first in firsts if first is not None]
        if not known:
            return
        start_ms = min(known) // length * length
        after_ms = start_ms + length
        yield start_ms, after_ms
