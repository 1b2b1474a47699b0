"""Decisions on record, and the configurations that they saw."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add the records of decisions; nothing that was there changes."""
    op.create_table(
        "decision_configurations",
        sa.Column("id", WideInteger, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("last_at_ms", WideInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "decisions",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("request_id", sa.Text, nullable=False, unique=True),
        sa.Column("shown_id", sa.Text),
        sa.Column("at_ms", WideInteger, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("configuration", WideInteger),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    is_shown = sa.text("shown_id IS NOT NULL")
    op.create_index("decisions_shown_id", "decisions", ["shown_id"], sqlite_where=is_shown, postgresql_where=is_shown)
    op.create_index("decisions_agent", "decisions", ["agent", "seq"])
