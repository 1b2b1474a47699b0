"""A server that is the tests' to stop, and two replicas on a database of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pointsman.storage.database import open_database
from real_postgres import TEMPLATE, PostgresServer, run_apart, start_server
from replicas.replicating import DOCUMENT, Replica, start_replicas


@pytest.fixture(scope="session")
def own_server() -> Iterator[PostgresServer]:
    """One that only these tests use, so that they may stop it, with a migrated database to copy."""
    with start_server() as server:
        server.execute("postgres", f"CREATE DATABASE {TEMPLATE}")

        async def migrate() -> None:
            await (await open_database(server.url(TEMPLATE))).close()

        run_apart(migrate())
        yield server


@pytest.fixture
def url(own_server: PostgresServer) -> Iterator[str]:
    """A database in which nobody was yet."""
    with new_database(own_server) as url:
        yield url


@pytest.fixture(scope="module")
def shared_url(own_server: PostgresServer) -> Iterator[str]:
    """The database of `pair`."""
    with new_database(own_server) as url:
        yield url


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory, shared_url: str) -> Iterator[list[Replica]]:
    """Two replicas with the same files, started at the same time; the tests of a module share them."""
    folder: Path = tmp_path_factory.mktemp("replicas")
    with start_replicas(folder, shared_url, DOCUMENT, DOCUMENT) as replicas:
        yield replicas


@contextmanager
def new_database(server: PostgresServer) -> Iterator[str]:
    name = server.create_database(TEMPLATE)
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)
