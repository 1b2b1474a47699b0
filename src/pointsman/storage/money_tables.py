"""The ledger's table: append-only; a correction is an entry of its own, and sums are what its entries add up to."""

from sqlalchemy import Column, Index, Integer, Table, Text, UniqueConstraint

from pointsman.storage.tables import WideInteger, metadata

ledger = Table(
    "ledger",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("request_id", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_ms", WideInteger, nullable=False),
    Column("booked_at_ms", WideInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("interaction", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("team", Text, nullable=False),
    Column("user", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("experiment", Text, nullable=False),
    Column("session", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("failure", Text, nullable=False),
    Column("input_tokens", WideInteger),
    Column("output_tokens", WideInteger),
    Column("cached_input_tokens", WideInteger),
    Column("cache_write_tokens", WideInteger),
    Column("reasoning_tokens", WideInteger),
    Column("cost_nusd", WideInteger),
    Column("status", Text, nullable=False),
    Column("prices", Text, nullable=False),
    Column("further_counts", Text),
    UniqueConstraint("request_id", "attempt", "kind", name="ledger_once"),
)
"""One row per entry, in the order they were booked; tags are a JSON list, further counts a JSON object or null."""

Index("ledger_at_ms", ledger.c.at_ms)
