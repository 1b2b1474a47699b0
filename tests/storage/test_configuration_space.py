"""What configurations and overrides take of the disk: a document once, and nothing that has been dropped for good."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from both_databases import change_stored, find_file, insert_stored, read_stored
from pointsman.core.ports import NewRevision, OverrideRecord
from pointsman.storage import configuration_store
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.overrides_store import MOST_KEPT, OverridesStore

REVISION = NewRevision("ada", "", 1, "0123456789ab", "api", "{}", "{}", "production")
OVERRIDE = OverrideRecord("ovr", "agent", "writer", {"model": "gpt-4o"}, "ada", "", 1_000)
A_MEBIBYTE = Random(1).randbytes(512 * 1024).hex()


def test_a_hundred_revisions_of_one_large_document_keep_it_once(database_url: str) -> None:
    large = replace(REVISION, file_document=A_MEBIBYTE)
    asyncio.run(_commit(database_url, [replace(large, stored_layer=str(number)) for number in range(100)]))
    assert read_stored(database_url, "SELECT count(*) FROM configuration_documents") == [(101,)]
    if file := find_file(database_url):
        assert file.stat().st_size < 1024 * 1024


def test_documents_that_only_pruned_revisions_held_are_dropped(database_url: str) -> None:
    revisions = [
        replace(REVISION, file_document="shared", stored_layer=str(number if number % 2 else "again"))
        for number in range(10)
    ]
    asyncio.run(_commit(database_url, revisions, keep=3))
    assert read_stored(database_url, "SELECT count(*) FROM configuration_revisions") == [(3,)]
    # Those of 7, 8 and 9: one file, two stored layers of their own, one that comes again.
    assert read_stored(database_url, "SELECT count(*) FROM configuration_documents") == [(4,)]
    assert read_stored(database_url, "SELECT count(*) FROM audit") == [(10,)]


def test_a_document_beyond_the_bound_is_refused(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration_store, "MOST_DOCUMENT_BYTES", 1_000)
    asyncio.run(_commit(database_url, [replace(REVISION, stored_layer="é" * 500)]))
    with pytest.raises(ValueError, match="make it smaller"):
        asyncio.run(_commit(database_url, [replace(REVISION, stored_layer="é" * 501)], base=1))
    assert read_stored(database_url, "SELECT count(*) FROM configuration_documents") == [(2,)]
    assert read_stored(database_url, "SELECT count(*) FROM audit") == [(1,)]


def test_overrides_that_ended_long_ago_are_forgotten_and_live_ones_never(database_url: str) -> None:
    asyncio.run(_commit(database_url, []))
    ends = {1: (None, None), 2: (500, 500), 3: (None, 500), 4: (5_000, None), 5: (500, 400), 6: (500, None)}
    ends[MOST_KEPT + 6] = (500, 500)
    rows = [(seq, str(seq), "task", "t", "{}", "ada", "", 0, *end, None, None) for seq, end in ends.items()]
    insert_stored(database_url, "overrides", rows)
    if not find_file(database_url):
        change_stored(database_url, "SELECT setval('overrides_seq_seq', (SELECT max(seq) FROM overrides))")
    asyncio.run(_add(database_url, OVERRIDE))
    kept = [seq for (seq,) in read_stored(database_url, "SELECT seq FROM overrides ORDER BY seq")]
    assert kept == [1, 4, 6, MOST_KEPT + 6, MOST_KEPT + 7], "6 has ended, and that is not put down yet"


async def _commit(url: str, revisions: list[NewRevision], *, base: int | None = None, keep: int = 1_000) -> None:
    database = await open_database(url)
    try:
        store = ConfigurationStore(database)
        for revision in revisions:
            base = (await store.commit(base, revision)).number
        await store.prune(keep)
    finally:
        await database.close()


async def _add(url: str, override: OverrideRecord) -> None:
    database = await open_database(url)
    try:
        await OverridesStore(database).add(override)
    finally:
        await database.close()
