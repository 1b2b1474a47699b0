"""Usage rows reach the database in batches beside the requests; nothing waits for it, and no row is lost in silence."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, ProgrammingError

from pointsman.core.routing.outcome import Outcome
from pointsman.storage.database import Database
from pointsman.storage.tables import usage
from pointsman.storage.usage_rows import ROWS_PER_STATEMENT, insert_rows, row_values
from pointsman.storage.usage_totals import add_to_totals

_log = logging.getLogger(__name__)

BLAMES_A_ROW = (
    DataError,
    IntegrityError,
    InterfaceError,
    ProgrammingError,
    AttributeError,
    OverflowError,
    TypeError,
    ValueError,
)
"""Errors that come from a value in the batch and would come again; all others may pass, so the batch waits."""


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """How the writer batches and what it bears.

    Attributes:
        batch_rows: the most rows in one transaction.
        interval_ms: how long rows may gather before they are written.
        most_waiting_rows: rows beyond this are lost, counted and logged.
        first_retry_ms: the pause after a first failed write; it doubles with each further one.
        longest_retry_ms: where the doubling ends.
    """

    batch_rows: int = 500
    interval_ms: int = 100
    most_waiting_rows: int = 100_000
    first_retry_ms: int = 100
    longest_retry_ms: int = 5_000


class UsageWriter:
    """Takes outcomes in and writes them as rows and totals; belongs to the event loop it was started on.

    Attributes:
        written_rows: outcomes whose transaction was committed, in the order they were added.
        lost_rows: outcomes that will never be written; each loss was logged as an error.
    """

    def __init__(self, database: Database, limits: WriterLimits | None = None) -> None:
        self.written_rows = 0
        self.lost_rows = 0
        self._database = database
        self._limits = limits or WriterLimits()
        self._waiting: deque[Outcome] = deque()
        self._has_rows = asyncio.Event()
        self._is_closing = asyncio.Event()
        self._overflowed_rows = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start writing; call it once, on the running event loop."""
        self._task = asyncio.create_task(self._write_until_closed(), name="usage writer")

    def add(self, outcome: Outcome) -> None:
        """Take one outcome; never waits. Beyond `most_waiting_rows` the outcome is lost, counted and logged."""
        if len(self._waiting) >= self._limits.most_waiting_rows:
            self._lose_to_overflow()
            return
        self._waiting.append(outcome)
        self._has_rows.set()

    async def drain(self, timeout_ms: int = 10_000) -> None:
        """Write what waits and stop; what cannot be written within the time is counted and logged as lost."""
        self._is_closing.set()
        self._has_rows.set()
        if self._task is not None:
            _, unfinished = await asyncio.wait([self._task], timeout=timeout_ms / 1_000)
            for task in unfinished:
                task.cancel()
                await asyncio.wait([task])
        if self._waiting:
            self._lose(len(self._waiting), "the database did not take them before the shutdown's deadline")
            self._waiting.clear()

    async def _write_until_closed(self) -> None:
        while True:
            await self._has_rows.wait()
            if len(self._waiting) < self._limits.batch_rows:
                await self._let_rows_gather()
            if self._waiting:
                await self._write_patiently(list(islice(self._waiting, self._limits.batch_rows)))
            if not self._waiting:
                self._has_rows.clear()
                self._end_overflow()
                if self._is_closing.is_set():
                    return

    async def _let_rows_gather(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.interval_ms / 1_000):
                await self._is_closing.wait()

    async def _write_patiently(self, batch: Sequence[Outcome]) -> None:
        """Write the rows at the head of the queue, whatever it takes, and take them off it.

        While the database fails the batch waits; a row that the database can never take is left out.
        """
        retry_ms = self._limits.first_retry_ms
        while True:
            try:
                await self._database.write_in_thread(partial(_write, batch))
                break
            except BLAMES_A_ROW as error:
                await self._isolate(batch, error)
                return
            except Exception as error:
                # Whatever it is, the rows are worth more than this task's peace: they stay until it passes.
                _log.error("%d usage row(s) wait, the database fails: %s", len(self._waiting), _first_line(error))
                await asyncio.sleep(retry_ms / 1_000)
                retry_ms = min(2 * retry_ms, self._limits.longest_retry_ms)
        self.written_rows += len(batch)
        self._take_off(len(batch))

    async def _isolate(self, batch: Sequence[Outcome], error: Exception) -> None:
        if len(batch) == 1:
            self._lose(1, f"request {batch[0].request_id!r} cannot be stored: {_first_line(error)}")
            self._take_off(1)
            return
        middle = len(batch) // 2
        await self._write_patiently(batch[:middle])
        await self._write_patiently(batch[middle:])

    def _take_off(self, rows: int) -> None:
        for _ in range(rows):
            self._waiting.popleft()

    def _lose_to_overflow(self) -> None:
        # One line when it begins and one when it ends: a line per row would bury them.
        if self._overflowed_rows == 0:
            _log.error("usage rows are being lost: %d wait already", self._limits.most_waiting_rows)
        self._overflowed_rows += 1
        self.lost_rows += 1

    def _end_overflow(self) -> None:
        if self._overflowed_rows > 0:
            _log.error("%d usage row(s) were lost while the database did not keep up", self._overflowed_rows)
            self._overflowed_rows = 0

    def _lose(self, rows: int, reason: str) -> None:
        self.lost_rows += rows
        _log.error("%d usage row(s) lost: %s", rows, reason)


def _write(batch: Sequence[Outcome], connection: Connection) -> None:
    rows = [row_values(outcome) for outcome in batch]
    last_seq = connection.scalar(select(func.coalesce(func.max(usage.c.seq), 0)))
    for start in range(0, len(rows), ROWS_PER_STATEMENT):
        group = rows[start : start + ROWS_PER_STATEMENT]
        connection.exec_driver_sql(insert_rows(len(group)), tuple(chain.from_iterable(group)))
    add_to_totals(connection, after_seq=last_seq or 0)


def _first_line(error: Exception) -> str:
    # SQLAlchemy adds the statement and its values on further lines.
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
