"""`kill -9` at any moment: every step that was taken is known afterwards, at most one more, and nothing twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from random import Random
from typing import IO

import pytest

from journal.journal_examples import SMALL, expect, sum_up, write_steps
from pointsman.journal.open_journal import open_journal

TESTS = Path(__file__).parents[1]
KILLS = 20
BOUNDARIES = 60


class Child:
    """The process that forks those to be killed."""

    def __init__(self, orders: IO[str], reports: IO[str]) -> None:
        self._orders = orders
        self._reports = reports

    def begin(self, folder: Path, seed: int, write: int = 0) -> int:
        """Have one more process keep a journal; its pid."""
        self._orders.write(f"{folder} {seed} {write}\n")
        self._orders.flush()
        return int(self._reports.readline().removeprefix("pid "))

    def read_steps(self, most: int) -> int:
        """How many steps it said it had taken, up to so many of its lines."""
        return [int(self._reports.readline()) for _ in range(most)][-1]

    def read_until_end(self, before: int = 0) -> int:
        """How many steps it had taken when it was killed."""
        last = before
        for line in self._reports:
            if line.startswith("ended"):
                assert line == "ended -9\n"
                break
            last = int(line)
        return last


@contextmanager
def start_child() -> Iterator[Child]:
    command = [sys.executable, "-m", "journal.journaling_child"]
    with subprocess.Popen(command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        yield Child(process.stdin, process.stdout)
        process.stdin.close()


def check_recovery(folder: Path, seed: int, taken: int) -> None:
    """What was taken is there, or one step more; and so it is when nothing is forgotten before the next start."""
    found = []
    for _ in range(2):
        journal, recovery = open_journal(folder, SMALL)
        journal.close()
        assert recovery.damage == ()
        found.append(sum_up(recovery))
    assert found[0] == found[1]
    steps = list(islice(write_steps(seed), taken + 1))
    assert found[0] in (expect(steps[:taken]), expect(steps))


def test_killed_at_any_moment(tmp_path: Path) -> None:
    random = Random(20261121)
    with start_child() as child:
        for seed in range(KILLS):
            folder = tmp_path / str(seed)
            pid = child.begin(folder, seed)
            taken = child.read_steps(random.randrange(1, 400))
            os.kill(pid, signal.SIGKILL)
            check_recovery(folder, seed, child.read_until_end(taken))


@pytest.mark.parametrize("way", [1, -1], ids=["before a write", "within a write"])
def test_killed_at_each_write(tmp_path: Path, way: int) -> None:
    with start_child() as child:
        for number in range(1, BOUNDARIES):
            folder = tmp_path / str(number)
            child.begin(folder, 7, way * number)
            check_recovery(folder, 7, child.read_until_end())


def test_what_is_recovered_is_there_until_it_is_forgotten(tmp_path: Path) -> None:
    with start_child() as child:
        child.begin(tmp_path, 3, 300)
        child.read_until_end()
    journal, recovery = open_journal(tmp_path, SMALL)
    ids = [outcome.request_id for outcome in recovery.outcomes]
    journal.forget(ids[1:])
    journal.close()
    journal, recovery = open_journal(tmp_path, SMALL)
    assert [outcome.request_id for outcome in recovery.outcomes] == ids[:1]
    journal.forget(ids[:1])
    journal.close()
    assert list(tmp_path.iterdir()) == []
