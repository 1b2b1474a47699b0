"""How every connection to SQLite is set up, and how its transactions begin."""

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection

BUSY_TIMEOUT_MS = 5_000


def prepare_connection(connection: DBAPIConnection, _record: object) -> None:
    """Set what SQLite forgets between connections; a listener of SQLAlchemy's `connect`.

    In WAL mode with `synchronous=NORMAL`, what was committed survives a crash of the process; a crash of the
    machine may take the last commits with it and leaves the file sound.
    """
    # The driver would otherwise begin transactions by itself, never before DDL, and never IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_transaction(connection: Connection) -> None:
    """Begin as the engine's execution option `begin` says; a listener of SQLAlchemy's `begin`."""
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))
