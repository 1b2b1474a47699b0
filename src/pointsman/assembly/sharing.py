"""What replicas on one PostgreSQL share: limits, the list of calls under way, and the books of those that died."""

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from pointsman.control.spending import Spending
from pointsman.core.money_ports import AllowanceStore, Spent, StoreUnavailable
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.open_calls import OpenCalls
from pointsman.storage.allowances.fold import SharedSpending
from pointsman.storage.allowances.open_calls import ListedCall, SharedOpenCalls
from pointsman.storage.allowances.replicas import ReplicaList
from pointsman.storage.allowances.store import PostgresAllowances
from pointsman.storage.usage_writer import UsageWriter

_log = logging.getLogger(__name__)

LIST_AFTER_S = 0.1
"""A call that is under way for longer is listed, so that it can be booked should this replica be lost."""

CLEAN_EVERY_S = 3_600.0
SOONEST_S = 0.25

TellSpent = Callable[[Sequence[Spent]], Awaitable[None]]


@dataclass(slots=True)
class Sharing:
    """This replica's part.

    Attributes:
        postgres: the store of the database.
        store: where limits are shared: the same, or with Redis in front of it.
        calls: the list of calls under way.
        replicas: who takes part.
        fold, corrections: count what is booked, in the transaction of batches and of corrections.
        join: begins this replica's lease.
        come_back: gives back what an earlier run held, once its journal is booked.
        lease_ms: how long a silent replica is believed to live.
    """

    postgres: PostgresAllowances
    store: AllowanceStore
    calls: SharedOpenCalls
    replicas: ReplicaList
    fold: SharedSpending
    corrections: SharedSpending
    join: Callable[[], Awaitable[None]]
    come_back: Callable[[], Awaitable[None]]
    lease_ms: int
    _listed: set[str] = field(default_factory=set)
    _closed: list[str] = field(default_factory=list)
    _moved: list[Spent] = field(default_factory=list)

    def note_written(self, batch: Sequence[Outcome]) -> None:
        """These are committed: what they came to has left this replica's parts, and nobody need book them any more."""
        request_ids = [outcome.request_id for outcome in batch]
        self._moved += self.fold.take_moved(request_ids)
        self._closed += [request_id for request_id in request_ids if request_id in self._listed]

    def note_corrected(self) -> None:
        """So are corrections."""
        self._moved += self.corrections.take_moved(())

    @asynccontextmanager
    async def keep(self, spending: Spending, writer: UsageWriter, open_calls: OpenCalls) -> AsyncIterator[None]:
        """Do all this beside the requests until the block ends."""
        lease_s = self.lease_ms / 1_000
        tasks = [
            asyncio.create_task(spending.keep_shared(_read_clock_ms, self.join), name="share limits"),
            asyncio.create_task(_repeat(self._tell_moved, LIST_AFTER_S), name="tell what is spent"),
            asyncio.create_task(_repeat(self._make_list(open_calls), LIST_AFTER_S), name="list open calls"),
            asyncio.create_task(_repeat(self._make_reaping(writer), max(SOONEST_S, lease_s / 4)), name="book orphans"),
            asyncio.create_task(_repeat(self.replicas.clean_up, CLEAN_EVERY_S), name="drop old windows"),
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)

    async def leave(self, spending: Spending) -> None:
        """After the last row: give back what is free."""
        try:
            await self._tell_moved()
            await self.calls.note_closed(self._closed)
            await spending.leave_shared(_read_clock_ms())
        except StoreUnavailable:
            _log.warning("what this replica still holds of shared limits stays counted until its next start")

    async def _tell_moved(self) -> None:
        moved, self._moved = self._moved, []
        if moved:
            try:
                await self.store.note_spent(moved)
            except StoreUnavailable:
                self._moved = [*moved, *self._moved]
                raise

    def _make_list(self, open_calls: OpenCalls) -> Callable[[], Awaitable[None]]:
        seen: set[tuple[str, int]] = set()

        async def list_calls() -> None:
            nonlocal seen
            now = {(call.admitted.request_id, call.admitted.attempt): call for call in open_calls}
            lasting = [call for name, call in now.items() if name in seen]
            seen = set(now)
            await self.calls.note_open(
                [
                    ListedCall(call.admitted, call.is_sent, call.answer.content_bytes if call.answer else 0)
                    for call in lasting
                ]
            )
            self._listed.update(call.admitted.request_id for call in lasting)
            closed, self._closed = self._closed, []
            try:
                await self.calls.note_closed(closed)
            except StoreUnavailable:
                self._closed = [*closed, *self._closed]
                raise
            self._listed.difference_update(closed)

        return list_calls

    def _make_reaping(self, writer: UsageWriter) -> Callable[[], Awaitable[None]]:
        async def reap() -> None:
            orphans = await self.calls.reap()
            if orphans:
                _log.warning("%d requests of replicas that are gone are booked as far as is known", len(orphans))
            self.fold.own(orphans)
            for orphan in orphans:
                self._listed.add(orphan.outcome.request_id)
                writer.add(orphan.outcome)

        return reap


async def _repeat(work: Callable[[], Awaitable[object]], every_s: float) -> None:
    """Do some work again and again, never in step with other replicas; a store that is away is asked again."""
    while True:
        await asyncio.sleep(every_s * random.uniform(0.8, 1.2))
        try:
            await work()
        except StoreUnavailable:
            continue
        except Exception as error:  # Whatever it is, the next turn may go well, and without it nobody would know.
            _log.error("what replicas share could not be kept up, trying again: %s", type(error).__name__)


def _read_clock_ms() -> int:
    return time.time_ns() // 1_000_000
