"""The database: of which schema, sound or damaged, with keys that the pepper fits; it is only ever read."""

import asyncio
import io
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from pointsman.control.found_file import Unusable, read_file, show_name
from pointsman.control.keys import PEPPER_BYTES, KeyRing
from pointsman.control.pepper import find_pepper
from pointsman.core.config.problems import quote
from pointsman.core.ports import KeyRecord
from pointsman.diagnosis.finding import Finding, good, skip, warn, wrong
from pointsman.diagnosis.installation import Installation
from pointsman.diagnosis.permissions import (
    MAY_WRITE_BY_OTHERS,
    PRIVATE_FILE,
    READ,
    WRITE,
    allows,
    is_file,
    read_status,
    write_mode,
)
from pointsman.diagnosis.server_database import look_at_server
from pointsman.diagnosis.stored_state import LOOK_S, NotLookable, list_live_keys, open_unchanged
from pointsman.storage.postgres_address import is_postgres
from pointsman.storage.schema import known_revisions

DATABASE_NAME = "pointsman.db"
RESTORE = "stop the gateway, keep a copy of the damaged file, and restore a backup"

FAULTS: dict[int, tuple[str, str]] = {
    sqlite3.SQLITE_NOTADB: ("is no database", "move it away, or restore a backup"),
    sqlite3.SQLITE_CORRUPT: ("is damaged", RESTORE),
    sqlite3.SQLITE_CANTOPEN: ("cannot be opened", "look at the permissions of it and of its folder"),
    sqlite3.SQLITE_IOERR: ("cannot be read: the disk reports an error", "look at the disk, and restore a backup"),
}
"""What SQLite's codes mean for a file, and what to do."""


def check_database(installation: Installation) -> Iterator[Finding]:
    """File or server, schema, soundness, keys."""
    written = installation.snapshot.settings.storage_url if installation.snapshot else None
    if written is not None and is_postgres(written):
        state = look_at_server(written, installation.environ)
        yield from state.findings
        if state.keys:
            yield from _judge_keys(state.keys, installation)
        return
    path = find_database(installation)
    if path is None:
        yield wrong(
            "database",
            "storage.url names neither a SQLite file nor a PostgreSQL database",
            "write sqlite:////path/to/pointsman.db or postgresql://user@host/pointsman, or leave it out",
        )
        return
    status = read_status(path)
    if status is None:
        yield good("database", f"{show_name(path)} is not there yet; the first start makes it")
        return
    shown, mode = show_name(path), write_mode(status)
    if not is_file(status):
        yield wrong("database", f"{shown} is no file", "move it away, or correct storage.url")
        return
    if status.st_mode & MAY_WRITE_BY_OTHERS:
        yield wrong("database file", f"others may change {shown} (mode {mode})", f"chmod 600 {shown}")
    elif status.st_mode & PRIVATE_FILE:
        yield warn("database file", f"others may read {shown} (mode {mode})", f"chmod 600 {shown}")
    elif not allows(status, READ | WRITE):
        yield wrong("database file", f"{shown} may not be read and written (mode {mode})", f"chmod 600 {shown}")
    yield from _look_inside(path, installation)


def find_database(installation: Installation) -> Path | None:
    """Where the database is, or `None` when the document names something else than a file of SQLite's."""
    written = installation.snapshot.settings.storage_url if installation.snapshot else None
    if written is None:
        return installation.home / DATABASE_NAME
    try:
        location = make_url(written)
    except ArgumentError:
        return None
    if location.get_backend_name() != "sqlite" or location.database in (None, "", ":memory:"):
        return None
    return installation.question.cwd / str(location.database)


def _look_inside(path: Path, installation: Installation) -> Iterator[Finding]:
    shown = show_name(path)
    try:
        with open_unchanged(path) as connection:
            # All that the keys need is read before the long look, which may use up the time.
            schema = _judge_schema(shown, connection)
            keys = list_live_keys(connection) if schema.status in ("good", "warning") and _has_keys(connection) else []
            yield schema
            yield _judge_soundness(shown, connection)
    except NotLookable as reason:
        yield skip(
            "database",
            f"{shown} cannot be looked into without changing it: {reason}",
            "start the gateway, which mends it",
        )
        return
    except sqlite3.Error as error:
        yield _explain_error(shown, error)
        return
    if keys:
        yield from _judge_keys(keys, installation)


