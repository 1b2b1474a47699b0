"""The ledger: an entry per upstream call; each request of before has one, which says all that is known of it."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

WideInteger = sa.BigInteger().with_variant(sa.Integer, "sqlite")

_TEXTS_OF_CALLER = ("agent", "interaction", "task", "team", "user", "key_id", "experiment", "session", "tags")
_TEXTS_OF_CALL = ("model", "provider", "upstream_model", "location", "operation", "part", "failure")
_TOKENS = ("input_tokens", "output_tokens", "cached_input_tokens", "cache_write_tokens", "reasoning_tokens")


def upgrade() -> None:
    """Create the ledger, and say of requests what else is asked about them."""
    op.create_table(
        "ledger",
        sa.Column("seq", WideInteger, primary_key=True),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at_ms", WideInteger, nullable=False),
        sa.Column("booked_at_ms", WideInteger, nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in (*_TEXTS_OF_CALLER, *_TEXTS_OF_CALL)),
        *(sa.Column(name, WideInteger) for name in (*_TOKENS, "cost_nusd")),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("prices", sa.Text, nullable=False),
        sa.Column("further_counts", sa.Text),
        sa.UniqueConstraint("request_id", "attempt", "kind", name="ledger_once"),
    )
    op.create_index("ledger_at_ms", "ledger", ["at_ms"])
    for name in ("operation", "task", "experiment", "session"):
        usual = "chat" if name == "operation" else ""
        op.add_column("usage", sa.Column(name, sa.Text, nullable=False, server_default=usual))
    op.add_column("usage", sa.Column("cache_write_tokens", WideInteger))
    op.execute(_BOOK_FORMER)
    op.drop_index("usage_further_costs", "usage")
    op.execute("ALTER TABLE usage DROP COLUMN further_costs")


_BOOK_FORMER = """
INSERT INTO ledger (request_id, attempt, kind, at_ms, booked_at_ms, agent, interaction, task, team, "user", key_id,
    experiment, session, tags, model, provider, upstream_model, location, operation, part, failure, input_tokens,
    output_tokens, cached_input_tokens, cache_write_tokens, reasoning_tokens, cost_nusd, status, prices)
SELECT request_id, attempts, 'charge', at_ms, at_ms, agent, coalesce(interaction, ''), '', coalesce(team, ''),
    coalesce("user", ''), key_id, '', '', tags, model, provider, upstream_model, coalesce(location, 'cloud'), 'chat',
    'answer', failure, input_tokens, output_tokens, cached_input_tokens, NULL, reasoning_tokens, cost_nusd, cost_status,
    'before the ledger'
FROM usage WHERE attempts > 0
"""
"""Further costs of that time stay with the model that answered."""
