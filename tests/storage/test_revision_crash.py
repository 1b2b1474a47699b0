"""`kill -9` at any moment leaves whole revisions without a gap, and for each of them one row of the audit."""

import asyncio
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from random import Random
from subprocess import PIPE

from pointsman.storage.database import open_database
from storage.committing_child import KEPT, write_document

TESTS = Path(__file__).parents[1]
STEPS = 36
"""In the database: opening it and reading takes 7 of them, a revision with an override and pruning 23 at most."""
KILLS_AT_RANDOM = 5
CHILD = [sys.executable, "-m", "storage.committing_child"]


def test_whatever_step_a_process_is_killed_before_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.db"
    asyncio.run(_create(path))
    newest = 0
    with subprocess.Popen([*CHILD, "fork", str(path)], cwd=TESTS, stdin=PIPE, stdout=PIPE, text=True) as child:
        for step in [STEPS, *range(1, STEPS)]:
            reported = _kill_before(child, step)
            newest = _check(path, after=reported or newest)
        child.communicate()
    assert newest > STEPS / 2


def test_a_process_that_is_killed_from_outside_leaves_the_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.db"
    asyncio.run(_create(path))
    dice = Random(7)
    newest = 0
    for _ in range(KILLS_AT_RANDOM):
        reported = _start_and_kill(path, STEPS + dice.randint(1, 100))
        assert reported > newest
        newest = _check(path, after=reported)


async def _create(path: Path) -> None:
    await (await open_database(f"sqlite:///{path}")).close()


def _kill_before(child: "subprocess.Popen[str]", step: int) -> int | None:
    """The last revision that a process reported before it killed itself."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(f"{step}\n")
    child.stdin.flush()
    lines = list(iter(child.stdout.readline, "ended -9\n"))
    assert "" not in lines
    return int(lines[-1]) if lines else None


def _start_and_kill(path: Path, lines_before: int) -> int:
    """Kill a process after so many lines; the last revision that it reported."""
    with subprocess.Popen([*CHILD, str(path)], cwd=TESTS, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(lines_before)]
        child.kill()
        # What was in the pipe was reported too; the last line may be cut.
        lines += [line for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -9
    return int([line for line in lines if line != "step\n"][-1])


def _check(path: Path, after: int) -> int:
    """Look into the file without the product's code; answers the newest number, at most one more than reported."""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        newest = _check_revisions(connection)
        _check_audit(connection, newest)
        _check_overrides(connection)
    assert after <= newest <= after + 1
    return newest


def _check_revisions(connection: sqlite3.Connection) -> int:
    documents = dict(connection.execute("SELECT digest, content FROM configuration_documents"))
    texts = {digest: zlib.decompress(content) for digest, content in documents.items()}
    assert all(sha256(text).digest() == digest for digest, text in texts.items())
    revisions = connection.execute(
        "SELECT number, parent, file_digest, stored_digest FROM configuration_revisions ORDER BY number"
    ).fetchall()
    numbers = [number for number, *_ in revisions]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert len(numbers) >= min(KEPT, numbers[-1])
    for number, parent, file_digest, stored_digest in revisions:
        assert parent == (number - 1 or None)
        assert texts[file_digest].decode() == write_document(number // 3, "file")
        assert texts[stored_digest].decode() == write_document(number, "own")
    assert texts.keys() == {digest for _, _, *digests in revisions for digest in digests}
    return int(numbers[-1])


def _check_audit(connection: sqlite3.Connection, newest: int) -> None:
    commits = connection.execute("SELECT subject FROM audit WHERE action = 'revision.commit' ORDER BY seq").fetchall()
    assert commits == [(f"revision:{number}",) for number in range(1, newest + 1)]


def _check_overrides(connection: sqlite3.Connection) -> None:
    """Each comes with its row of the audit, and one at most has not ended."""
    rows = connection.execute("SELECT id, ended_at_ms FROM overrides ORDER BY seq").fetchall()
    additions = "SELECT details ->> 'id' FROM audit WHERE action = 'override.add' ORDER BY seq"
    assert [(override_id,) for override_id, _ in rows] == connection.execute(additions).fetchall()
    assert [ended for _, ended in rows] == [0] * (len(rows) - 1) + [None]
