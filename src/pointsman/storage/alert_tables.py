"""The outbox of alerts: a row per budget, window and share; it is told at least once, and noted once."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from pointsman.storage.tables import WideInteger, metadata

IDENTITY = ("kind", "budget", "scope", "window_kind", "time_zone", "on_exceed", "start_ms", "share")

alerts = Table(
    "alerts",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("budget", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("window_kind", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("on_exceed", Text, nullable=False),
    Column("start_ms", WideInteger, nullable=False),
    Column("end_ms", WideInteger, nullable=False),
    Column("share", Integer, nullable=False),
    Column("limit_nusd", WideInteger, nullable=False),
    Column("spent_nusd", WideInteger, nullable=False),
    Column("raised_at_ms", WideInteger, nullable=False),
    Column("told_at_ms", WideInteger),
    Column("given_up_at_ms", WideInteger),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("due_at_ms", WideInteger, nullable=False),
    Column("holder", Text, nullable=False, server_default=""),
    Column("acknowledged_at_ms", WideInteger),
    Column("acknowledged_by", Text, nullable=False, server_default=""),
    UniqueConstraint(*IDENTITY, name="alert_once"),
)
"""One that is claimed is due again when the claim's lease ends; the holder is who claimed it last."""

Index("alerts_due_at_ms", alerts.c.due_at_ms)
