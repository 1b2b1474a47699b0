"""Which schema the program knows and which one a database has; only a known one is ever written to."""

from pathlib import Path

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL

from pointsman.storage.connections import begin_transaction, prepare_connection

MIGRATIONS = Path(__file__).parent / "migrations"


class UnusableDatabase(Exception):
    """The database cannot be used as it is; the message says what to do."""


class NewerSchema(UnusableDatabase):
    """The database was written by a newer Pointsman than this one."""


def known_revisions() -> tuple[str, ...]:
    """The schema revisions of this program, oldest first: the numbers that open the names of the migration files."""
    return tuple(sorted(file.name[:4] for file in MIGRATIONS.glob("versions/[0-9][0-9][0-9][0-9]_*.py")))


def is_current(connection: Connection) -> bool:
    """Whether the database has the schema of this program.

    Raises:
        NewerSchema: when it has one that this program does not know.
    """
    stored = _stored_revision(connection)
    known = known_revisions()
    if stored is not None and stored not in known:
        raise NewerSchema(
            f'the database has schema "{stored}", this program knows up to "{known[-1]}":'
            " run the newer Pointsman that wrote it, or restore a backup made before that one ran"
        )
    return stored == known[-1]


def upgrade_database(url: URL) -> None:
    """Bring the schema of a file to the newest revision in one transaction; blocks, so call it from a thread.

    Raises:
        NewerSchema: when the database is ahead of this program.
    """
    engine = create_engine(url.set(drivername="sqlite"), execution_options={"begin": "BEGIN IMMEDIATE"})
    event.listen(engine, "connect", prepare_connection)
    event.listen(engine, "begin", begin_transaction)
    try:
        with engine.begin() as connection:
            # Another process may have upgraded while this one waited for the lock.
            if not is_current(connection):
                migrate(connection)
    finally:
        engine.dispose()


def migrate(connection: Connection) -> None:
    """Run what is missing up to the newest revision, in the transaction of the connection; hold the schema first."""
    # Alembic takes a quarter of a second to import, and a start on a current database needs none of it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _stored_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
