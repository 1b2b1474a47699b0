"""Opens the database so that neither it nor a file beside it is changed, not even by what SQLite does of itself."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from pointsman.core.ports import KeyRecord

BUSY_S = 1.0
LOOK_S = 5.0
"""What all questions to the database may take together."""
STEPS_BETWEEN_LOOKS = 10_000


class NotLookable(Exception):
    """The database cannot be read without changing something; the message says why."""


@contextmanager
def open_unchanged(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that only reads and gives up after `LOOK_S` seconds.

    Raises:
        NotLookable: when a crash has left a log behind that only a writer could fold in.
        sqlite3.Error: when the file cannot be opened; statements raise the same, `SQLITE_INTERRUPT` when time is up.
    """
    due_s = time.monotonic() + LOOK_S
    address = f"file:{quote(str(path.absolute()))}?mode=ro&{_choose_way(path)}=1"
    with closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as connection:
        connection.text_factory = _decode
        connection.set_progress_handler(lambda: time.monotonic() > due_s, STEPS_BETWEEN_LOOKS)
        yield connection


def _choose_way(path: Path) -> str:
    """The option of SQLite's that keeps it from making files.

    Where a log and its index are there, the index is only read. Without a log nothing but the file counts, and nobody
    writes to it.
    """
    log, index = path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")
    if log.exists() and index.exists():
        return "readonly_shm"
    if log.exists() and log.stat().st_size:
        raise NotLookable(f"{log.name} lies beside it without its index, as after a copy of some of its files")
    return "immutable"


def list_live_keys(connection: sqlite3.Connection) -> list[KeyRecord]:
    """The virtual keys that are not revoked: digests, never keys.

    Raises:
        sqlite3.Error: when they cannot be read.
    """
    rows = connection.execute(
        "SELECT id, name, display, digest, pepper_id, created_at_ms FROM virtual_keys WHERE revoked_at_ms IS NULL"
    )
    return [KeyRecord(*row) for row in rows]


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")
