"""The tables as they are now: money in integer nano-dollars, points in time in epoch milliseconds, spans in us."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text

metadata = MetaData()

WideInteger = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; SQLite keeps a row's number only in a column called INTEGER."""

usage = Table(
    "usage",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("request_id", Text, nullable=False, unique=True),
    Column("at_ms", WideInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("upstream_model", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("failure", Text, nullable=False),
    Column("stream", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("input_tokens", WideInteger),
    Column("output_tokens", WideInteger),
    Column("cached_input_tokens", WideInteger),
    Column("reasoning_tokens", WideInteger),
    Column("cost_nusd", WideInteger),
    Column("cost_status", Text, nullable=False),
    Column("latency_us", WideInteger, nullable=False),
    Column("first_content_us", WideInteger),
    Column("tags", Text, nullable=False),
)
"""One row per finished request, in the order of arrival here; unknown counts and costs are NULL, never 0."""

Index("usage_at_ms", usage.c.at_ms)

usage_totals = Table(
    "usage_totals",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("calls", WideInteger, nullable=False),
    Column("input_tokens", WideInteger, nullable=False),
    Column("output_tokens", WideInteger, nullable=False),
    Column("cost_nusd", WideInteger, nullable=False),
    Column("unknown_cost_calls", WideInteger, nullable=False),
    Column("latency_us", WideInteger, nullable=False),
)
"""The fold of `usage` per agent, written in the same transaction as the rows."""

usage_endings = Table(
    "usage_endings",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("failure", Text, primary_key=True),
    Column("requests", WideInteger, nullable=False),
)
"""How many of an agent's requests ended in which way; an empty failure is a success."""

usage_latencies = Table(
    "usage_latencies",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("at_most_ms", WideInteger, primary_key=True),
    Column("calls", WideInteger, nullable=False),
)
"""An agent's calls by latency: those above the bound below and not above this one; -1 stands for no bound."""

virtual_keys = Table(
    "virtual_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("display", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("pepper_id", Text, nullable=False),
    Column("created_at_ms", WideInteger, nullable=False),
    Column("revoked_at_ms", WideInteger),
)
"""Virtual keys by their digest; the key itself is never stored."""
