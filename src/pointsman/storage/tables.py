"""The tables as they are now: money in integer nano-dollars, points in time in epoch milliseconds, spans in us."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text

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
    Column("interaction", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    Column("user", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default=""),
    Column("operation", Text, nullable=False, server_default="chat"),
    Column("task", Text, nullable=False, server_default=""),
    Column("experiment", Text, nullable=False, server_default=""),
    Column("session", Text, nullable=False, server_default=""),
    Column("cache_write_tokens", WideInteger),
)
"""One row per finished request, in the order of arrival here; unknown counts and costs are NULL, never 0.

The cost is that of all upstream calls as it was known when the request ended; what each came to, and what was corrected
later, is in the ledger.
"""

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
    Column("policy", Text),
    Column("expires_at_ms", WideInteger),
    Column("disabled", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("rotated_at_ms", WideInteger),
    Column("last_used_at_ms", WideInteger),
)
"""Virtual keys by their digest; the key itself is never stored. The policy is JSON, and NULL when there is none."""

configuration_documents = Table(
    "configuration_documents",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Documents of revisions, each kept once under the SHA-256 of its text, and packed by zlib."""

configuration_revisions = Table(
    "configuration_revisions",
    metadata,
    Column("number", WideInteger, primary_key=True, autoincrement=False),
    Column("parent", WideInteger),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("at_ms", WideInteger, nullable=False),
    Column("id", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("file_digest", LargeBinary, ForeignKey("configuration_documents.digest"), nullable=False),
    Column("stored_digest", LargeBinary, ForeignKey("configuration_documents.digest"), nullable=False),
)
"""Every configuration that was in force, numbered without gaps; the oldest are pruned, so a parent may be gone.

The id is that of the snapshot, so the same one comes again when a configuration does.
"""

Index("configuration_revisions_file", configuration_revisions.c.file_digest)
Index("configuration_revisions_stored", configuration_revisions.c.stored_digest)

overrides = Table(
    "overrides",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at_ms", WideInteger, nullable=False),
    Column("expires_at_ms", WideInteger),
    Column("ended_at_ms", WideInteger),
    Column("ended_by", Text),
    Column("end_reason", Text),
)
"""Runtime changes; one whose time has come gets its `ended_at_ms` a little later, when its end is audited."""

Index("overrides_live", overrides.c.ended_at_ms, overrides.c.expires_at_ms)

audit = Table(
    "audit",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("at_ms", WideInteger, nullable=False),
    Column("author", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("details", Text, nullable=False),
)
"""Who changed what, and why; a row comes with the change itself and is never changed after."""

decision_configurations = Table(
    "decision_configurations",
    metadata,
    Column("id", WideInteger, primary_key=True),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("last_at_ms", WideInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Configurations as recorded decisions saw them, packed by zlib, and when the last of those requests arrived."""

decisions = Table(
    "decisions",
    metadata,
    Column("seq", WideInteger, primary_key=True),
    Column("request_id", Text, nullable=False, unique=True),
    Column("shown_id", Text),
    Column("at_ms", WideInteger, nullable=False),
    Column("agent", Text, nullable=False),
    Column("configuration", WideInteger),
    Column("content", LargeBinary, nullable=False),
)
"""One row per decided request, in the order they ended, kept for some days; metadata only, nothing of any prompt.

The shown id is NULL where it is the request's own, the configuration where it could not be told.
"""

Index("decisions_shown_id", decisions.c.shown_id, sqlite_where=decisions.c.shown_id.is_not(None))
Index("decisions_agent", decisions.c.agent, decisions.c.seq)
