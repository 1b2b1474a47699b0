"""Replicas by their leases: one that is not heard of keeps its parts counted until it is back or forgotten."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from pointsman.core.money_ports import ReplicaForgotten
from pointsman.storage.allowances.connections import Connection, Connections
from pointsman.storage.allowances.windows import NOW_MS

DAY_MS = 86_400_000

_JOIN = f"""
INSERT INTO replicas AS r (node, name, revision, lease_ms, lease_until_ms, seen_at_ms, turn)
VALUES ($1, $2, $3, $4, {NOW_MS} + $4, {NOW_MS}, {NOW_MS})
ON CONFLICT (node) DO UPDATE SET name = excluded.name, revision = excluded.revision, lease_ms = excluded.lease_ms,
    lease_until_ms = excluded.lease_until_ms, seen_at_ms = excluded.seen_at_ms,
    turn = greatest(excluded.turn, r.turn + 1)
RETURNING turn
"""

_RENEW = f"""
UPDATE replicas SET lease_until_ms = {NOW_MS} + lease_ms, seen_at_ms = {NOW_MS}
WHERE node = $1 AND turn <= $2 RETURNING 1
"""

_BEGIN_TURN = "UPDATE replicas SET turn = $2 WHERE node = $1 AND turn < $2 RETURNING 1"

_RELEASE_PARTS = """
WITH locked AS MATERIALIZED (
    SELECT s.window_id FROM allowance_slices s WHERE s.node = $1 ORDER BY s.window_id FOR UPDATE
)
DELETE FROM allowance_slices s USING locked WHERE s.window_id = locked.window_id AND s.node = $1
"""

_LIST = f"""
SELECT r.node, r.name, r.revision, r.seen_at_ms, greatest(0, r.lease_until_ms - {NOW_MS}) AS left_ms,
    (SELECT count(*) FROM allowance_slices s WHERE s.node = r.node AND s.amount > 0) AS parts,
    (SELECT count(*) FROM open_calls c WHERE c.node = r.node) AS open_calls
FROM replicas r ORDER BY r.name, r.node LIMIT 1000
"""

_LENGTH_MS = f"""
CASE a.window_kind WHEN 'rolling_month' THEN {31 * DAY_MS} WHEN 'rolling_week' THEN {8 * DAY_MS} ELSE {2 * DAY_MS} END
"""
"""How long after its end a window may still count: in a rolling limit, or for a request that began in it."""

_DROP_PARTS = f"""
DELETE FROM allowance_slices s USING (
    SELECT s.window_id, s.node FROM allowance_slices s
    JOIN allowance_windows w ON w.id = s.window_id JOIN allowance_accounts a ON a.id = w.account_id
    WHERE w.end_ms < {NOW_MS} - {_LENGTH_MS} ORDER BY s.window_id, s.node LIMIT 5000 FOR UPDATE OF s SKIP LOCKED
) gone WHERE s.window_id = gone.window_id AND s.node = gone.node
"""

_DROP_WINDOWS = f"""
DELETE FROM allowance_windows WHERE id IN (
    SELECT w.id FROM allowance_windows w JOIN allowance_accounts a ON a.id = w.account_id
    WHERE w.end_ms < {NOW_MS} - CASE WHEN a.window_kind LIKE 'rolling%' THEN 62 ELSE 400 END * {DAY_MS}::bigint
        AND NOT EXISTS (SELECT 1 FROM allowance_slices s WHERE s.window_id = w.id)
    ORDER BY w.id LIMIT 5000 FOR UPDATE OF w SKIP LOCKED
)
"""
"""One that is asked for again is opened again with what the ledger holds, so nothing is lost with it."""

_DROP_RATES = f"DELETE FROM shared_rates WHERE arrival_us < ({NOW_MS} - {DAY_MS}) * 1000"
_DROP_PLACES = "DELETE FROM shared_places WHERE held = 0"

_DROP_REPLICAS = f"""
DELETE FROM replicas r WHERE r.lease_until_ms < {NOW_MS} - {DAY_MS}
    AND NOT EXISTS (SELECT 1 FROM allowance_slices s WHERE s.node = r.node AND s.amount > 0)
    AND NOT EXISTS (SELECT 1 FROM open_calls c WHERE c.node = r.node)
