"""One open database, SQLite's or PostgreSQL's: stores do not know which, and every access is a transaction."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal, Protocol

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncConnection

from pointsman.storage.postgres_address import is_postgres, read_address
from pointsman.storage.schema import UnusableDatabase
from pointsman.storage.sqlite_database import is_sqlite_file, open_sqlite

Dialect = Literal["sqlite", "postgresql"]


class Database(Protocol):
    """A database whose schema is current."""

    @property
    def dialect(self) -> Dialect:
        """Which of the two it is, where statements differ."""

    def read(self, *, is_patient: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that sees one state of the database from start to end.

        Args:
            is_patient: whether many rows are to be gone through, so that a server may take longer for it.

        Raises:
            DatabaseUnavailable: when a server does not answer, at the start or in between.
        """

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that commits when its block ends, and rolls back when the block raises.

        In SQLite it is the only one that writes. In PostgreSQL others write, too: see `take_lock`.

        Raises:
            DatabaseUnavailable: when a server does not answer; the transaction may be committed nevertheless.
        """

    async def write_in_thread(self, work: Callable[[Connection], None], *, is_batch: bool = False) -> None:
        """Do all the work of one transaction in the database's own thread, for whoever writes much or often.

        Args:
            work: it is done again from its start when PostgreSQL asks for that, after a deadlock for instance.
            is_batch: whether nobody waits for it, so that a server may take longer for it.

        Raises:
            DatabaseUnavailable: when a server does not answer; the transaction may be committed nevertheless.
        """

    async def close(self) -> None:
        """Close every connection."""


async def open_database(url: str, password: str | None = None) -> Database:
    """Open the database, create a file if there is none, and bring the schema up to date.

    Args:
        url: such as `sqlite:////var/lib/pointsman/pointsman.db`, whose directory must exist, or
            `postgresql://user@host/database`, where the database must exist.
        password: for PostgreSQL, where neither the URL nor the environment holds it.

    Raises:
        UnusableDatabase: when the URL names nothing that can be opened and used; the message says what to do.
        NewerSchema: when a newer Pointsman wrote it.
    """
    if is_postgres(url):
        # Its driver is an extra, and a gateway on SQLite should not pay for the import.
        from pointsman.storage.postgres_database import open_postgres

        return await open_postgres(read_address(url, password))
    if is_sqlite_file(url):
        return await open_sqlite(url)
    # The URL itself stays out of the message: it may hold a password.
    raise UnusableDatabase(
        "the database URL must name a SQLite file, such as sqlite:////path/to/pointsman.db,"
        " or a database of PostgreSQL, such as postgresql://user@host/pointsman"
    )