def _judge_schema(shown: str, connection: sqlite3.Connection) -> Finding:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    known = known_revisions()
    if not tables:
        return good("database", f"{shown} is empty; the first start fills it")
    row = None
    if "alembic_version" in tables:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    if row is None:
        return wrong(
            "database", f"{shown} is of another program", "set POINTSMAN_HOME or storage.url to a place of your own"
        )
    stored = str(row[0])
    if stored not in known:
        message = f"{shown} has schema {quote(stored)}, written by a newer Pointsman; this one knows up to {known[-1]}"
        return wrong("database", message, "run the newer Pointsman, or restore a backup made before it ran")
    if stored != known[-1]:
        message = f"{shown} has schema {stored}; this Pointsman brings it to {known[-1]} at its next start"
        return warn("database", message, "keep a copy of it and of the pepper, then start the gateway")
    return good("database", f"{shown} has schema {stored}, which is the newest")


def _has_keys(connection: sqlite3.Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'virtual_keys'").fetchone()
    return found is not None


def _judge_soundness(shown: str, connection: sqlite3.Connection) -> Finding:
    try:
        first = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            message = f"{shown} is too large to be looked through within {LOOK_S:g} s"
            return skip("soundness", message, f"sqlite3 {shown} 'PRAGMA quick_check'")
        raise
    if first is None or first[0] != "ok":
        return wrong("soundness", f"{shown} is damaged: {quote(str(first[0]) if first else 'no answer')}", RESTORE)
    return good("soundness", f"{shown} is whole")


def _explain_error(shown: str, error: sqlite3.Error) -> Finding:
    # The lowest byte is the kind; the rest says more than anybody needs here.
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if code == sqlite3.SQLITE_BUSY:
        return warn("database", f"{shown} is locked by another program", "end what else works on it, such as a backup")
    if code == sqlite3.SQLITE_INTERRUPT:
        return skip("database", f"{shown} did not answer within {LOOK_S:g} s", "look whether the disk is slow")
    reason, advice = FAULTS.get(code, ("cannot be read", RESTORE))
    return wrong("database", f"{shown} {reason}", advice)


class _StoredKeys:
    """The port `KeyStore` over what was read; there is nothing to change it in."""

    def __init__(self, keys: Sequence[KeyRecord]) -> None:
        self._keys = keys

    async def insert(self, key: KeyRecord) -> None:
        """Refuse."""
        raise io.UnsupportedOperation("doctor changes nothing")

    async def list_live(self) -> Sequence[KeyRecord]:
        """The keys."""
        return self._keys


def _judge_keys(keys: Sequence[KeyRecord], installation: Installation) -> Iterator[Finding]:
    """Whether the pepper is the one that the keys were made with, and the local key is one of them."""
    path = find_pepper(installation.home, installation.environ)
    pepper = read_file(path, PEPPER_BYTES)
    if isinstance(pepper, Unusable) or len(pepper.content) != PEPPER_BYTES:
        message = f"{len(keys)} virtual keys are stored, and without {show_name(path)} none of them opens anything"
        yield wrong("virtual keys", message, "restore the pepper from a backup, or make every virtual key anew")
        return
    ring = KeyRing(pepper.content, _StoredKeys(keys))
    foreign = asyncio.run(ring.load())
    if foreign:
        message = f"{foreign} of {len(keys)} virtual keys belong to another pepper and open nothing"
        yield warn("virtual keys", message, "restore that pepper, or make them anew: pointsman keys create --name NAME")
    else:
        yield good("virtual keys", f"{len(keys)} stored, and the pepper fits all of them")
    local = installation.local.get("POINTSMAN_API_KEY", "")
    if local and ring.authenticate(local) is None:
        yield warn(
            "local keys",
            "the virtual key of the local credentials file is revoked or unknown",
            "start the gateway again, which makes one",
        )
