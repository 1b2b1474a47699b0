"""Teams and users, what keys may use up, when they expire, their earlier texts, and counters of such changes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables; keys made before never expire."""
    op.add_column("virtual_keys", sa.Column("expires_at_ms", WideInteger))
    op.add_column("virtual_keys", sa.Column("disabled", sa.Integer, nullable=False, server_default="0"))
    op.add_column("virtual_keys", sa.Column("version", sa.Integer, nullable=False, server_default="1"))
    op.add_column("virtual_keys", sa.Column("rotated_at_ms", WideInteger))
    op.add_column("virtual_keys", sa.Column("last_used_at_ms", WideInteger))
    op.create_table(
        "tenants",
        sa.Column("kind", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("created_at_ms", WideInteger, nullable=False),
        sa.Column("terms", sa.Text),
        sa.Column("team", sa.Text, nullable=False, server_default=""),
        sa.Column("disabled", sa.Integer, nullable=False, server_default="0"),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
    )
    op.create_table(
        "former_keys",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("key_id", sa.Text, nullable=False),
        sa.Column("pepper_id", sa.Text, nullable=False),
        sa.Column("ends_at_ms", WideInteger, nullable=False),
    )
    op.create_index("former_keys_key_id", "former_keys", ["key_id"])
    counters = op.create_table(
        "change_counters",
        sa.Column("resource", sa.Text, primary_key=True),
        sa.Column("counter", WideInteger, nullable=False),
    )
    op.bulk_insert(counters, [{"resource": name, "counter": 0} for name in ("keys", "tenants")])
