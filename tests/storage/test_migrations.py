"""A database of any earlier schema is brought up to date with all that is in it; a new one has everything at once."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, event

from pointsman.core.ports import KeyRecord, NewRevision
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.connections import begin_transaction, prepare_connection
from pointsman.storage.database import open_database
from pointsman.storage.schema import MIGRATIONS
from pointsman.storage.tables import metadata
from pointsman.storage.virtual_keys import VirtualKeys

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

SINCE_THEN = {"usage": ("", "", "", "", None), "virtual_keys": (None,)}
"""What the columns hold that were added later."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pointsman.db"


def test_a_database_of_the_first_schema_keeps_all_that_it_has(path: Path) -> None:
    _create_of_schema(path, "0001")
    _insert_rows(path)
    asyncio.run(_use_all_of_it(path))
    with closing(sqlite3.connect(path)) as connection:
        for table, rows in OF_0001.items():
            kept = [(*row, *SINCE_THEN.get(table, ())) for row in rows]
            assert connection.execute(f"SELECT * FROM {table}").fetchall() == kept
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    _compare_with_tables(path)


def test_what_the_tables_say_is_what_an_upgraded_database_has(path: Path) -> None:
    _create_of_schema(path, "0001")
    asyncio.run(_open_and_close(path))
    _compare_with_tables(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_upgrade_that_is_interrupted_leaves_the_old_schema_whole(path: Path) -> None:
    _create_of_schema(path, "0001")
    _insert_rows(path)
    with closing(sqlite3.connect(path)) as connection:
        # The last table that the upgrade makes is there already, so it fails at its end.
        connection.execute("CREATE TABLE audit (seq INTEGER)")
    with pytest.raises(Exception, match="table audit already exists"):
        asyncio.run(_open_and_close(path))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        assert tables == {*OF_0001, "alembic_version", "audit"}
        connection.execute("DROP TABLE audit")
    asyncio.run(_use_all_of_it(path))


def _create_of_schema(path: Path, revision: str) -> None:
    path.touch(0o600)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{path}", execution_options={"begin": "BEGIN IMMEDIATE"})
    event.listen(engine, "connect", prepare_connection)
    event.listen(engine, "begin", begin_transaction)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def _insert_rows(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        for table, rows in OF_0001.items():
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)


async def _open_and_close(path: Path) -> None:
    await (await open_database(f"sqlite:///{path}")).close()


async def _use_all_of_it(path: Path) -> None:
    database = await open_database(f"sqlite:///{path}")
    try:
        assert await VirtualKeys(database).list_live() == [KEY]
        made = await ConfigurationStore(database).commit(None, REVISION)
        assert await ConfigurationStore(database).newest() == made
    finally:
        await database.close()


def _compare_with_tables(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()
