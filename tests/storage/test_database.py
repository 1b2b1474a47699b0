"""A database opens quickly, privately, at the right schema, or says why it does not."""

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from both_databases import read_stored
from pointsman.storage.database import open_database
from pointsman.storage.schema import MIGRATIONS, NewerSchema, UnusableDatabase, known_revisions


async def _open_and_close(path: Path) -> None:
    await (await open_database(f"sqlite:///{path}")).close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pointsman.db"


def test_a_new_file_is_private_and_written_ahead(path: Path) -> None:
    asyncio.run(_open_and_close(path))
    assert path.stat().st_mode & 0o777 == 0o600
    assert _execute(path, "PRAGMA journal_mode") == [("wal",)]


def test_the_names_of_the_files_give_the_revisions_that_alembic_knows() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert known_revisions()[-1] == script.get_current_head()
    assert set(known_revisions()) == {revision.revision for revision in script.walk_revisions()}


def test_a_second_start_needs_no_migration_tool(path: Path) -> None:
    asyncio.run(_open_and_close(path))
    program = (
        "import asyncio, sys; from pointsman.storage.database import open_database\n"
        f"async def main(): await (await open_database('sqlite:///{path}')).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert answer.stdout.strip() == "False"


def test_two_starts_at_once_create_one_database(path: Path) -> None:
    async def open_both() -> None:
        await asyncio.gather(_open_and_close(path), _open_and_close(path))

    asyncio.run(open_both())
    assert sqlite3.connect(path).execute("SELECT version_num FROM alembic_version").fetchall() == [
        (known_revisions()[-1],)
    ]


def test_a_newer_schema_is_refused_and_left_alone(path: Path) -> None:
    asyncio.run(_open_and_close(path))
    _execute(path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NewerSchema, match=r'schema "9999".*run the newer Pointsman'):
        asyncio.run(_open_and_close(path))
    assert _execute(path, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_text("providers: {}\n" * 100)
    with pytest.raises(UnusableDatabase, match="file is not a database"):
        asyncio.run(_open_and_close(path))


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableDatabase, match="No such file or directory"):
        asyncio.run(_open_and_close(tmp_path / "missing" / "pointsman.db"))


@pytest.mark.parametrize("url", ["mysql://u:hunter2@host/db", "sqlite://", "sqlite:///:memory:", "hunter2", ""])
def test_a_url_that_names_no_database_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(UnusableDatabase, match=r"must name a SQLite file.*or a database of PostgreSQL") as refusal:
        asyncio.run(open_database(url))
    assert "hunter2" not in str(refusal.value)


def test_a_transaction_that_raises_leaves_nothing(database_url: str) -> None:
    async def fail_in_the_middle() -> None:
        database = await open_database(database_url)
        try:
            async with database.write() as connection:
                await connection.exec_driver_sql("INSERT INTO usage_endings VALUES ('a', '', 1)")
                raise LookupError
        finally:
            await database.close()

    with pytest.raises(LookupError):
        asyncio.run(fail_in_the_middle())
    assert read_stored(database_url, "SELECT count(*) FROM usage_endings") == [(0,)]


def test_work_that_raises_in_the_thread_leaves_nothing_and_is_heard_of(database_url: str) -> None:
    def fail(connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO usage_endings VALUES ('a', '', 1)")
        raise LookupError

    async def fail_in_thread() -> None:
        database = await open_database(database_url)
        try:
            with pytest.raises(LookupError):
                await database.write_in_thread(fail)
            await database.write_in_thread(lambda connection: None)
        finally:
            await database.close()

    asyncio.run(fail_in_thread())
    assert read_stored(database_url, "SELECT count(*) FROM usage_endings") == [(0,)]


def _execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path)
    try:
        with connection:
            return connection.execute(statement).fetchall()
    finally:
        connection.close()
