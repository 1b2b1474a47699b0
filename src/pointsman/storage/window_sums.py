"""Compares the windows that replicas share with the ledger they were counted from: in one statement, of one moment."""

from collections.abc import Sequence

from sqlalchemy import text

from pointsman.core.limits.drift import Compared
from pointsman.storage.database import Database

MOST_WINDOWS = 100
"""That are compared at once; the others have their turn after those."""

_COMPARE = text("""
WITH turn AS (
    SELECT w.id, a.scope, a.name, a.window_kind, a.time_zone, w.start_ms, w.end_ms, w.spent
    FROM allowance_windows w JOIN allowance_accounts a ON a.id = w.account_id
    WHERE w.end_ms > :now_ms AND w.start_ms <= :now_ms AND w.id > :after ORDER BY w.id LIMIT :most
)
SELECT t.*, coalesce((
    SELECT sum(l.cost_nusd) FROM ledger l
    WHERE l.at_ms >= t.start_ms AND l.at_ms < t.end_ms AND l.kind <> 'possibly_billed' AND CASE t.scope
        WHEN 'total' THEN true
        WHEN 'cloud' THEN l.location = 'cloud'
        WHEN 'provider' THEN l.provider = t.name
        WHEN 'model' THEN l.model = t.name
        WHEN 'agent' THEN l.agent = t.name
        WHEN 'interaction' THEN l.interaction = t.name
        WHEN 'team' THEN l.team = t.name
        WHEN 'user' THEN l."user" = t.name
        WHEN 'key' THEN l.key_id = t.name
        WHEN 'session' THEN l.session = t.name
        WHEN 'tag' THEN l.tags::jsonb ? t.name
        ELSE false END
), 0)::bigint AS booked FROM turn t ORDER BY t.id
""")


class SharedWindowComparison:
    """Compares what the shared windows say is spent with the ledger; the port `Comparison`, for PostgreSQL."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after = 0

    async def compare(self, now_ms: int) -> Sequence[Compared]:
        """The windows of a time in which both differ; of many windows some at a time."""
        values = {"now_ms": now_ms, "after": self._after, "most": MOST_WINDOWS}
        async with self._database.read(is_patient=True) as connection:
            rows = (await connection.execute(_COMPARE, values)).all()
        differing = [
            Compared(
                row.scope,
                row.name,
                row.window_kind,
                row.time_zone,
                row.start_ms,
                row.end_ms,
                counted_nusd=row.spent,
                ledger_nusd=row.booked,
            )
            for row in rows
            if row.spent != row.booked
        ]
        if not differing:
            # With a difference the same windows are looked at again, so that it can be confirmed.
            self._after = rows[-1].id if len(rows) == MOST_WINDOWS else 0
        return differing
