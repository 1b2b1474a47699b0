"""Everything that an outcome is told to, from the moment that the former numbers are read back."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pointsman.assembly.ledger import Ledger, keep_ledger
from pointsman.assembly.sharing import Sharing
from pointsman.control.current import CurrentConfiguration
from pointsman.control.learning import Learning
from pointsman.control.replay import follow_configuration
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts, LiveView
from pointsman.core.routing.learned_tokens import LearnedTokens
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.record import Settled
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.journal.file_journal import FileJournal
from pointsman.relay.live import LiveState
from pointsman.relay.open_calls import OpenCalls
from pointsman.storage.database import Database
from pointsman.storage.decisions_store import DecisionsStore
from pointsman.storage.estimates_store import EstimatesStore
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter
from pointsman.telemetry.decision_trace import trace_decision
from pointsman.telemetry.log_lines import Event
from pointsman.telemetry.metrics import Metrics

DAY_MS = 86_400_000


class Log(Protocol):
    """Where finished requests and everything else are logged."""

    def request(self, outcome: Outcome) -> None:
        """Log a finished request."""

    def event(self, event: Event) -> None:
        """Log anything else."""


@dataclass(frozen=True, slots=True)
class Books:
    """Everything that an outcome is told to."""

    metrics: Metrics
    writer: UsageWriter
    spending: Spending
    decisions: DecisionsStore
    live: LiveState
    log: Log
    current: CurrentConfiguration
    journal: FileJournal
    open_calls: OpenCalls
    learning: Learning
    sharing: Sharing | None

    @property
    def history(self) -> LearnedTokens:
        """What was learned of how long prompts and answers are."""
        return self.learning.tokens

    def look_around(self, snapshot: Snapshot) -> LiveView:
        """How the deployments of a snapshot are doing."""
        return self.live.view(snapshot.models.values(), time.monotonic())

    def trace(self, request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> None:
        """Log why a request goes where it goes."""
        self.log.event(trace_decision(request_id, revision, facts, answer))

    def count_entries(self, entries: Sequence[LedgerEntry]) -> None:
        """Tell everybody of corrections that are in the ledger."""
        self.spending.count_entries(entries)
        if self.sharing is not None:
            self.sharing.note_corrected()

    def remember(self, settled: Settled) -> None:
        """Keep what was decided about a finished request."""
        self.decisions.add(settled)

    def record(self, outcome: Outcome) -> None:
        """Tell everybody of a finished request."""
        self.writer.add(outcome)
        self.spending.record(outcome)
        self.metrics.record(outcome)
        if self.current.snapshot.settings.logs_requests:
            self.log.request(outcome)


@asynccontextmanager
async def keep_books(
    database: Database,
    log: Log,
    current: CurrentConfiguration,
    environ: Mapping[str, str],
    home: Path,
    sharing: Sharing | None,
) -> AsyncIterator[Books]:
    """Counters that go on from the stored totals, and writers that have written everything when it ends.

    Raises:
        JournalRefused: when nothing can be noted in the home directory.
        StoreUnavailable: when the store that replicas share does not answer.
    """
    async with AsyncExitStack() as stack:
        left: list[Spending] = []
        if sharing is not None:
            # After the writer has written everything, which is when the ledger has ended.
            stack.push_async_callback(_leave, sharing, left)
        ledger = await stack.enter_async_context(keep_ledger(database, home, sharing))
        books = await _open_books(database, log, current, environ, ledger, sharing)
        left.append(books.spending)
        ledger.listeners.append(books.spending.note_written)
        if sharing is not None:
            await stack.enter_async_context(sharing.keep(books.spending, ledger.writer, ledger.open_calls))
        await books.learning.load()
        saving = asyncio.create_task(books.learning.save_in_time(), name="save learned estimates")
        try:
            yield books
        finally:
            saving.cancel()
            await asyncio.wait([saving])
            await books.learning.save()
            await books.decisions.drain()


async def _leave(sharing: Sharing, left: Sequence[Spending]) -> None:
    for spending in left:
        await sharing.leave(spending)


async def _open_books(
    database: Database,
    log: Log,
    current: CurrentConfiguration,
    environ: Mapping[str, str],
    ledger: Ledger,
    sharing: Sharing | None,
) -> Books:
    writer = ledger.writer
    metrics = Metrics(LATENCY_BOUNDS_MS, lambda: writer.lost_rows)
    metrics.follow(current.snapshot)
    metrics.restore(await UsageReader(database).agent_totals())
    metrics.restore_day(now_ms(), await _sum_today(database))
    live = LiveState()
    live.follow(current.snapshot, current.snapshot.provider_limits)
    reader = SpendingReader(database)
    spending = (
        Spending(reader) if sharing is None else Spending(reader, shared=sharing.store, lease_ms=sharing.lease_ms)
    )
    await spending.follow(current.snapshot, now_ms())
    decisions = DecisionsStore(database, writer.catch_up)
    follow_configuration(decisions.follow, current.loaded, environ)
    decisions.start()
    learning = Learning(EstimatesStore(database), now_ms)
    return Books(
        metrics, writer, spending, decisions, live, log, current, ledger.journal, ledger.open_calls, learning, sharing
    )


async def _sum_today(database: Database) -> dict[str, int]:
    """What each agent has cost since midnight in UTC, in nano-dollars."""
    time_ms = now_ms()
    report = await UsageReader(database).usage_by(["agent"], time_ms - time_ms % DAY_MS)
    return {group.names[0]: group.sum.cost_nusd for group in report.groups}


def now_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000
