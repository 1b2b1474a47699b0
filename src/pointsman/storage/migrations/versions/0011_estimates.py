"""What was learned of how long prompts and answers are."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the table of histories."""
    op.create_table(
        "learned_tokens",
        *(sa.Column(name, sa.Text, primary_key=True) for name in ("model", "agent", "kind")),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("saved_at_ms", WideInteger, nullable=False),
    )
    op.create_index("learned_tokens_saved_at_ms", "learned_tokens", ["saved_at_ms"])
