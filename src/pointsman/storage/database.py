"""One open database: reads and writes are transactions, and one that writes holds the write lock from its start."""

import asyncio
import os
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from pointsman.storage.connections import begin_transaction, prepare_connection
from pointsman.storage.schema import UnusableDatabase, is_current, upgrade_database


class Database:
    """A database whose schema is current."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._reading = engine
        # A transaction that reads first and writes later would fail, not wait, when another one writes in between.
        self._writing = engine.execution_options(begin="BEGIN IMMEDIATE")

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that sees one state of the database from start to end."""
        return self._reading.begin()

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that commits when its block ends, and rolls back when the block raises."""
        return self._writing.begin()

    async def close(self) -> None:
        """Close every connection; the last one folds SQLite's write-ahead log into the file."""
        await self._reading.dispose()


async def open_database(url: str) -> Database:
    """Open the database, create it if there is none, and bring its schema up to date.

    Args:
        url: such as `sqlite:////var/lib/pointsman/pointsman.db`; the directory must exist.

    Raises:
        UnusableDatabase: when the URL names no SQLite file, when the file cannot be opened or is not a database.
        NewerSchema: when a newer Pointsman wrote it.
    """
    location = _parse_url(url)
    engine = create_async_engine(location, pool_size=2, max_overflow=2)
    event.listen(engine.sync_engine, "connect", prepare_connection)
    event.listen(engine.sync_engine, "begin", begin_transaction)
    try:
        _create_private_file(Path(str(location.database)))
        async with engine.begin() as connection:
            current = await connection.run_sync(is_current)
        if not current:
            await asyncio.to_thread(upgrade_database, location)
    except (OSError, DBAPIError) as error:
        await engine.dispose()
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise UnusableDatabase(f'cannot use the database "{location.database}": {reason}') from error
    except UnusableDatabase:
        await engine.dispose()
        raise
    return Database(engine)


def _parse_url(url: str) -> URL:
    try:
        location = make_url(url)
    except ArgumentError:
        location = URL.create("unreadable")
    if location.get_backend_name() != "sqlite" or location.database in (None, "", ":memory:"):
        # The URL itself stays out of the message: it may hold a password.
        raise UnusableDatabase("the database URL must name a SQLite file, such as sqlite:////path/to/pointsman.db")
    return location.set(drivername="sqlite+aiosqlite")


def _create_private_file(path: Path) -> None:
    # SQLite gives its -wal and -shm files the mode of the database file.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
