"""How connections to PostgreSQL are made and kept: each is looked at before it is used, and grows old in time."""

from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from pointsman.storage.postgres_address import PostgresAddress
from pointsman.storage.schema import UnusableDatabase

CONNECT_S = 5.0
STATEMENT_S = 5.0
BATCHES_S = 30.0
OLDEST_S = 1_800
"""Of a connection: after it another one is made, which finds the servers of a cluster as they are then."""

WRONG_ENCODING = "make it anew with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What connections are for.

    Attributes:
        deadline_s: of a statement, and of waiting for a lock.
        kept: connections that stay open.
        most: connections in all.
    """

    deadline_s: float
    kept: int
    most: int


WRITING = Purpose(STATEMENT_S, kept=2, most=8)
"""Reading too, which says so for each of its transactions."""

BATCHES = Purpose(BATCHES_S, kept=2, most=4)


def build_engine(address: PostgresAddress, purpose: Purpose) -> AsyncEngine:
    """An engine that connects when it must; it belongs to the loop that uses it first.

    Raises:
        UnusableDatabase: when the driver is missing.
    """
    try:
        import asyncpg  # type: ignore[import-untyped]  # it ships none
    except ImportError:
        raise UnusableDatabase(
            "storage.url names PostgreSQL, and its driver is not installed: pip install pointsman[postgres]"
        ) from None
    deadline_ms = str(round(purpose.deadline_s * 1_000))
    settings = {
        "application_name": "pointsman",
        "statement_timeout": deadline_ms,
        "lock_timeout": deadline_ms,
        "idle_in_transaction_session_timeout": str(round(BATCHES_S * 1_000)),
    }

    async def connect() -> object:
        return await asyncpg.connect(
            address.url, password=address.password, timeout=CONNECT_S, server_settings=settings
        )

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=purpose.kept,
        max_overflow=purpose.most - purpose.kept,
        pool_timeout=CONNECT_S,
        pool_pre_ping=True,
        pool_recycle=OLDEST_S,
        # Errors repeat the values of a statement otherwise, and logs must not hold them.
        hide_parameters=True,
    )


def check_server(connection: Connection) -> None:
    """Refuse a database that would lose characters.

    Raises:
        UnusableDatabase: when it does not keep UTF-8.
    """
    encoding: str | None = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        message = f"the database has the encoding {encoding}, which cannot keep all texts; {WRONG_ENCODING}"
        raise UnusableDatabase(message)


def lift_deadlines(connection: Connection) -> None:
    """Let the statements of this transaction take longer: who runs them has a deadline for all of them."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
