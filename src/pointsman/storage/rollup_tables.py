"""The tables of usage summed up: cells of sums by block of time, and what has been folded but not yet added to them."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from pointsman.storage.rollup_cells import DIMENSIONS, FIGURES
from pointsman.storage.tables import WideInteger, metadata

rollup_lines = Table(
    "rollup_lines",
    metadata,
    Column("id", WideInteger, primary_key=True, autoincrement=False),
    Column("cube", Integer, nullable=False),
    *(Column(name, Text, nullable=False) for name in DIMENSIONS),
)
"""What is summed up together: the names of one cube's dimensions; `""` for those that it does not have."""

Index("rollup_lines_cube", rollup_lines.c.cube)

rollup_cells = Table(
    "rollup_cells",
    metadata,
    Column("cube", Integer, primary_key=True, autoincrement=False),
    Column("grain", Integer, primary_key=True, autoincrement=False),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("line", WideInteger, primary_key=True, autoincrement=False),
    *(Column(name, WideInteger, nullable=False) for name in FIGURES),
    sqlite_with_rowid=False,
)
"""Sums of a line within a block: the hours since the Unix epoch that give `block` when divided by `grain`."""

rollup_pending = Table(
    "rollup_pending",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("cells", Integer, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Hourly cells of one transaction each, as MessagePack; only ever added, so that writers never wait for one another."""