"""


@dataclass(frozen=True, slots=True)
class Joining:
    """A replica that begins its lease."""

    node: str
    name: str
    revision: str
    lease_ms: int


@dataclass(frozen=True, slots=True)
class Replica:
    """One that runs, or did.

    Attributes:
        node: its journal's.
        name: for people.
        revision: of the configuration that it ran when it joined.
        seen_at_ms: when it was last heard of, by the store's clock.
        left_ms: what is left of its lease; 0 when it is believed dead.
        parts: of how many windows it holds some.
        open_calls: how many calls of its are listed as under way.
    """

    node: str
    name: str
    revision: str
    seen_at_ms: int
    left_ms: int
    parts: int
    open_calls: int


async def join(connection: Connection, joining: Joining) -> int:
    """Begin a lease, again if there was one; answers the turn, later than any that the node had."""
    rows = await connection.fetch(_JOIN, joining.node, joining.name, joining.revision, joining.lease_ms)
    turn: int = rows[0]["turn"]
    return turn


async def renew(connection: Connection, node: str, turn: int) -> bool:
    """Prolong a lease; whether the replica is known, and no other process has taken its place."""
    return bool(await connection.fetch(_RENEW, node, turn))


async def begin_turn(connection: Connection, node: str, turn: int) -> None:
    """From now on nothing of former turns is done any more, nor is it under way."""
    begun = await connection.fetch(
        "UPDATE replicas SET turn = $2 WHERE node = $1 AND turn < $2 RETURNING 1", node, turn
    )
    if not begun:
        raise ReplicaForgotten("this replica was forgotten, or another process runs as it; it joins anew")


async def release(connection: Connection, node: str) -> None:
    """Take back all parts and places of a replica."""
    await connection.execute(_RELEASE_PARTS, node)
    await connection.execute("DELETE FROM shared_places WHERE node = $1", node)


class ReplicaList:
    """What an operator sees of the replicas, and may do.

    Args:
        connections: to the server.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def list_all(self) -> Sequence[Replica]:
        """All replicas that are not forgotten, at most 1,000."""
        return await self._connections.ask(_list_all)

    async def list_live(self) -> Sequence[str]:
        """The nodes whose leases last."""
        return [replica.node for replica in await self.list_all() if replica.left_ms > 0]

    async def forget_node(self, node: str) -> bool:
        """Release the parts of a replica that will never be back; whether there was one.

        What it spent and has not written to the ledger is unknown from then on; its open calls are booked all the same.
        """
        return await self._connections.ask(partial(_forget, node=node))

    async def clean_up(self) -> None:
        """Drop what counts no more: parts of ended windows, old windows, replicas that hold nothing."""
        await self._connections.ask(_clean_up)


async def _list_all(connection: Connection) -> list[Replica]:
    rows = await connection.fetch(_LIST)
    return [
        Replica(
            row["node"],
            row["name"],
            row["revision"],
            row["seen_at_ms"],
            row["left_ms"],
            row["parts"],
            row["open_calls"],
        )
        for row in rows
    ]


async def _forget(connection: Connection, node: str) -> bool:
    await connection.execute(_RELEASE_PARTS, node)
    return bool(await connection.fetch("DELETE FROM replicas WHERE node = $1 RETURNING 1", node))


async def _clean_up(connection: Connection) -> None:
    for statement in (_DROP_PARTS, _DROP_WINDOWS, _DROP_RATES, _DROP_PLACES, _DROP_REPLICAS):
        await connection.execute(statement)
