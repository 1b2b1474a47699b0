"""A database of any earlier schema is brought up to date with all that is in it; a new one has everything at once."""

import asyncio
from collections.abc import Iterator

import pytest

from both_databases import DATABASES, change_stored, find_file, insert_stored, new_store, read_stored
from pointsman.core.ports import KeyRecord, NewRevision
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.schema import known_revisions
from pointsman.storage.virtual_keys import VirtualKeys
from real_postgres import new_database
from storage.schemas import compare_with_tables, create_of_schema

KEY = KeyRecord("key_1", "ci", "pm_ab12...wxyz", bytes(32), "0123abcd", 1_763_000_000_000)
REVISION = NewRevision("ada", "", 1, "0123456789ab", "start", "{}", "{}", "production")
OF_0001 = {
    "usage": [
        (
            *(1, "req_1", 5, "writer", "gpt-4o", "openai", "gpt-4o-1", "key_1", "0123456789ab", 200, "", 0, 1),
            *(10, 20, None, None, 123_456, "actual", 250_000, None, '["a"]'),
        )
    ],
    "usage_totals": [("writer", 1, 10, 20, 123_456, 0, 250_000)],
    "usage_endings": [("writer", "", 1)],
    "usage_latencies": [("writer", 250, 1)],
    "virtual_keys": [("key_1", "ci", "pm_ab12...wxyz", bytes(32), "0123abcd", 1_763_000_000_000, None)],
}

TABLES = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database in which nobody was yet."""
    with new_database(is_empty=True) if request.param == "postgresql" else new_store("sqlite") as url:
        yield url


def test_a_new_database_has_the_schema_of_the_tables(empty_url: str) -> None:
    asyncio.run(_open_and_close(empty_url))
    compare_with_tables(empty_url)


def test_a_database_of_the_first_schema_keeps_all_that_it_has(empty_url: str) -> None:
    create_of_schema(empty_url, "0001")
    _insert_rows(empty_url)
    asyncio.run(_use_all_of_it(empty_url))
    for table, rows in OF_0001.items():
        # Columns that came later stand behind those.
        assert [row[: len(rows[0])] for row in read_stored(empty_url, f"SELECT * FROM {table}")] == rows
    booked = read_stored(empty_url, "SELECT request_id, attempt, kind, cost_nusd, status FROM ledger")
    assert booked == [("req_1", 1, "charge", 123_456, "actual")]
    if find_file(empty_url):
        assert read_stored(empty_url, "PRAGMA integrity_check") == [("ok",)]
    compare_with_tables(empty_url)


@pytest.mark.parametrize("revision", known_revisions())
def test_what_the_tables_say_is_what_an_upgraded_database_has(empty_url: str, revision: str) -> None:
    create_of_schema(empty_url, revision)
    asyncio.run(_open_and_close(empty_url))
    compare_with_tables(empty_url)
    if file := find_file(empty_url):
        assert file.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_is_interrupted_leaves_the_old_schema_whole(empty_url: str) -> None:
    create_of_schema(empty_url, "0001")
    _insert_rows(empty_url)
    # A table that the upgrade makes late is there already, so it fails near its end.
    change_stored(empty_url, "CREATE TABLE ledger (seq INTEGER)")
    with pytest.raises(Exception, match=r"table ledger already exists|DuplicateTable"):
        asyncio.run(_open_and_close(empty_url))
    assert read_stored(empty_url, "SELECT version_num FROM alembic_version") == [("0001",)]
    tables = TABLES["sqlite" if find_file(empty_url) else "postgresql"]
    assert {name for (name,) in read_stored(empty_url, tables)} == {*OF_0001, "alembic_version", "ledger"}
    change_stored(empty_url, "DROP TABLE ledger")
    asyncio.run(_use_all_of_it(empty_url))


def _insert_rows(url: str) -> None:
    for table, rows in OF_0001.items():
        insert_stored(url, table, rows)


async def _open_and_close(url: str) -> None:
    await (await open_database(url)).close()


async def _use_all_of_it(url: str) -> None:
    database = await open_database(url)
    try:
        assert await VirtualKeys(database).list_live() == [KEY]
        made = await ConfigurationStore(database).commit(None, REVISION)
        assert await ConfigurationStore(database).newest() == made
    finally:
        await database.close()
