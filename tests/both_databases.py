"""What is stored is tested on SQLite and on PostgreSQL: the fixture `database_url`, and a look past our own code."""

import asyncio
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from real_postgres import new_database, run_apart

DATABASES = ("sqlite", "postgresql")

SQLITE = "sqlite:///"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of the test's own: a file that is not there yet, then one of a server with the newest schema."""
    with new_store(request.param) as url:
        yield url


@contextmanager
def new_store(database: str) -> Iterator[str]:
    """The same for tests that need several, such as one per example."""
    if database == "postgresql":
        with new_database() as url:
            yield url
    else:
        with tempfile.TemporaryDirectory(prefix="pmdb-") as folder:
            yield f"{SQLITE}{Path(folder) / 'pointsman.db'}"


def find_file(url: str) -> Path | None:
    """The file of a SQLite database."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


def read_stored(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement that both understand, read without the product's code."""
    return [tuple(row.values()) for row in read_named(url, statement)]


def read_named(url: str, statement: str) -> list[dict[str, Any]]:
    """The same, by the names of the columns."""
    file = find_file(url)
    if file is None:
        return run_apart(_fetch(url, statement))
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement)]


def change_stored(url: str, *statements: str) -> None:
    """Run statements that both understand, all or none."""
    file = find_file(url)
    if file is None:
        run_apart(_execute(url, statements))
        return
    with closing(sqlite3.connect(file)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def insert_stored(url: str, table: str, rows: Iterable[Sequence[object]]) -> None:
    """Put rows into a table, all columns in order."""
    rows = list(rows)
    marks = range(1, len(rows[0]) + 1)
    file = find_file(url)
    if file is None:
        statement = f"INSERT INTO {table} VALUES ({', '.join(f'${mark}' for mark in marks)})"
        run_apart(_execute_many(url, statement, rows))
        return
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' for _ in marks)})", rows)


def dump(url: str, tables: Iterable[str]) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of some tables, sorted."""
    return {table: sorted(read_stored(url, f"SELECT * FROM {table}"), key=repr) for table in tables}


async def _fetch(url: str, statement: str) -> list[dict[str, Any]]:
    connection = await _connect(url)
    try:
        return [dict(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def _execute(url: str, statements: Sequence[str]) -> None:
    connection = await _connect(url)
    try:
        async with connection.transaction():
            for statement in statements:
                await connection.execute(statement)
    finally:
        await connection.close()


async def _execute_many(url: str, statement: str, rows: Sequence[Sequence[object]]) -> None:
    connection = await _connect(url)
    try:
        await connection.executemany(statement, rows)
    finally:
        await connection.close()


async def _connect(url: str) -> Any:
    import asyncpg  # type: ignore[import-untyped]

    async with asyncio.timeout(30):
        return await asyncpg.connect(url)
