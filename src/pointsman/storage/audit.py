"""The audit: a row for each change, written in the transaction that makes the change, so that none is without one."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Insert, Row, Select, insert, select

from pointsman.core.ports import AuditRecord
from pointsman.storage.bounds import bounded_number, bounded_text, check_limit, decode_object, encode_details
from pointsman.storage.database import Database
from pointsman.storage.tables import audit


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A change as the audit tells it; the attributes are those of `AuditRecord`."""

    at_ms: int
    author: str
    action: str
    subject: str
    reason: str = ""
    details: dict[str, object] = field(default_factory=dict)


def audit_insertion(entry: AuditEntry) -> Insert:
    """The statement that adds the row; run it with the change itself.

    Raises:
        ValueError: when a text is too long.
    """
    return insert(audit).values(
        at_ms=entry.at_ms,
        author=bounded_text(entry.author),
        action=entry.action,
        subject=bounded_text(entry.subject),
        reason=bounded_text(entry.reason),
        details=encode_details(entry.details),
    )


async def list_audit(database: Database, limit: int, before: int | None) -> list[AuditRecord]:
    """The changes below seq `before`, or all, newest first; raises `ValueError` for a limit that is too high."""
    check_limit(limit)
    async with database.read() as connection:
        rows = (await connection.execute(_select_newest(limit, before))).all()
    return [_read_record(row) for row in rows]


def _select_newest(limit: int, before: int | None) -> Select[*tuple[Any, ...]]:
    newest = select(audit).order_by(audit.c.seq.desc()).limit(limit)
    return newest if before is None else newest.where(audit.c.seq < bounded_number(before))


def _read_record(row: Row[*tuple[Any, ...]]) -> AuditRecord:
    values = dict(row._mapping)
    return AuditRecord(**values | {"details": decode_object(values["details"])})
