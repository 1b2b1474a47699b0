"""Commits revisions and overrides without end, and says how far it is; run by `test_revision_crash.py`.

With a number on each line of its input, it forks a process that kills itself before that step in the database.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from random import Random

from sqlalchemy import Engine, event

from pointsman.core.ports import NewRevision, OverrideRecord
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.overrides_store import OverridesStore

KEPT = 3
DOCUMENT_BYTES = 20_000

REVISION = NewRevision("child", "", 0, "0123456789ab", "api", "", "", "production")
OVERRIDE = OverrideRecord("", "agent", "writer", {}, "child", "", 0)


def write_document(number: int, part: str) -> str:
    """A document that tells which revision it belongs to, and hardly shrinks when packed."""
    return f'{{"number":{number},"part":"{part}","noise":"{Random(number).randbytes(DOCUMENT_BYTES).hex()}"}}'


async def commit_without_end(url: str) -> None:
    """A revision, an override that replaces the one before, pruning: and again. Says each number once it is stored."""
    database = await open_database(url)
    configurations, overrides = ConfigurationStore(database), OverridesStore(database)
    newest = await configurations.newest()
    for number in count(newest.number + 1 if newest else 1):
        of_file, own = write_document(number // 3, "file"), write_document(number, "own")
        await configurations.commit(number - 1 or None, replace(REVISION, file_document=of_file, stored_layer=own))
        _say(str(number))
        await overrides.add(replace(OVERRIDE, id=f"ovr_{number}", value={"number": number}))
        await configurations.prune(KEPT)


def call_before_each_step(call: Callable[[], None]) -> None:
    """Have something called before every statement and every commit of a transaction."""
    event.listen(Engine, "before_cursor_execute", lambda *_: call())
    event.listen(Engine, "commit", lambda _: call())


def fork_and_die(url: str) -> None:
    """For each number read, one process that ends before that step; forked, because starting Python takes longer."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            call_before_each_step(_die_before(int(line)))
            asyncio.run(commit_without_end(url))
        _, status = os.waitpid(pid, 0)
        _say(f"ended {os.waitstatus_to_exitcode(status)}")


def _die_before(step: int) -> Callable[[], None]:
    steps = count(1)

    def die_in_time() -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return die_in_time


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__" and sys.argv[1] == "fork":
    fork_and_die(sys.argv[2])
elif __name__ == "__main__":
    call_before_each_step(lambda: _say("step"))
    asyncio.run(commit_without_end(sys.argv[1]))
