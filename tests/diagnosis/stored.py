"""Real databases in every state that one can be found in."""

import asyncio
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pointsman.control.keys import KeyRing, load_or_create_pepper
from pointsman.storage.database import open_database
from pointsman.storage.virtual_keys import VirtualKeys

WRITER = """\
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA journal_mode = WAL")
connection.execute(
    "INSERT INTO audit (at_ms, author, action, subject, reason, details) VALUES (1, 'a', 'b', 'c', '', '{}')"
)
print("written", flush=True)
time.sleep(60)
"""


def make_database(home: Path, keys: int = 0) -> list[str]:
    """A database as a gateway leaves it, with a pepper and virtual keys of it."""

    async def make() -> list[str]:
        database = await open_database(f"sqlite:///{home / 'pointsman.db'}")
        ring = KeyRing(load_or_create_pepper(home / "pepper"), VirtualKeys(database))
        made = [(await ring.create(f"key {number}", 1)).key for number in range(keys)]
        await database.close()
        return made

    return asyncio.run(make())


def change(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "pointsman.db")) as connection:
        connection.execute(statement)
        connection.commit()


def damage(path: Path) -> None:
    """Overwrite everything behind the first page with noise."""
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(secrets.token_bytes(path.stat().st_size - 4_096))


@contextmanager
def run_writer(home: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Another process that has the database open, and has just written into its log."""
    command = [sys.executable, "-c", WRITER, str(home / "pointsman.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        try:
            yield process
        finally:
            process.kill()


def crash_writer(home: Path) -> None:
    """What a crash leaves behind: a log that is not folded in."""
    with run_writer(home):
        pass
    assert (home / "pointsman.db-wal").stat().st_size
