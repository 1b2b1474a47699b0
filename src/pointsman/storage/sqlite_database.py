"""SQLite: one file, one process; a transaction that writes holds the write lock from its start."""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from pointsman.storage.connections import begin_transaction, prepare_connection
from pointsman.storage.schema import UnusableDatabase, is_current, upgrade_database

_WRITING = "BEGIN IMMEDIATE"


class SqliteDatabase:
    """The port `Database` over a file."""

    dialect: Literal["sqlite"] = "sqlite"

    def __init__(self, engine: AsyncEngine, thread_engine: Engine) -> None:
        self._reading = engine
        # A transaction that reads first and writes later would fail, not wait, when another one writes in between.
        self._writing = engine.execution_options(begin=_WRITING)
        self._thread_engine = thread_engine.execution_options(begin=_WRITING)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    def read(self, *, is_patient: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that sees one state of the file; reading has no deadline here, as it hinders nobody."""
        return self._reading.begin()

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that commits when its block ends, and rolls back when the block raises."""
        return self._writing.begin()

    async def write_in_thread(self, work: Callable[[Connection], None], *, is_batch: bool = False) -> None:
        """Do all the work of one transaction in the database's own thread, for whoever writes often.

        One switch of threads for the transaction, where the other way costs one or two for each of its statements.
        """

        def transact() -> None:
            with self._thread_engine.begin() as connection:
                work(connection)

        await asyncio.get_running_loop().run_in_executor(self._thread, transact)

    async def close(self) -> None:
        """Close every connection; the last one folds SQLite's write-ahead log into the file."""
        await asyncio.to_thread(self._thread.shutdown)
        self._thread_engine.dispose()
        await self._reading.dispose()


def is_sqlite_file(url: str) -> bool:
    """Whether a URL names a file of SQLite's."""
    try:
        location = make_url(url)
    except ArgumentError:
        return False
    return location.get_backend_name() == "sqlite" and location.database not in (None, "", ":memory:")


async def open_sqlite(url: str) -> SqliteDatabase:
    """Open the file, create it if there is none, and bring its schema up to date.

    Raises:
        UnusableDatabase: when the file cannot be opened or is not a database.
        NewerSchema: when a newer Pointsman wrote it.
    """
    location = make_url(url).set(drivername="sqlite+aiosqlite")
    engine = create_async_engine(location, pool_size=2, max_overflow=2)
    thread_engine = create_engine(location.set(drivername="sqlite"), pool_size=1, max_overflow=0)
    for each in (engine.sync_engine, thread_engine):
        event.listen(each, "connect", prepare_connection)
        event.listen(each, "begin", begin_transaction)
    try:
        await _prepare_file(location, engine)
    except (OSError, DBAPIError) as error:
        await engine.dispose()
        reason = error.orig if isinstance(error, DBAPIError) else error
        message = (
            f'cannot use the database "{location.database}": {reason}; restore a backup, or move it away to begin anew'
        )
        raise UnusableDatabase(message) from error
    except UnusableDatabase:
        await engine.dispose()
        raise
    return SqliteDatabase(engine, thread_engine)


async def _prepare_file(location: URL, engine: AsyncEngine) -> None:
    _create_private_file(Path(str(location.database)))
    async with engine.begin() as connection:
        current = await connection.run_sync(is_current)
    if not current:
        await asyncio.to_thread(upgrade_database, location)


def _create_private_file(path: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the database file.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
