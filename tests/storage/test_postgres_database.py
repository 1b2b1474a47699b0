"""PostgreSQL opens once for many replicas, says why it does not, and is used again when it comes back."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from both_databases import read_stored
from pointsman.storage import postgres_database
from pointsman.storage.database import Database, open_database
from pointsman.storage.locks import take_lock
from pointsman.storage.postgres_faults import DatabaseUnavailable
from pointsman.storage.schema import NewerSchema, UnusableDatabase, known_revisions
from pointsman.storage.tables import usage_endings
from real_postgres import PostgresServer, find_free_port, start_server, use_server
from storage.schemas import compare_with_tables

REPLICAS = 4

OPEN = """
import asyncio, sys
from pointsman.storage.database import open_database

async def main():
    sys.stdin.readline()
    await (await open_database(sys.argv[1])).close()

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    with start_server() as server:
        server.execute("postgres", "CREATE DATABASE own")
        yield server


def test_replicas_that_start_together_on_an_empty_database_make_one_schema(empty_postgres_url: str) -> None:
    command = [sys.executable, "-c", OPEN, empty_postgres_url]
    replicas = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(REPLICAS)
    ]
    for replica in replicas:
        assert replica.stdin is not None
        replica.stdin.write("go\n")
        replica.stdin.flush()
    said = [replica.communicate(timeout=60)[1] for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0] * REPLICAS, said
    assert read_stored(empty_postgres_url, "SELECT version_num FROM alembic_version") == [(known_revisions()[-1],)]
    compare_with_tables(empty_postgres_url)


def test_what_reads_sees_one_state_and_changes_nothing(postgres_url: str) -> None:
    async def look(database: Database) -> None:
        async with database.read() as reading:
            assert await reading.scalar(select(func.count()).select_from(usage_endings)) == 0
            async with database.write() as writing:
                await writing.execute(usage_endings.insert().values(agent="a", failure="", requests=1))
            assert await reading.scalar(select(func.count()).select_from(usage_endings)) == 0
            with pytest.raises(DBAPIError, match="read-only transaction"):
                await reading.execute(usage_endings.delete())
        async with database.read(is_patient=True) as reading:
            assert await reading.scalar(select(func.count()).select_from(usage_endings)) == 1

    _use(postgres_url, look)


def test_a_newer_schema_is_refused_and_left_alone(postgres_url: str) -> None:
    async def change(database: Database) -> None:
        async with database.write() as connection:
            await connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    _use(postgres_url, change)
    with pytest.raises(NewerSchema, match=r'schema "9999".*run the newer Pointsman'):
        asyncio.run(open_database(postgres_url))
    assert read_stored(postgres_url, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_two_that_wait_for_one_another_both_get_their_turn(postgres_url: str) -> None:
    """The server ends one of the two, which then is done again."""
    tries: list[str] = []

    async def cross(database: Database) -> None:
        async with database.write() as connection:
            values = [{"agent": agent, "failure": "", "requests": 0} for agent in ("a", "b")]
            await connection.execute(usage_endings.insert(), values)
        other = await open_database(postgres_url)
        try:
            await asyncio.gather(
                database.write_in_thread(lambda connection: _add_in_order(connection, "ab")),
                other.write_in_thread(lambda connection: _add_in_order(connection, "ba")),
            )
        finally:
            await other.close()

    def _add_in_order(connection: Connection, agents: str) -> None:
        tries.append(agents)
        for agent in agents:
            row = usage_endings.update().where(usage_endings.c.agent == agent)
            connection.execute(row.values(requests=usage_endings.c.requests + 1))
            connection.exec_driver_sql("SELECT pg_sleep(0.2)")

    _use(postgres_url, cross)
    assert len(tries) == 3
    assert read_stored(postgres_url, "SELECT agent, requests FROM usage_endings ORDER BY 1") == [("a", 2), ("b", 2)]


def test_one_transaction_at_a_time_holds_a_resource(postgres_url: str) -> None:
    seen: list[int] = []

    def count_up(connection: Connection) -> None:
        take_lock(connection, "overrides")
        found = connection.scalar(select(func.count()).select_from(usage_endings)) or 0
        connection.execute(usage_endings.insert().values(agent=str(found), failure="", requests=1))
        seen.append(found)

    async def race(database: Database) -> None:
        others = [await open_database(postgres_url) for _ in range(3)]
        await asyncio.gather(*(each.write_in_thread(count_up) for each in (database, *others) for _ in range(5)))
        for other in others:
            await other.close()

    _use(postgres_url, race)
    assert sorted(seen) == list(range(20)), "each has seen what all before it have written"


SECRET = "hunter2-and-more"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere", "the server has no such database; make it with CREATE DATABASE"),
        ("", "names no database; write it as postgresql://user@host:5432/pointsman"),
        ("as_migrated?sslmode=require", "look into the log|the driver|cannot be reached"),
        ("as_migrated?sslmode=sometimes", "the driver of PostgreSQL cannot use storage.url"),
    ],
)
def test_what_cannot_be_used_says_what_to_do_and_no_password(path: str, message: str) -> None:
    url = use_server().url("").replace("@", f":{SECRET}@") + path
    with pytest.raises(UnusableDatabase, match=message) as refusal:
        asyncio.run(open_database(url, f"{SECRET}-too"))
    assert "hunter2" not in f"{refusal.value}{refusal.value.__cause__}"


