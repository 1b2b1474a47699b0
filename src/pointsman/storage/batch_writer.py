"""Rows reach the database in batches beside the requests; nothing waits for it, and no row is lost in silence."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Generic, TypeVar

from sqlalchemy import Connection

from pointsman.storage.database import Database, Dialect
from pointsman.storage.row_blame import blames_a_row
from pointsman.storage.writer_hooks import Overflow, WriterHooks

Item = TypeVar("Item")

_log = logging.getLogger(__name__)

USUAL_BATCH_ROWS: dict[Dialect, int] = {"sqlite": 500, "postgresql": 2_000}
"""A commit of SQLite's costs little and holds others up; one of PostgreSQL's waits for a disk, maybe a network."""


@dataclass(frozen=True, slots=True)
class WriterLimits:
    """How the writer batches and what it bears.

    Attributes:
        batch_rows: the most rows in one transaction; as is best for the database unless given.
        interval_ms: how long rows may gather before they are written.
        most_waiting_rows: rows beyond this go to `on_overflow`; without it they are lost, counted and logged.
        first_retry_ms: the pause after a first failed write; it doubles with each further one.
        longest_retry_ms: where the doubling ends.
    """

    batch_rows: int | None = None
    interval_ms: int = 100
    most_waiting_rows: int = 100_000
    first_retry_ms: int = 100
    longest_retry_ms: int = 5_000


@dataclass(frozen=True, slots=True)
class RowKind(Generic[Item]):
    """What a writer writes.

    Attributes:
        name: what people call such a row.
        write: puts rows into the database, all or none; runs in the database's own thread, maybe more than once.
        name_request: the request that a row is about.
        hooks: who is told of what becomes of rows.
    """

    name: str
    write: Callable[[Sequence[Item], Connection], None]
    name_request: Callable[[Item], str]
    hooks: WriterHooks[Item] = field(default_factory=WriterHooks)


class BatchWriter(Generic[Item]):
    """Takes items in and writes them as rows; belongs to the event loop it was started on.

    Attributes:
        written_rows: items whose transaction was committed, in the order they were added.
        lost_rows: items that will never be written; each loss was logged as an error.
        left_rows: items handed to `on_overflow`: written later, by whoever keeps them.
    """

    def __init__(self, database: Database, kind: RowKind[Item], limits: WriterLimits) -> None:
        self.written_rows = 0
        self._database = database
        self._kind = kind
        self._limits = limits
        self._batch_rows = limits.batch_rows or USUAL_BATCH_ROWS[database.dialect]
        self._overflow = Overflow(kind.name, kind.hooks)
        self._refused_rows = 0
        self._waiting: deque[Item] = deque()
        self._has_rows = asyncio.Event()
        self._has_moved = asyncio.Event()
        self._is_closing = asyncio.Event()
        self._taken_off_rows = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def lost_rows(self) -> int:
        return self._refused_rows + self._overflow.lost_rows

    @property
    def left_rows(self) -> int:
        return self._overflow.left_rows

    def start(self) -> None:
        """Start writing; call it once, on the running event loop."""
        self._task = asyncio.create_task(self._write_until_closed(), name=f"{self._kind.name} writer")

    def add(self, item: Item) -> None:
        """Take one item; never waits. Beyond `most_waiting_rows` it goes to `on_overflow`, or is lost."""
        if len(self._waiting) >= self._limits.most_waiting_rows:
            self._overflow.take(item, len(self._waiting))
            return
        self._waiting.append(item)
        self._has_rows.set()

    async def catch_up(self, timeout_ms: int = 2_000) -> None:
        """Wait until all that waits now is written or lost, or until the time is over."""
        goal = self._taken_off_rows + len(self._waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_ms / 1_000):
                while self._taken_off_rows < goal:
                    self._has_moved.clear()
                    await self._has_moved.wait()

    async def drain(self, timeout_ms: int = 10_000) -> None:
        """Write what waits and stop; what the time does not suffice for goes to `on_overflow`, or is lost."""
        self._is_closing.set()
        self._has_rows.set()
        if self._task is not None:
            _, unfinished = await asyncio.wait([self._task], timeout=timeout_ms / 1_000)
            for task in unfinished:
                task.cancel()
                await asyncio.wait([task])
        self._overflow.take_rest(self._waiting)

    async def _write_until_closed(self) -> None:
        while True:
            await self._has_rows.wait()
            if len(self._waiting) < self._batch_rows:
                await self._let_rows_gather()
            if self._waiting:
                await self._write_patiently(list(islice(self._waiting, self._batch_rows)))
            if not self._waiting:
                self._has_rows.clear()
                self._overflow.end()
                # Whoever was told of the end may have added what was left before.
                if self._is_closing.is_set() and not self._waiting:
                    return

    async def _let_rows_gather(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.interval_ms / 1_000):
                await self._is_closing.wait()

    async def _write_patiently(self, batch: Sequence[Item]) -> None:
        """Write the rows at the head of the queue, whatever it takes, and take them off it.

        While the database fails the batch waits; a row that the database can never take is left out.
        """
        retry_ms = self._limits.first_retry_ms
        while True:
            try:
                await self._database.write_in_thread(partial(self._kind.write, batch), is_batch=True)
                break
            except Exception as error:
                if blames_a_row(error, self._database.dialect):
                    await self._isolate(batch, error)
                    return
                # Whatever it is, the rows are worth more than this task's peace: they stay until it passes.
                waiting, name = len(self._waiting), self._kind.name
                _log.error("%d %s(s) wait, the database fails: %s", waiting, name, _first_line(error))
                await asyncio.sleep(retry_ms / 1_000)
                retry_ms = min(2 * retry_ms, self._limits.longest_retry_ms)
        self.written_rows += len(batch)
        self._take_off(len(batch))
        self._kind.hooks.tell_written(batch)

    async def _isolate(self, batch: Sequence[Item], error: Exception) -> None:
        if len(batch) == 1:
            self._refused_rows += 1
            request = self._kind.name_request(batch[0])
            _log.error("1 %s(s) lost: request %r cannot be stored: %s", self._kind.name, request, _first_line(error))
            self._take_off(1)
            self._kind.hooks.tell_refused(batch[0])
            return
        middle = len(batch) // 2
        await self._write_patiently(batch[:middle])
        await self._write_patiently(batch[middle:])

    def _take_off(self, rows: int) -> None:
        for _ in range(rows):
            self._waiting.popleft()
        self._taken_off_rows += rows
        self._has_moved.set()


def _first_line(error: Exception) -> str:
    # SQLAlchemy adds the statement and its values on further lines.
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0][:200]}"
