"""PostgreSQL: reads see one state, writes retry what the server asks to be done again, and all has a deadline."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Literal

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from pointsman.storage.locks import take_lock
from pointsman.storage.loop_thread import LoopThread
from pointsman.storage.postgres_address import PostgresAddress
from pointsman.storage.postgres_connections import (
    BATCHES,
    BATCHES_S,
    CONNECT_S,
    WRITING,
    build_engine,
    check_server,
    lift_deadlines,
)
from pointsman.storage.postgres_faults import TO_DO_AGAIN, DatabaseUnavailable, explain, find_code, is_passing
from pointsman.storage.schema import UnusableDatabase, is_current, migrate

MOST_ATTEMPTS = 4
"""Of a transaction that the server asks to be done again."""

LONGEST_FIRST_PAUSE_S = 0.05
"""Before the second attempt; at most twice as long before each further one."""

SHORT_S = CONNECT_S + 10.0
"""For a transaction that somebody waits for, its connecting included; each statement has a deadline of its own."""

PATIENT_S = 120.0
CLOSE_S = 5.0
MIGRATION_S = 3_600.0
"""Of millions of rows; another replica may wait as long for this one."""

_FAILURES = (OSError, DBAPIError, PoolTimeout, InvalidRequestError)


class PostgresDatabase:
    """The port `Database` over a server.

    Args:
        address: where it is.
        thread: where batches are put together and sent, so that this does not hold up the requests.
    """

    dialect: Literal["postgresql"] = "postgresql"

    def __init__(self, address: PostgresAddress, thread: LoopThread) -> None:
        self._address = address
        self._thread = thread
        self._engine = build_engine(address, WRITING)
        self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._thread_engine = build_engine(address, BATCHES)

    @asynccontextmanager
    async def read(self, *, is_patient: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database from start to end, and may change nothing."""
        async with self._begin(self._reading, PATIENT_S if is_patient else SHORT_S) as connection:
            if is_patient:
                await connection.run_sync(lift_deadlines)
            yield connection

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that commits when its block ends, and rolls back when the block raises.

        It is not done again when the server asks for that; with one statement, or a lock taken first, it never does.
        """
        return self._begin(self._engine, SHORT_S)

    async def write_in_thread(self, work: Callable[[Connection], None], *, is_batch: bool = False) -> None:
        """Do all the work of one transaction in the database's own thread; again, where the server asks for that."""
        await self._thread.run(self._transact(work, BATCHES_S if is_batch else SHORT_S))

    async def close(self) -> None:
        """Close every connection; a server that does not answer its goodbye is left alone."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._engine.dispose()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._thread.run(self._thread_engine.dispose())
        await asyncio.to_thread(self._thread.close)

    async def prepare(self) -> None:
        """Bring the schema up to date; of replicas that start together one does, and the others wait.

        Raises:
            UnusableDatabase: when the server cannot be used as it is.
            NewerSchema: when a newer Pointsman wrote the database.
        """
        try:
            await self._thread.run(self._prepare())
        except _FAILURES as error:
            raise UnusableDatabase(explain(self._address, error)) from error
        except DatabaseUnavailable as unavailable:
            raise UnusableDatabase(str(unavailable)) from unavailable
        except ValueError as error:
            # Its text may repeat what was written, so it stays out.
            raise UnusableDatabase(explain(self._address, error)) from None

    async def _prepare(self) -> None:
        async with self._begin(self._thread_engine, SHORT_S) as connection:
            await connection.run_sync(check_server)
            current = await connection.run_sync(is_current)
        if not current:
            async with self._begin(self._thread_engine, MIGRATION_S) as connection:
                await connection.run_sync(_upgrade)

    @asynccontextmanager
    async def _begin(self, engine: AsyncEngine, seconds: float) -> AsyncIterator[AsyncConnection]:
        try:
            # Beside the server's deadlines: a server that is cut off ends nothing.
            async with asyncio.timeout(seconds), engine.begin() as connection:
                yield connection
        except _FAILURES as error:
            if is_passing(error) and find_code(error) not in TO_DO_AGAIN:
                raise DatabaseUnavailable(explain(self._address, error)) from error
            raise

    async def _transact(self, work: Callable[[Connection], None], seconds: float) -> None:
        pause_s = LONGEST_FIRST_PAUSE_S
        for attempts_left in reversed(range(MOST_ATTEMPTS)):
            try:
                async with self._begin(self._thread_engine, seconds) as connection:
                    await connection.run_sync(work)
                return
            except DBAPIError as error:
                if find_code(error) not in TO_DO_AGAIN:
                    raise
                if not attempts_left:
                    raise DatabaseUnavailable(explain(self._address, error)) from error
            await asyncio.sleep(random.uniform(0, pause_s))
            pause_s *= 2


async def open_postgres(address: PostgresAddress) -> PostgresDatabase:
    """Connect, and bring the schema up to date.

    Raises:
        UnusableDatabase: when the driver is missing, or the server cannot be used as it is.
        NewerSchema: when a newer Pointsman wrote the database.
    """
    thread = LoopThread("database")
    try:
        database = PostgresDatabase(address, thread)
    except BaseException:
        thread.close()
        raise
    try:
        await database.prepare()
    except BaseException:
        await database.close()
        raise
    return database


def _upgrade(connection: Connection) -> None:
    lift_deadlines(connection)
    take_lock(connection, "schema")
    # Another replica may have upgraded while this one waited for the lock.
    if not is_current(connection):
        migrate(connection)
