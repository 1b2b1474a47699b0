"""What replicas share: windows of limits, the parts of them that replicas hold, the replicas, and calls under way.

Only PostgreSQL fills these tables, with statements of its own (`storage/allowances`); its clock alone counts in them.
"""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from pointsman.storage.tables import WideInteger, metadata

accounts = Table(
    "allowance_accounts",
    metadata,
    Column("id", WideInteger, primary_key=True),
    Column("scope", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("window_kind", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    UniqueConstraint("scope", "name", "window_kind", "time_zone", name="allowance_account_once"),
)
"""Whose limits there are; who takes parts of one holds the lock of its row meanwhile."""

windows = Table(
    "allowance_windows",
    metadata,
    Column("id", WideInteger, primary_key=True),
    Column("account_id", WideInteger, ForeignKey("allowance_accounts.id"), nullable=False),
    Column("start_ms", WideInteger, nullable=False),
    Column("end_ms", WideInteger, nullable=False),
    Column("spent", WideInteger, nullable=False),
    Column("version", WideInteger, nullable=False),
    UniqueConstraint("account_id", "start_ms", name="allowance_window_once"),
)
"""What the ledger holds for each window that was asked for; the version grows with each change of `spent`."""

Index("allowance_windows_end_ms", windows.c.end_ms)

replicas = Table(
    "replicas",
    metadata,
    Column("node", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("lease_ms", WideInteger, nullable=False),
    Column("lease_until_ms", WideInteger, nullable=False),
    Column("seen_at_ms", WideInteger, nullable=False),
    Column("turn", WideInteger, nullable=False),
)
"""Those that run, and those that did and may hold parts still; a node is one journal, whichever process writes it.

A statement that was given up may run yet, later than others that make up for it. So each names the turn that it belongs
to, and whoever makes up for it begins the next turn first.
"""

slices = Table(
    "allowance_slices",
    metadata,
    Column("window_id", WideInteger, ForeignKey("allowance_windows.id"), primary_key=True),
    Column("node", Text, ForeignKey("replicas.node", ondelete="CASCADE"), primary_key=True),
    Column("amount", WideInteger, nullable=False),
)
"""What a replica may still spend of a window. Those of a replica whose lease has ended are stranded, and count."""

Index("allowance_slices_node", slices.c.node)

open_calls = Table(
    "open_calls",
    metadata,
    Column("request_id", Text, primary_key=True),
    Column("attempt", Integer, primary_key=True),
    Column("node", Text, nullable=False),
    Column("admitted", LargeBinary, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("content_bytes", WideInteger, nullable=False),
    Column("at_ms", WideInteger, nullable=False),
    Column("taken_until_ms", WideInteger, nullable=False),
)
"""Upstream calls under way. One of a dead replica is booked by whoever takes it, and is there until that is done."""

Index("open_calls_node", open_calls.c.node)

rates = Table(
    "shared_rates",
    metadata,
    Column("name", Text, primary_key=True),
    Column("unit", Text, primary_key=True),
    Column("arrival_us", WideInteger, nullable=False),
    Column("returned_us", WideInteger, nullable=False),
)
"""When all that was taken of a rate will have come back (GCRA's theoretical arrival time), and how much sooner that is
because some was given back unused."""

places = Table(
    "shared_places",
    metadata,
    Column("name", Text, primary_key=True),
    Column("node", Text, ForeignKey("replicas.node", ondelete="CASCADE"), primary_key=True),
    Column("held", WideInteger, nullable=False),
)
"""Places among calls at the same time; they count while the replica's lease lasts."""
