"""Teams, users, earlier texts of keys, and the counters by which replicas notice that any of these has changed."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Table, Text

from pointsman.storage.tables import WideInteger, metadata

tenants = Table(
    "tenants",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at_ms", WideInteger, nullable=False),
    Column("terms", Text),
    Column("team", Text, nullable=False, server_default=""),
    Column("disabled", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="1"),
)
"""Teams and users. The terms are JSON, and NULL where there are none; only a user has a team, or `""`."""

former_keys = Table(
    "former_keys",
    metadata,
    Column("digest", LargeBinary, primary_key=True),
    Column("key_id", Text, nullable=False),
    Column("pepper_id", Text, nullable=False),
    Column("ends_at_ms", WideInteger, nullable=False),
)
"""Earlier texts of keys, by their digest; they go when the key is given another one and their time is over."""

Index("former_keys_key_id", former_keys.c.key_id)

change_counters = Table(
    "change_counters",
    metadata,
    Column("resource", Text, primary_key=True),
    Column("counter", WideInteger, nullable=False),
)
"""How often each resource was changed; counted up in the transaction that changes it."""
