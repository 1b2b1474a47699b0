"""Revisions of the configuration and their documents, overrides, and the audit."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Add what configurations are kept in; nothing that was there changes."""
    _create_revisions()
    _create_overrides()
    _create_audit()


def _create_revisions() -> None:
    op.create_table(
        "configuration_documents",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "configuration_revisions",
        sa.Column("number", WideInteger, primary_key=True, autoincrement=False),
        sa.Column("parent", WideInteger),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at_ms", WideInteger, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("environment", sa.Text, nullable=False),
        sa.Column("file_digest", sa.LargeBinary, sa.ForeignKey("configuration_documents.digest"), nullable=False),
        sa.Column("stored_digest", sa.LargeBinary, sa.ForeignKey("configuration_documents.digest"), nullable=False),
    )
    op.create_index("configuration_revisions_file", "configuration_revisions", ["file_digest"])
    op.create_index("configuration_revisions_stored", "configuration_revisions", ["stored_digest"])


def _create_overrides() -> None:
    op.create_table(
        "overrides",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("created_at_ms", WideInteger, nullable=False),
        sa.Column("expires_at_ms", WideInteger),
        sa.Column("ended_at_ms", WideInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("end_reason", sa.Text),
    )
    op.create_index("overrides_live", "overrides", ["ended_at_ms", "expires_at_ms"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("at_ms", WideInteger, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