def test_a_server_that_is_not_there_says_where_it_was_looked_for() -> None:
    port = find_free_port()
    with pytest.raises(UnusableDatabase, match=rf"127\.0\.0\.1:{port}/own cannot be reached.*start the server"):
        asyncio.run(open_database(f"postgresql://ada:{SECRET}@127.0.0.1:{port}/own"))


def test_a_wrong_password_is_told_and_not_shown() -> None:
    with start_server(password_encryption="scram-sha-256") as server:
        server.execute("postgres", f"CREATE ROLE ada LOGIN PASSWORD '{SECRET}'")
        server.execute("postgres", "CREATE DATABASE own OWNER ada")
        rules = server.folder / "data" / "pg_hba.conf"
        rules.write_text("host all ada 127.0.0.1/32 scram-sha-256\n" + rules.read_text())
        server.execute("postgres", "SELECT pg_reload_conf()")
        url = server.url("own").replace("pointsman@", "ada@")
        asyncio.run(_open_and_close(url, SECRET))
        asyncio.run(_open_and_close(url.replace("ada@", f"ada:{SECRET}@")))
        with pytest.raises(UnusableDatabase, match="the server refuses the password") as refusal:
            asyncio.run(open_database(url, "hunter3"))
        assert "hunter" not in str(refusal.value)


def test_an_encoding_that_loses_characters_is_refused() -> None:
    server = use_server()
    server.execute("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(UnusableDatabase, match=r"LATIN1.*make it anew with CREATE DATABASE"):
            asyncio.run(open_database(server.url("latin")))
    finally:
        server.drop_database("latin")


def test_a_missing_driver_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "asyncpg.py").write_text("raise ImportError\n")
    environ = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", OPEN, "postgresql://127.0.0.1/own"]
    answer = subprocess.run(command, env=environ, input="go\n", capture_output=True, text=True, timeout=60, check=False)
    assert "pip install pointsman[postgres]" in answer.stderr.splitlines()[-1]


def test_a_server_that_comes_back_is_used_again(server: PostgresServer) -> None:
    async def go_through(database: Database) -> None:
        assert await _count(database) == 0
        await database.write_in_thread(_add_one)
        server.stop()
        with pytest.raises(DatabaseUnavailable, match="start the server"):
            await _count(database)
        with pytest.raises(DatabaseUnavailable, match="start the server"):
            await database.write_in_thread(_add_one)
        server.start()
        assert await _count(database) == 1
        server.kill()
        server.start()
        await database.write_in_thread(_add_one)
        assert await _count(database) == 2

    _use(server.url("own"), go_through)


def test_a_transaction_that_loses_its_server_says_so(server: PostgresServer) -> None:
    async def lose(database: Database) -> None:
        with pytest.raises(DatabaseUnavailable, match="PostgreSQL at"):
            async with database.read() as connection:
                await connection.scalar(select(func.count()).select_from(usage_endings))
                server.kill()
                await connection.scalar(select(func.count()).select_from(usage_endings))

    _use(server.url("own"), lose)


def test_a_server_that_hangs_is_not_waited_for_longer_than_the_deadline(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def wait(database: Database) -> None:
        await _count(database)
        await database.write_in_thread(_add_one)
        monkeypatch.setattr(postgres_database, "SHORT_S", 0.2)
        paused = _list_processes(server)
        for process in paused:
            os.kill(process, signal.SIGSTOP)
        try:
            with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
                await _count(database)
            with pytest.raises(DatabaseUnavailable, match="did not answer in time"):
                await database.write_in_thread(_add_one)
        finally:
            for process in paused:
                os.kill(process, signal.SIGCONT)
        monkeypatch.undo()
        assert await _count(database) == 1

    _use(server.url("own"), wait)


def _list_processes(server: PostgresServer) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [line.split() for line in listed.splitlines()]
    return [server.pid, *(int(process) for process, parent in pairs if parent == str(server.pid))]


def _add_one(connection: Connection) -> None:
    found = connection.scalar(select(func.count()).select_from(usage_endings))
    connection.execute(usage_endings.insert().values(agent=str(found), failure="", requests=1))


async def _count(database: Database) -> int:
    async with database.read() as connection:
        return await connection.scalar(select(func.count()).select_from(usage_endings)) or 0


async def _open_and_close(url: str, password: str | None = None) -> None:
    await (await open_database(url, password)).close()


def _use(url: str, work: Callable[[Database], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            await work(database)
        finally:
            await database.close()

    asyncio.run(run())
