"""Revisions of the configuration: numbered without gaps, each on top of the newest one, its audit row with it."""

import asyncio
import zlib
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, func, insert, or_, select

from pointsman.core.ports import AuditRecord, NewRevision, RevisionRecord, RevisionSummary, StaleRevision
from pointsman.storage.audit import AuditEntry, audit_insertion, list_audit
from pointsman.storage.bounds import bounded_number, bounded_text, check_limit
from pointsman.storage.change_counters import count_change
from pointsman.storage.database import Database
from pointsman.storage.locks import take_lock
from pointsman.storage.tables import configuration_documents as documents
from pointsman.storage.tables import configuration_revisions as revisions

MOST_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Of one document, unpacked; far above what the limits of its files allow."""

_SUMMARY = (
    revisions.c.number,
    revisions.c.parent,
    revisions.c.author,
    revisions.c.reason,
    revisions.c.at_ms,
    revisions.c.id,
    revisions.c.origin,
    revisions.c.environment,
)
"""The fields of `RevisionSummary`, in order."""

_of_file = documents.alias("of_file")
_stored = documents.alias("stored")


class ConfigurationStore:
    """The tables of revisions and of the audit; the port `ConfigStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def commit(self, base: int | None, revision: NewRevision) -> RevisionRecord:
        """Store a revision on top of `base`, and its audit row with it; both or neither.

        When the call is cancelled the revision may be stored nevertheless.

        Raises:
            StaleRevision: when `base` is not the newest revision.
            ValueError: when a text or a document is longer than any that is kept.
        """
        record = RevisionRecord(
            number=1 if base is None else base + 1,
            parent=base,
            author=bounded_text(revision.author),
            reason=bounded_text(revision.reason),
            at_ms=revision.at_ms,
            id=revision.id,
            origin=revision.origin,
            environment=bounded_text(revision.environment),
            file_document=revision.file_document,
            stored_layer=revision.stored_layer,
        )
        # Documents may be large: they are digested and packed in the database's thread, not beside the requests.
        await self._database.write_in_thread(partial(_commit, record, dict(revision.details)))
        return record

    async def newest(self) -> RevisionRecord | None:
        """The last revision, or `None` before the first one."""
        return await self._read(_select_documents().order_by(revisions.c.number.desc()).limit(1))

    async def get(self, number: int) -> RevisionRecord | None:
        """A revision by its number, or `None` when there is none or it is no longer kept."""
        return await self._read(_select_documents().where(revisions.c.number == bounded_number(number)))

    async def list_revisions(self, limit: int, before: int | None = None) -> list[RevisionSummary]:
        """The revisions below number `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        check_limit(limit)
        wanted = select(*_SUMMARY).order_by(revisions.c.number.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(revisions.c.number < bounded_number(before))
        async with self._database.read() as connection:
            return [RevisionSummary(*row) for row in await connection.execute(wanted)]

    async def prune(self, keep: int = 1_000) -> int:
        """Drop all but the newest `keep` revisions and what only those held; answers how many were dropped.

        Raises:
            ValueError: when `keep` is less than 1: the newest one is what the next number follows from.
        """
        if keep < 1:
            raise ValueError("at least the newest revision is kept")
        async with self._database.write() as connection:
            await connection.run_sync(take_lock, "configuration")
            newest = await connection.scalar(select(func.max(revisions.c.number))) or 0
            dropped = (await connection.execute(delete(revisions).where(revisions.c.number <= newest - keep))).rowcount
            if dropped:
                await connection.execute(_DROP_UNUSED)
        return dropped

    async def list_audit(self, limit: int, before: int | None = None) -> list[AuditRecord]:
        """The changes below seq `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        return await list_audit(self._database, limit, before)

    async def _read(self, wanted: Select[*tuple[Any, ...]]) -> RevisionRecord | None:
        async with self._database.read() as connection:
            row = (await connection.execute(wanted)).one_or_none()
        return await asyncio.to_thread(_unpack_record, row) if row is not None else None


_DROP_UNUSED = delete(documents).where(
    ~exists().where(or_(revisions.c.file_digest == documents.c.digest, revisions.c.stored_digest == documents.c.digest))
)


def _commit(record: RevisionRecord, details: dict[str, object], connection: Connection) -> None:
    take_lock(connection, "configuration")
    newest: int | None = connection.scalar(select(func.max(revisions.c.number)))
    if newest != record.parent:
        raise StaleRevision(newest)
    connection.execute(count_change("configuration"))
    digests = {
        "file_digest": _keep_document(connection, record.file_document),
        "stored_digest": _keep_document(connection, record.stored_layer),
    }
    summary = {column.name: getattr(record, column.name) for column in _SUMMARY}
    connection.execute(insert(revisions).values(summary | digests))
    connection.execute(audit_insertion(_tell(record, details)))


def _tell(record: RevisionRecord, details: dict[str, object]) -> AuditEntry:
    told: dict[str, object] = {"id": record.id, "origin": record.origin, "environment": record.environment}
    # Told first, so that they always fit, and again, so that nobody else's details take their place.
    details = told | details | told
    subject = f"revision:{record.number}"
    return AuditEntry(record.at_ms, record.author, "revision.commit", subject, record.reason, details)


def _keep_document(connection: Connection, text: str) -> bytes:
    """Store a document unless it is there already; answers its digest."""
    # A document of lone surrogates is refused long before; here it must only come back as it was.
    content = text.encode(errors="surrogatepass")
    if len(content) > MOST_DOCUMENT_BYTES:
        raise ValueError(f"a configuration of more than {MOST_DOCUMENT_BYTES:,} bytes is not kept; make it smaller")
    digest = sha256(content).digest()
    if connection.scalar(select(documents.c.digest).where(documents.c.digest == digest)) is None:
        connection.execute(insert(documents).values(digest=digest, content=zlib.compress(content)))
    return digest


def _select_documents() -> Select[*tuple[Any, ...]]:
    return (
        select()
        .add_columns(*_SUMMARY, _of_file.c.content.label("file_document"), _stored.c.content.label("stored_layer"))
        .join_from(revisions, _of_file, revisions.c.file_digest == _of_file.c.digest)
        .join(_stored, revisions.c.stored_digest == _stored.c.digest)
    )


def _unpack_record(row: Row[*tuple[Any, ...]]) -> RevisionRecord:
    values = dict(row._mapping)
    return RevisionRecord(**values | {name: _unpack(values[name]) for name in ("file_document", "stored_layer")})


def _unpack(content: bytes) -> str:
    return zlib.decompress(content).decode(errors="surrogatepass")
