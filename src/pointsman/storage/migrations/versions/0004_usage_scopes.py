"""Whom a request counts for beside its agent and key, and where it ran; nobody knows it of the rows before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what sums for budgets ask for; with a default, so that no row is written anew."""
    for name in ("interaction", "team", "user", "location"):
        op.add_column("usage", sa.Column(name, sa.Text, nullable=False, server_default=""))
