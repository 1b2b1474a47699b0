"""Usage rows, their running totals, and virtual keys."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the first tables."""
    _create_usage()
    _create_totals()
    _create_virtual_keys()


def _create_usage() -> None:
    op.create_table(
        "usage",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("request_id", sa.Text, nullable=False, unique=True),
        sa.Column("at_ms", WideInteger, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("provider", sa.Text, nullable=False),
        sa.Column("upstream_model", sa.Text, nullable=False),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("revision", sa.Text, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
        sa.Column("stream", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("input_tokens", WideInteger),
        sa.Column("output_tokens", WideInteger),
        sa.Column("cached_input_tokens", WideInteger),
        sa.Column("reasoning_tokens", WideInteger),
        sa.Column("cost_nusd", WideInteger),
        sa.Column("cost_status", sa.Text, nullable=False),
        sa.Column("latency_us", WideInteger, nullable=False),
        sa.Column("first_content_us", WideInteger),
        sa.Column("tags", sa.Text, nullable=False),
    )
    op.create_index("usage_at_ms", "usage", ["at_ms"])


def _create_totals() -> None:
    op.create_table(
        "usage_totals",
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("calls", WideInteger, nullable=False),
        sa.Column("input_tokens", WideInteger, nullable=False),
        sa.Column("output_tokens", WideInteger, nullable=False),
        sa.Column("cost_nusd", WideInteger, nullable=False),
        sa.Column("unknown_cost_calls", WideInteger, nullable=False),
        sa.Column("latency_us", WideInteger, nullable=False),
    )
    op.create_table(
        "usage_endings",
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("failure", sa.Text, primary_key=True),
        sa.Column("requests", WideInteger, nullable=False),
    )
    op.create_table(
        "usage_latencies",
        sa.Column("agent", sa.Text, primary_key=True),
        sa.Column("at_most_ms", WideInteger, primary_key=True),
        sa.Column("calls", WideInteger, nullable=False),
    )


def _create_virtual_keys() -> None:
    op.create_table(
        "virtual_keys",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("display", sa.Text, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("pepper_id", sa.Text, nullable=False),
        sa.Column("created_at_ms", WideInteger, nullable=False),
        sa.Column("revoked_at_ms", WideInteger),
    )
