"""Calls under way, listed where others see them: those of a dead replica are booked, by whoever finds them first.

A call stays listed until its outcome is in the ledger; that it is booked once is the ledger's business.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from pointsman.core.routing.adjust import join_orphans
from pointsman.core.routing.admitted import Admitted, book_orphan
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.allowances.connections import Connection, Connections
from pointsman.storage.allowances.windows import NOW_MS

MOST_REAPED = 1_000
"""Requests at once; the others are there the next time."""

_NOTE_OPEN = f"""
INSERT INTO open_calls (request_id, attempt, node, admitted, sent, content_bytes, at_ms, taken_until_ms)
SELECT id, attempt, $1, admitted, sent, content_bytes, {NOW_MS}, 0
FROM unnest($2::text[], $3::int[], $4::bytea[], $5::int[], $6::bigint[])
    AS call (id, attempt, admitted, sent, content_bytes)
ORDER BY id, attempt
ON CONFLICT (request_id, attempt) DO UPDATE SET sent = excluded.sent, content_bytes = excluded.content_bytes
"""

_NOTE_CLOSED = """
DELETE FROM open_calls WHERE (request_id, attempt) IN (
    SELECT request_id, attempt FROM open_calls WHERE request_id = ANY($1::text[])
    ORDER BY request_id, attempt FOR UPDATE
)
"""

_TAKE = f"""
WITH dead AS (
    SELECT DISTINCT c.request_id FROM open_calls c LEFT JOIN replicas r ON r.node = c.node
    WHERE coalesce(r.lease_until_ms, 0) < {NOW_MS} AND c.taken_until_ms < {NOW_MS} LIMIT {MOST_REAPED}
), taken AS (
    SELECT c.request_id, c.attempt FROM open_calls c JOIN dead USING (request_id)
    ORDER BY c.request_id, c.attempt FOR UPDATE OF c SKIP LOCKED
)
UPDATE open_calls c SET taken_until_ms = {NOW_MS} + $1 FROM taken
WHERE c.request_id = taken.request_id AND c.attempt = taken.attempt AND c.taken_until_ms < {NOW_MS}
RETURNING c.request_id, c.attempt, c.node, c.admitted, c.sent, c.content_bytes
"""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Admitted)


@dataclass(frozen=True, slots=True)
class ListedCall:
    """A call under way.

    Attributes:
        admitted: what is known of it.
        is_sent: whether a byte of it may have gone out.
        content_bytes: of its answer, so far.
    """

    admitted: Admitted
    is_sent: bool
    content_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Orphan:
    """A request whose replica died.

    Attributes:
        node: from whose parts it was spent: `move_to_spent` is told.
        outcome: to be written like any other; `note_closed` after that.
    """

    node: str
    outcome: Outcome


class SharedOpenCalls:
    """The list that replicas share.

    Args:
        connections: to the server.
        node: this replica.
        lease_ms: how long one who takes the calls of a dead replica has for booking them.
    """

    def __init__(self, connections: Connections, node: str, lease_ms: int = 120_000) -> None:
        self._connections = connections
        self._node = node
        self._lease_ms = lease_ms

    async def note_open(self, calls: Sequence[ListedCall]) -> None:
        """List calls, or say how far they are."""
        if calls:
            await self._connections.ask(partial(self._note_open, calls=calls))

    async def note_closed(self, request_ids: Sequence[str]) -> None:
        """Take all calls of requests off the list; their outcomes are in the ledger."""
        if request_ids:
            await self._connections.ask(partial(_note_closed, request_ids=request_ids))

    async def reap(self) -> Sequence[Orphan]:
        """Take what dead replicas had under way; whoever does that books it within a lease, or another one takes it."""
        return await self._connections.ask(self._reap)

    async def _note_open(self, connection: Connection, calls: Sequence[ListedCall]) -> None:
        await connection.execute(
            _NOTE_OPEN,
            self._node,
            [call.admitted.request_id for call in calls],
            [call.admitted.attempt for call in calls],
            [_encoder.encode(call.admitted) for call in calls],
            [int(call.is_sent) for call in calls],
            [call.content_bytes for call in calls],
        )

    async def _reap(self, connection: Connection) -> list[Orphan]:
        booked: defaultdict[str, list[Outcome]] = defaultdict(list)
        nodes: dict[str, str] = {}
        for row in await connection.fetch(_TAKE, self._lease_ms):
            admitted = _decoder.decode(row["admitted"])
            outcome = book_orphan(admitted, sent=bool(row["sent"]), content_bytes=row["content_bytes"])
            booked[admitted.request_id].append(outcome)
            nodes[admitted.request_id] = row["node"]
        return [Orphan(nodes[request_id], join_orphans(outcomes)) for request_id, outcomes in booked.items()]


async def _note_closed(connection: Connection, request_ids: Sequence[str]) -> None:
    await connection.execute(_NOTE_CLOSED, list(request_ids))
