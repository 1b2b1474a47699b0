"""Keeps a journal without end in processes that are killed; run by `test_journal_crash.py`.

Each line of its input, `folder seed write`, forks a process that says its pid and then every step that it has done;
with a write above 0 it kills itself before that write to the disk, with one below 0 in the middle of it.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from typing_extensions import Buffer

from journal.journal_examples import SMALL, take_step, write_steps
from pointsman.journal.open_journal import open_journal

_write = os.write


def journal_without_end(folder: Path, seed: int) -> None:
    """Take steps, and say each one when it is done."""
    journal, _ = open_journal(folder, SMALL)
    for number, step in enumerate(write_steps(seed), 1):
        take_step(journal, step)
        _say(str(number))


def die_at_write(number: int) -> None:
    """Have this process end at that write of the journal."""
    writes = count(1)

    def write(descriptor: int, data: Buffer, /) -> int:
        if next(writes) == abs(number):
            if number < 0:
                _write(descriptor, bytes(data)[: len(bytes(data)) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return _write(descriptor, data)

    os.write = write


def fork_and_report() -> None:
    """One process per line of input; forked, because starting Python takes longer."""
    for line in sys.stdin:
        folder, seed, number = line.split()
        pid = os.fork()
        if pid == 0:
            _say(f"pid {os.getpid()}")
            if int(number):
                die_at_write(int(number))
            journal_without_end(Path(folder), int(seed))
        _, status = os.waitpid(pid, 0)
        _say(f"ended {os.waitstatus_to_exitcode(status)}")


def _say(line: str) -> None:
    _write(1, f"{line}\n".encode())


if __name__ == "__main__":
    fork_and_report()
