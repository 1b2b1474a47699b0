"""What was learned of how long prompts and answers are: one row per history, replaced as it learns."""

from sqlalchemy import Column, Index, Table, Text

from pointsman.storage.tables import WideInteger, metadata

learned_tokens = Table(
    "learned_tokens",
    metadata,
    Column("model", Text, primary_key=True),
    Column("agent", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("saved_at_ms", WideInteger, nullable=False),
)
"""The state is JSON, as `HistoryState` reads it; no agent is `""`, which stands for all of them together."""

Index("learned_tokens_saved_at_ms", learned_tokens.c.saved_at_ms)
