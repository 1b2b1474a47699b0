"""Overrides at rest: live ones are few and listed whole, ended ones are kept for a while, each change is audited."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from pointsman.core.ports import MOST_LIVE_OVERRIDES, OverrideRecord, TooManyOverrides
from pointsman.storage.audit import AuditEntry, audit_insertion
from pointsman.storage.bounds import bounded_text, check_limit, decode_object, encode_value
from pointsman.storage.change_counters import count_change
from pointsman.storage.database import Database
from pointsman.storage.locks import take_lock
from pointsman.storage.tables import overrides
from pointsman.storage.usage_rows import storable_text

ONE_PER_TARGET = ("agent", "strategy", "task")
"""Kinds of which a target has one live override at most."""

MOST_KEPT = 10_000
"""Overrides kept after their end, those made last; what became of the others stands in the audit."""

MOST_ENDED_AT_ONCE = 100
"""Ends put down in one transaction, so that nobody waits long for it."""

_COLUMNS = tuple(column for column in overrides.columns if column.name != "seq")
"""The fields of `OverrideRecord`, in order."""


class OverridesStore:
    """The table of overrides; the port `OverrideStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, override: OverrideRecord) -> None:
        """Store a new override, live from its `created_at_ms` on; it ends the former one of its target.

        Raises:
            TooManyOverrides: when as many of its kind as may be are live.
            ValueError: when a text or the value is larger than any that is kept.
            sqlalchemy.exc.IntegrityError: when its id is there already.
        """
        override = replace(
            override,
            id=bounded_text(override.id),
            target=bounded_text(override.target),
            author=bounded_text(override.author),
            reason=bounded_text(override.reason),
        )
        values = {column.name: getattr(override, column.name) for column in _COLUMNS}
        values["value"] = encode_value(override.value)

        def add(connection: Connection) -> None:
            take_lock(connection, "overrides")
            replaced = _end_former(connection, override)
            _refuse_too_many(connection, override)
            connection.execute(count_change("overrides"))
            connection.execute(insert(overrides).values(values))
            connection.execute(audit_insertion(_tell_addition(override, replaced)))
            _forget_oldest(connection)

        await self._database.write_in_thread(add)

    async def cancel(self, override_id: str, author: str, at_ms: int, reason: str = "") -> bool:
        """End an override; false when none with this id is live at that time.

        Raises:
            ValueError: when a text is longer than any that is kept.
        """
        wanted = and_(overrides.c.id == storable_text(override_id), _is_live(at_ms))
        ending = {"ended_at_ms": at_ms, "ended_by": bounded_text(author), "end_reason": bounded_text(reason)}
        async with self._database.write() as connection:
            await connection.run_sync(take_lock, "overrides")
            found = (await connection.execute(select(overrides.c.kind, overrides.c.target).where(wanted))).one_or_none()
            if found is None:
                return False
            await connection.execute(count_change("overrides"))
            await connection.execute(update(overrides).where(wanted).values(ending))
            subject = f"{found.kind}:{found.target}"
            entry = AuditEntry(at_ms, author, "override.cancel", subject, reason, {"id": override_id})
            await connection.execute(audit_insertion(entry))
        return True

    async def end_due(self, now_ms: int, author: str, reason: str) -> int | None:
        """Put down the end of overrides whose time has come, the earliest first, at most `MOST_ENDED_AT_ONCE`.

        Returns:
            When the next one ends, in milliseconds since the Unix epoch; `None` when there is none.

        Raises:
            ValueError: when a text is longer than any that is kept.
        """
        unended = overrides.c.ended_at_ms.is_(None)
        due = (
            select(overrides.c.seq, overrides.c.id, overrides.c.kind, overrides.c.target, overrides.c.expires_at_ms)
            .where(unended, overrides.c.expires_at_ms <= now_ms)
            .order_by(overrides.c.expires_at_ms, overrides.c.seq)
            .limit(MOST_ENDED_AT_ONCE)
        )
        ending = {
            "ended_at_ms": overrides.c.expires_at_ms,
            "ended_by": bounded_text(author),
            "end_reason": bounded_text(reason),
        }
        async with self._database.write() as connection:
            await connection.run_sync(take_lock, "overrides")
            for row in (await connection.execute(due)).all():
                await connection.execute(update(overrides).where(overrides.c.seq == row.seq).values(ending))
                subject = f"{row.kind}:{row.target}"
                entry = AuditEntry(row.expires_at_ms, author, "override.end", subject, reason, {"id": row.id})
                await connection.execute(audit_insertion(entry))
            next_ms: int | None = await connection.scalar(select(func.min(overrides.c.expires_at_ms)).where(unended))
        return next_ms

    async def list_live(self, now_ms: int) -> list[OverrideRecord]:
        """Those that have not ended, oldest first."""
        live = select(*_COLUMNS).where(_is_live(now_ms)).order_by(overrides.c.seq)
        async with self._database.read() as connection:
            return [_read_record(row) for row in await connection.execute(live)]

    async def list_recent(self, limit: int) -> list[OverrideRecord]:
        """The last ones made, ended or not, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        check_limit(limit)
        recent = select(*_COLUMNS).order_by(overrides.c.seq.desc()).limit(limit)
        async with self._database.read() as connection:
            return [_read_record(row) for row in await connection.execute(recent)]

    async def list_ended(self, now_ms: int, limit: int) -> list[OverrideRecord]:
        """Those that have ended, by themselves or by somebody, the last one first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        check_limit(limit)
        ended_at_ms = func.coalesce(overrides.c.ended_at_ms, overrides.c.expires_at_ms)
        ended = select(*_COLUMNS).where(~_is_live(now_ms)).order_by(ended_at_ms.desc(), overrides.c.seq.desc())
        async with self._database.read() as connection:
            return [_read_record(row) for row in await connection.execute(ended.limit(limit))]


def _is_live(now_ms: int) -> ColumnElement[bool]:
    in_time = or_(overrides.c.expires_at_ms.is_(None), overrides.c.expires_at_ms > now_ms)
    return and_(overrides.c.ended_at_ms.is_(None), in_time)


def _end_former(connection: Connection, override: OverrideRecord) -> Sequence[str]:
    """End what the new override takes the place of; answers the ids."""
    if override.kind not in ONE_PER_TARGET:
        return ()
    former = and_(
        overrides.c.kind == override.kind,
        overrides.c.target == override.target,
        _is_live(override.created_at_ms),
    )
    ending = {
        "ended_at_ms": override.created_at_ms,
        "ended_by": override.author,
        "end_reason": f"replaced by {override.id}",
    }
    replaced = connection.scalars(select(overrides.c.id).where(former)).all()
    if replaced:
        connection.execute(update(overrides).where(former).values(ending))
    return replaced


def _refuse_too_many(connection: Connection, override: OverrideRecord) -> None:
    live_ones = and_(overrides.c.kind == override.kind, _is_live(override.created_at_ms))
    live = connection.scalar(select(func.count()).select_from(overrides).where(live_ones))
    if (live or 0) >= MOST_LIVE_OVERRIDES:
        raise TooManyOverrides


def _forget_oldest(connection: Connection) -> None:
    """Drop old ones whose end is put down: one that has only run out has no audit row of it yet."""
    newest = connection.scalar(select(func.max(overrides.c.seq))) or 0
    is_old = overrides.c.seq <= newest - MOST_KEPT
    connection.execute(delete(overrides).where(is_old, overrides.c.ended_at_ms.is_not(None)))


def _tell_addition(override: OverrideRecord, replaced: Sequence[str]) -> AuditEntry:
    details: dict[str, object] = {
        "id": override.id,
        "value": dict(override.value),
        "expires_at_ms": override.expires_at_ms,
        "replaced": list(replaced),
    }
    subject = f"{override.kind}:{override.target}"
    return AuditEntry(override.created_at_ms, override.author, "override.add", subject, override.reason, details)


def _read_record(row: Row[*tuple[Any, ...]]) -> OverrideRecord:
    values = dict(row._mapping)
    return OverrideRecord(**values | {"value": decode_object(values["value"])})
