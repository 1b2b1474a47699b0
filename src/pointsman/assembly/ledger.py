"""The journal and the ledger behind it: what an earlier run left is booked before anything else is counted."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pointsman.assembly.sharing import Sharing
from pointsman.core.routing.outcome import Outcome
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.open_journal import open_journal
from pointsman.journal.read_back import read_back
from pointsman.journal.recover import Recovery
from pointsman.relay.open_calls import OpenCalls
from pointsman.storage.database import Database
from pointsman.storage.usage_writer import UsageWriter
from pointsman.storage.writer_hooks import WriterHooks

_log = logging.getLogger(__name__)

FOLDER = "journal"
HEARTBEAT_S = 1.0
"""How often the journal notes how far answers are."""

MOST_AT_ONCE = 10_000
"""Outcomes that are read back or booked at a start before the next are."""

CATCH_UP_MS = 60_000


class JournalRefused(Exception):
    """The journal's folder cannot be used; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a finished call is noted and booked in.

    Attributes:
        journal: on this machine's disk.
        writer: into the database.
        open_calls: those under way.
        listeners: told of requests that are in the database for good.
    """

    journal: FileJournal
    writer: UsageWriter
    open_calls: OpenCalls
    listeners: list[Callable[[Sequence[Outcome]], None]]


@asynccontextmanager
async def keep_ledger(database: Database, home: Path, sharing: Sharing | None = None) -> AsyncIterator[Ledger]:
    """Open both, and book what an earlier run left; at the end everything is booked, or left for the next start.

    Args:
        database: the ledger's.
        home: where the journal is.
        sharing: with other replicas, or `None` where there can be none.

    Raises:
        JournalRefused: when nothing can be noted.
        StoreUnavailable: when the store that replicas share does not answer.
    """
    folder = home / FOLDER
    try:
        journal, recovery = await asyncio.to_thread(open_journal, folder)
    except OSError as error:
        raise JournalRefused(f'cannot note calls in "{folder}": {error.strerror}; make it writable') from None
    aside = _Aside(folder)
    listeners: list[Callable[[Sequence[Outcome]], None]] = []
    if sharing is not None:
        await sharing.join()
        listeners.append(sharing.note_written)

    def note_written(batch: Sequence[Outcome]) -> None:
        journal.forget([outcome.request_id for outcome in batch])
        for listener in listeners:
            listener(batch)

    hooks = WriterHooks(
        on_written=note_written,
        on_refused=lambda outcome: journal.forget([outcome.request_id]),
        on_overflow=aside.keep,
        on_room=aside.bring_back,
    )
    folds = (sharing.fold,) if sharing is not None else ()
    correcting = (sharing.corrections,) if sharing is not None else ()
    writer = aside.writer = UsageWriter(database, hooks=hooks, folds=folds, correcting=correcting)
    writer.start()
    open_calls = OpenCalls()
    heartbeat = asyncio.create_task(_note_progress(journal, open_calls), name="note how far answers are")
    try:
        await _book_recovered(writer, recovery)
        if sharing is not None:
            await sharing.calls.note_closed([outcome.request_id for outcome in recovery.outcomes])
            await sharing.come_back()
        yield Ledger(journal, writer, open_calls, listeners)
    finally:
        heartbeat.cancel()
        await asyncio.wait([heartbeat])
        await aside.close()
        await writer.drain()
        await asyncio.to_thread(journal.close)


async def _book_recovered(writer: UsageWriter, recovery: Recovery) -> None:
    for damage in recovery.damage:
        _log.error("the journal is damaged: %s", damage)
    if recovery.outcomes:
        ended, cut = len(recovery.outcomes) - len(recovery.orphans), len(recovery.orphans)
        _log.warning("of an earlier run %d finished requests and %d that it was killed amid are booked now", ended, cut)
    for start in range(0, len(recovery.outcomes), MOST_AT_ONCE):
        for outcome in recovery.outcomes[start : start + MOST_AT_ONCE]:
            writer.add(outcome)
        await writer.catch_up(CATCH_UP_MS)


async def _note_progress(journal: FileJournal, open_calls: OpenCalls) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_S)
        for call in open_calls:
            call.note_progress(journal)


class _Aside:
    """Requests for whose rows there was no room: the journal has them, and they are read back once there is."""

    def __init__(self, folder: Path) -> None:
        self.writer: UsageWriter | None = None
        self._folder = folder
        self._request_ids: dict[str, None] = {}
        self._task: asyncio.Task[None] | None = None

    def keep(self, outcome: Outcome) -> None:
        """Remember that this one is still to be booked."""
        self._request_ids[outcome.request_id] = None

    def bring_back(self) -> None:
        """Book some of them; when those are written there is room for more."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._read_back(), name="book what was put aside")

    async def close(self) -> None:
        """Stop; what is still aside is left for the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _read_back(self) -> None:
        while self._request_ids and self.writer is not None:
            wanted = frozenset(list(self._request_ids)[:MOST_AT_ONCE])
            found = await asyncio.to_thread(read_back, self._folder, wanted)
            for outcome in found:
                self.writer.add(outcome)
            for request_id in wanted:
                self._request_ids.pop(request_id, None)
            if lost := wanted - {outcome.request_id for outcome in found}:
                _log.error("%d requests were put aside and could not be noted: they are lost", len(lost))
            await self.writer.catch_up(CATCH_UP_MS)
