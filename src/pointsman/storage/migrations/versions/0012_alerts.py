"""Warnings that wait to be told, or were."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_IDENTITY = ("kind", "budget", "scope", "window_kind", "time_zone", "on_exceed", "start_ms", "share")


def upgrade() -> None:
    """Create the outbox."""
    op.create_table(
        "alerts",
        sa.Column("seq", WideInteger, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _IDENTITY[:6]),
        sa.Column("start_ms", WideInteger, nullable=False),
        sa.Column("end_ms", WideInteger, nullable=False),
        sa.Column("share", sa.Integer, nullable=False),
        sa.Column("limit_nusd", WideInteger, nullable=False),
        sa.Column("spent_nusd", WideInteger, nullable=False),
        sa.Column("raised_at_ms", WideInteger, nullable=False),
        sa.Column("told_at_ms", WideInteger),
        sa.Column("given_up_at_ms", WideInteger),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("due_at_ms", WideInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False, server_default=""),
        sa.Column("acknowledged_at_ms", WideInteger),
        sa.Column("acknowledged_by", sa.Text, nullable=False, server_default=""),
        sa.UniqueConstraint(*_IDENTITY, name="alert_once"),
    )
    op.create_index("alerts_due_at_ms", "alerts", ["due_at_ms"])
