"""`kill -9` at any moment loses no row whose batch was committed, and the totals still are the fold of the rows."""

import asyncio
import subprocess
import sys
from pathlib import Path

from pointsman.core.routing.totals import AgentTotals
from pointsman.storage.database import open_database
from pointsman.storage.usage_reader import UsageReader
from storage.usage_examples import fold, read_rows

TESTS = Path(__file__).parents[1]
ROWS_BEFORE_THE_KILL = 500


def test_a_killed_process_keeps_every_committed_row(database_url: str) -> None:
    reported: set[str] = set()
    for run in ("first", "second"):
        reported |= _write_and_kill(database_url, run)
    rows = read_rows(database_url)
    assert reported <= {row["request_id"] for row in rows}
    assert asyncio.run(_read_totals(database_url)) == fold(rows)


def _write_and_kill(url: str, run: str) -> set[str]:
    """Let a child write until it has reported enough committed rows, kill it, and answer what it reported."""
    reported = set()
    command = [sys.executable, "-m", "storage.writing_child", url, run]
    child = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout is not None
        for line in child.stdout:
            reported.add(line.strip())
            if len(reported) == ROWS_BEFORE_THE_KILL:
                child.kill()
                break
        # What was in the pipe was reported too; the last line may be cut.
        reported.update(line.strip() for line in child.stdout if line.endswith("\n"))
    assert child.returncode == -9
    return reported


async def _read_totals(url: str) -> list[AgentTotals]:
    database = await open_database(url)
    try:
        return await UsageReader(database).agent_totals()
    finally:
        await database.close()
