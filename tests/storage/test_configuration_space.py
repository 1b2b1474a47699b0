"""What configurations and overrides take of the disk: a document once, and nothing that has been dropped for good."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pointsman.core.ports import NewRevision, OverrideRecord
from pointsman.storage import configuration_store
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.overrides_store import MOST_KEPT, OverridesStore

REVISION = NewRevision("ada", "", 1, "0123456789ab", "api", "{}", "{}", "production")
OVERRIDE = OverrideRecord("ovr", "agent", "writer", {"model": "gpt-4o"}, "ada", "", 1_000)
A_MEBIBYTE = Random(1).randbytes(512 * 1024).hex()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pointsman.db"


def test_a_hundred_revisions_of_one_large_document_keep_it_once(path: Path) -> None:
    large = replace(REVISION, file_document=A_MEBIBYTE)
    asyncio.run(_commit(path, [replace(large, stored_layer=str(number)) for number in range(100)]))
    with _look_into(path) as connection:
        assert connection.execute("SELECT count(*) FROM configuration_documents").fetchall() == [(101,)]
    assert path.stat().st_size < 1024 * 1024


def test_documents_that_only_pruned_revisions_held_are_dropped(path: Path) -> None:
    revisions = [
        replace(REVISION, file_document="shared", stored_layer=str(number if number % 2 else "again"))
        for number in range(10)
    ]
    asyncio.run(_commit(path, revisions, keep=3))
    with _look_into(path) as connection:
        assert connection.execute("SELECT count(*) FROM configuration_revisions").fetchall() == [(3,)]
        # Those of 7, 8 and 9: one file, two stored layers of their own, one that comes again.
        assert connection.execute("SELECT count(*) FROM configuration_documents").fetchall() == [(4,)]
        assert connection.execute("SELECT count(*) FROM audit").fetchall() == [(10,)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_document_beyond_the_bound_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration_store, "MOST_DOCUMENT_BYTES", 1_000)
    asyncio.run(_commit(path, [replace(REVISION, stored_layer="é" * 500)]))
    with pytest.raises(ValueError, match="make it smaller"):
        asyncio.run(_commit(path, [replace(REVISION, stored_layer="é" * 501)], base=1))
    with _look_into(path) as connection:
        assert connection.execute("SELECT count(*) FROM configuration_documents").fetchall() == [(2,)]
        assert connection.execute("SELECT count(*) FROM audit").fetchall() == [(1,)]


def test_overrides_that_ended_long_ago_are_forgotten_and_live_ones_never(path: Path) -> None:
    asyncio.run(_commit(path, []))
    ends = {1: (None, None), 2: (500, 500), 3: (None, 500), 4: (5_000, None), 5: (500, 400), 6: (500, None)}
    ends[MOST_KEPT + 6] = (500, 500)
    with _look_into(path) as connection, connection:
        for seq, (expires_at_ms, ended_at_ms) in ends.items():
            values = (seq, str(seq), "task", "t", "{}", "ada", "", 0, expires_at_ms, ended_at_ms, None, None)
            connection.execute("INSERT INTO overrides VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    asyncio.run(_add(path, OVERRIDE))
    with _look_into(path) as connection:
        kept = [seq for (seq,) in connection.execute("SELECT seq FROM overrides ORDER BY seq")]
    assert kept == [1, 4, 6, MOST_KEPT + 6, MOST_KEPT + 7], "6 has ended, and that is not put down yet"


async def _commit(path: Path, revisions: list[NewRevision], *, base: int | None = None, keep: int = 1_000) -> None:
    database = await open_database(f"sqlite:///{path}")
    try:
        store = ConfigurationStore(database)
        for revision in revisions:
            base = (await store.commit(base, revision)).number
        await store.prune(keep)
    finally:
        await database.close()


async def _add(path: Path, override: OverrideRecord) -> None:
    database = await open_database(f"sqlite:///{path}")
    try:
        await OverridesStore(database).add(override)
    finally:
        await database.close()


@contextmanager
def _look_into(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path)) as connection:
        yield connection
