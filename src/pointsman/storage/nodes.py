"""Gateways on one PostgreSQL as they list themselves; one that was forgotten is not brought back by its heartbeat.

Whoever forgot it has given away what it held of shared limits: only a start, which holds nothing, lists it anew.
"""

from collections.abc import Sequence

from sqlalchemy import text

from pointsman.storage.allowances.replicas import Replica
from pointsman.storage.database import Database

LEASE_MS = 120_000

_JOIN = text("""
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms)
INSERT INTO replicas (node, name, revision, lease_ms, lease_until_ms, seen_at_ms, turn)
SELECT :node, :name, :revision, :lease_ms, clock.now_ms + :lease_ms, clock.now_ms, 0 FROM clock
ON CONFLICT (node) DO UPDATE SET name = excluded.name, revision = excluded.revision, seen_at_ms = excluded.seen_at_ms,
    lease_until_ms = greatest(replicas.lease_until_ms, excluded.seen_at_ms + replicas.lease_ms)
""")

_BEAT = text("""
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms)
UPDATE replicas SET revision = :revision, seen_at_ms = clock.now_ms,
    lease_until_ms = greatest(lease_until_ms, clock.now_ms + lease_ms)
FROM clock WHERE node = :node
""")

_LIST = text("""
SELECT r.node, r.name, r.revision, r.seen_at_ms,
    greatest(0, r.lease_until_ms - (extract(epoch FROM clock_timestamp()) * 1000)::bigint) AS left_ms,
    (SELECT count(*) FROM allowance_slices s WHERE s.node = r.node AND s.amount > 0) AS parts,
    (SELECT count(*) FROM open_calls c WHERE c.node = r.node) AS open_calls
FROM replicas r ORDER BY r.name, r.node LIMIT 1000
""")


class StoredNodes:
    """The table of replicas.

    Args:
        database: PostgreSQL's.
        node: the id of this gateway.
    """

    def __init__(self, database: Database, node: str) -> None:
        self._database = database
        self._node = node

    async def join(self, name: str, revision: str) -> None:
        """List this gateway, at its start."""
        async with self._database.write() as connection:
            await connection.execute(
                _JOIN, {"node": self._node, "name": name, "revision": revision, "lease_ms": LEASE_MS}
            )

    async def beat(self, revision: str) -> None:
        """Say that this gateway lives, and what it runs."""
        async with self._database.write() as connection:
            await connection.execute(_BEAT, {"node": self._node, "revision": revision})

    async def list_all(self) -> Sequence[Replica]:
        """All that are not forgotten, by name; at most 1,000."""
        async with self._database.read() as connection:
            return [Replica(*row) for row in await connection.execute(_LIST)]
