"""Databases of earlier schemas, and whether one has what the tables say."""

import asyncio
import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import TypeVar

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.ext.asyncio import create_async_engine

from both_databases import find_file
from pointsman import storage
from pointsman.storage.connections import begin_transaction, prepare_connection
from pointsman.storage.schema import MIGRATIONS
from pointsman.storage.tables import metadata

T = TypeVar("T")


def create_of_schema(url: str, revision: str) -> None:
    """Bring an empty database to a schema."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    _transact(url, upgrade)


def compare_with_tables(url: str) -> None:
    """Fail where the database has anything else than the tables of all modules say."""
    for module in pkgutil.iter_modules(storage.__path__, "pointsman.storage."):
        import_module(module.name)
    differences = _transact(url, lambda connection: compare_metadata(MigrationContext.configure(connection), metadata))
    assert differences == []


def _transact(url: str, work: Callable[[Connection], T]) -> T:
    file = find_file(url)
    if file is None:
        return asyncio.run(_transact_on_server(url, work))
    file.touch(0o600)
    engine = create_engine(url, execution_options={"begin": "BEGIN IMMEDIATE"})
    event.listen(engine, "connect", prepare_connection)
    event.listen(engine, "begin", begin_transaction)
    try:
        with engine.begin() as connection:
            return work(connection)
    finally:
        engine.dispose()


async def _transact_on_server(url: str, work: Callable[[Connection], T]) -> T:
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.begin() as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()
