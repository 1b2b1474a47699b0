"""Alerts at rest: noted once however often they are noticed, and given to one holder at a time until they are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Update, and_, delete, func, or_, select, update

from pointsman.core.limits.alerts import Alert, NewAlert
from pointsman.core.tenant_ports import ChangeNote
from pointsman.storage.alert_tables import IDENTITY, alerts
from pointsman.storage.audit import AuditEntry, audit_insertion
from pointsman.storage.bounds import MOST_CHARACTERS, bounded_number, check_limit
from pointsman.storage.database import Database
from pointsman.storage.insertions import Insertion, insert_new
from pointsman.storage.usage_rows import storable_text

_COLUMNS = (*IDENTITY[:7], "end_ms", "share", "limit_nusd", "spent_nusd", "raised_at_ms", "due_at_ms")
_INSERTION = Insertion(alerts, _COLUMNS, IDENTITY)

MOST_AT_ONCE = 500
"""Alerts that one transaction notes."""

_UNTOLD = and_(alerts.c.told_at_ms.is_(None), alerts.c.given_up_at_ms.is_(None))


@dataclass(frozen=True, slots=True)
class AlertsWanted:
    """Which of them to list.

    Attributes:
        limit: how many at most.
        before: only those with a lower id.
        budget: only those of the budget with this name.
        is_open: only those that nobody has acknowledged, or only those that somebody has; `None` for both.
    """

    limit: int
    before: int | None = None
    budget: str | None = None
    is_open: bool | None = None


class AlertsStore:
    """The table of alerts; the port `AlertOutbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, new: Sequence[NewAlert], now_ms: int) -> int:
        """Note some; those that are there already stay as they are. Answers how many were new."""
        # In one order everywhere, so that replicas that notice the same at once do not wait for one another in a ring.
        rows = sorted({_write(each, now_ms) for each in new})
        count = 0
        for start in range(0, len(rows), MOST_AT_ONCE):
            count += await self._insert(rows[start : start + MOST_AT_ONCE])
        return count

    async def _insert(self, rows: Sequence[tuple[str | int, ...]]) -> int:
        fresh: list[int] = []

        def work(connection: Connection) -> None:
            fresh[:] = [len(insert_new(connection, _INSERTION, rows))]

        await self._database.write_in_thread(work)
        return fresh[0]

    async def claim(self, holder: str, now_ms: int, lease_ms: int, most: int) -> list[Alert]:
        """Some that are due, the oldest first; until the lease ends nobody else is given them."""
        due = select(alerts).where(_UNTOLD, alerts.c.due_at_ms <= now_ms).order_by(alerts.c.seq).limit(most)
        async with self._database.read() as connection:
            # Most often there are none, and a look takes no lock.
            if (await connection.execute(due.limit(1))).first() is None:
                return []
        async with self._database.write() as connection:
            rows = (await connection.execute(due.with_for_update(skip_locked=True))).all()
            taken = alerts.c.seq.in_([row.seq for row in rows])
            values = {"holder": holder, "due_at_ms": now_ms + lease_ms, "tries": alerts.c.tries + 1}
            await connection.execute(update(alerts).where(taken).values(values))
        return [_read(row) for row in rows]

    async def note_told(self, alert_id: int, holder: str, now_ms: int) -> None:
        """One was told."""
        # Whoever holds it by now: it was told, and need not be again.
        await self._change(update(alerts).where(alerts.c.seq == alert_id, _UNTOLD).values(told_at_ms=now_ms))

    async def put_off(self, alert_id: int, holder: str, again_at_ms: int) -> None:
        """One could not be told; it is due again later."""
        held = and_(alerts.c.seq == alert_id, alerts.c.holder == holder, _UNTOLD)
        await self._change(update(alerts).where(held).values(due_at_ms=again_at_ms))

    async def give_up(self, alert_id: int, holder: str, now_ms: int) -> None:
        """One will not be told any more."""
        held = and_(alerts.c.seq == alert_id, alerts.c.holder == holder, _UNTOLD)
        await self._change(update(alerts).where(held).values(given_up_at_ms=now_ms))

    async def list_newest(self, wanted: AlertsWanted) -> list[Alert]:
        """The newest ones.

        Raises:
            ValueError: for a limit that is too high.
        """
        check_limit(wanted.limit)
        query = select(alerts).order_by(alerts.c.seq.desc()).limit(wanted.limit)
        if wanted.before is not None:
            query = query.where(alerts.c.seq < bounded_number(wanted.before))
        if wanted.budget is not None:
            query = query.where(alerts.c.budget == _store_name(wanted.budget))
        if wanted.is_open is not None:
            unseen = alerts.c.acknowledged_at_ms.is_(None)
            query = query.where(unseen if wanted.is_open else ~unseen)
        async with self._database.read() as connection:
            return [_read(row) for row in await connection.execute(query)]

    async def acknowledge(self, alert_id: int, note: ChangeNote) -> Alert | None:
        """Say that somebody has seen one; who was first stays. `None` when there is none of this id."""
        one = alerts.c.seq == bounded_number(alert_id)
        async with self._database.write() as connection:
            row = (await connection.execute(select(alerts).where(one).with_for_update())).first()
            if row is None:
                return None
            if row.acknowledged_at_ms is None:
                values = {"acknowledged_at_ms": note.at_ms, "acknowledged_by": storable_text(note.author)}
                await connection.execute(update(alerts).where(one).values(values))
                details: dict[str, object] = {"budget": row.budget, "share": row.share}
                entry = AuditEntry(note.at_ms, note.author, "acknowledge", f"alert:{row.seq}", note.reason, details)
                await connection.execute(audit_insertion(entry))
            found = (await connection.execute(select(alerts).where(one))).one()
        return _read(found)

    async def prune(self, before_ms: int, most: int) -> None:
        """Drop those that were raised before a time, and the oldest where there are more than so many."""
        too_many = select(alerts.c.seq).order_by(alerts.c.seq.desc()).offset(most).limit(1).scalar_subquery()
        old = or_(alerts.c.raised_at_ms < before_ms, alerts.c.seq <= func.coalesce(too_many, 0))
        async with self._database.write() as connection:
            await connection.execute(delete(alerts).where(old))

    async def _change(self, statement: Update) -> None:
        async with self._database.write() as connection:
            await connection.execute(statement)


def _write(new: NewAlert, now_ms: int) -> tuple[str | int, ...]:
    """The row of one, as its columns go."""
    texts = (new.kind, new.budget, new.scope, new.window, new.time_zone, new.on_exceed)
    figures = (new.start_ms, new.end_ms, new.share, new.limit_nusd, new.spent_nusd, now_ms, now_ms)
    return (*map(_store_name, texts), *map(bounded_number, figures))


def _read(row: Row[Any]) -> Alert:
    what = NewAlert(
        kind=row.kind,
        budget=row.budget,
        scope=row.scope,
        window=row.window_kind,
        time_zone=row.time_zone,
        on_exceed=row.on_exceed,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        share=row.share,
        limit_nusd=row.limit_nusd,
        spent_nusd=row.spent_nusd,
    )
    return Alert(
        id=row.seq,
        what=what,
        raised_at_ms=row.raised_at_ms,
        told_at_ms=row.told_at_ms,
        given_up_at_ms=row.given_up_at_ms,
        tries=row.tries,
        acknowledged_at_ms=row.acknowledged_at_ms,
        acknowledged_by=row.acknowledged_by,
    )


def _store_name(text: str) -> str:
    return storable_text(text[:MOST_CHARACTERS])
