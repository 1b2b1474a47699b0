"""`kill -9` at any moment leaves whole revisions without a gap, and for each of them one row of the audit."""

import asyncio
import json
import subprocess
import sys
import zlib
from hashlib import sha256
from pathlib import Path
from random import Random
from subprocess import PIPE

from both_databases import find_file, read_stored
from pointsman.storage.database import open_database
from running import await_value
from storage.committing_child import KEPT, write_document

TESTS = Path(__file__).parents[1]
STEPS = {"sqlite": 36, "postgresql": 48}
"""In the database: opening it and reading takes some of them, a revision with an override and pruning the others."""
KILLS_AT_RANDOM = 5
CHILD = [sys.executable, "-m", "storage.committing_child"]


def test_whatever_step_a_process_is_killed_before_the_database_is_whole(database_url: str) -> None:
    asyncio.run(_create(database_url))
    newest, steps = 0, _count_steps(database_url)
    with subprocess.Popen([*CHILD, "fork", database_url], cwd=TESTS, stdin=PIPE, stdout=PIPE, text=True) as child:
        for step in [steps, *range(1, steps)]:
            reported = _kill_before(child, step)
            newest = _check(database_url, after=reported or newest)
        child.communicate()
    assert newest > steps / 2


def test_a_process_that_is_killed_from_outside_leaves_the_database_whole(database_url: str) -> None:
    asyncio.run(_create(database_url))
    dice = Random(7)
    newest = 0
    for _ in range(KILLS_AT_RANDOM):
        reported = _start_and_kill(database_url, _count_steps(database_url) + dice.randint(1, 100))
        assert reported > newest
        newest = _check(database_url, after=reported)


def _count_steps(url: str) -> int:
    return STEPS["sqlite" if find_file(url) else "postgresql"]


async def _create(url: str) -> None:
    await (await open_database(url)).close()


def _kill_before(child: "subprocess.Popen[str]", step: int) -> int | None:
    """The last revision that a process reported before it killed itself."""
    assert child.stdin is not None and child.stdout is not None
    child.stdin.write(f"{step}\n")
    child.stdin.flush()
    lines = list(iter(child.stdout.readline, "ended -9\n"))
    assert "" not in lines
    return int(lines[-1]) if lines else None


def _start_and_kill(url: str, lines_before: int) -> int:
    """Kill a process after so many lines; the last revision that it reported."""
    with subprocess.Popen([*CHILD, url], cwd=TESTS, stdout=PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(lines_before)]
        child.kill()
        # What was in the pipe was reported too; the last line may be cut.
        lines += [line for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -9
    return int([line for line in lines if line != "step\n"][-1])


def _check(url: str, after: int) -> int:
    """Look into the database without the product's code; answers the newest number, at most one more than reported."""
    if find_file(url):
        assert read_stored(url, "PRAGMA integrity_check") == [("ok",)]
        assert read_stored(url, "PRAGMA foreign_key_check") == []
    else:
        _await_end_of_others(url)
    newest = _check_revisions(url)
    _check_audit(url, newest)
    _check_overrides(url)
    assert after <= newest <= after + 1
    return newest


def _await_end_of_others(url: str) -> None:
    """A server may still work on what it was sent before the process ended."""
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    await_value(lambda: read_stored(url, others) == [(0,)] or None)


def _check_revisions(url: str) -> int:
    documents = dict(read_stored(url, "SELECT digest, content FROM configuration_documents"))
    texts = {digest: zlib.decompress(content) for digest, content in documents.items()}
    assert all(sha256(text).digest() == digest for digest, text in texts.items())
    revisions = read_stored(
        url, "SELECT number, parent, file_digest, stored_digest FROM configuration_revisions ORDER BY number"
    )
    numbers = [number for number, *_ in revisions]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert len(numbers) >= min(KEPT, numbers[-1])
    for number, parent, file_digest, stored_digest in revisions:
        assert parent == (number - 1 or None)
        assert texts[file_digest].decode() == write_document(number // 3, "file")
        assert texts[stored_digest].decode() == write_document(number, "own")
    assert texts.keys() == {digest for _, _, *digests in revisions for digest in digests}
    return int(numbers[-1])


def _check_audit(url: str, newest: int) -> None:
    commits = read_stored(url, "SELECT subject FROM audit WHERE action = 'revision.commit' ORDER BY seq")
    assert commits == [(f"revision:{number}",) for number in range(1, newest + 1)]


def _check_overrides(url: str) -> None:
    """Each comes with its row of the audit, and one at most has not ended."""
    rows = read_stored(url, "SELECT id, ended_at_ms FROM overrides ORDER BY seq")
    additions = read_stored(url, "SELECT details FROM audit WHERE action = 'override.add' ORDER BY seq")
    assert [override_id for override_id, _ in rows] == [json.loads(details)["id"] for (details,) in additions]
    assert [ended for _, ended in rows] == [0] * (len(rows) - 1) + [None]
