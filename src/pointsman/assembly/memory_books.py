"""The books of a program without a home directory: everything counted, in this process's memory alone."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from pointsman.assembly.books import now_ms
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.scopes import CostQuestion
from pointsman.core.money_ports import Journal
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.learned_tokens import LearnedTokens
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.record import Settled
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.recognition.on_demand import NamesOnDemand
from pointsman.relay.live import LiveState
from pointsman.relay.no_books import NO_JOURNAL
from pointsman.relay.open_calls import OpenCalls
from pointsman.telemetry.decision_trace import trace_decision
from pointsman.telemetry.log_lines import Event
from pointsman.telemetry.metrics import Metrics

LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_log = logging.getLogger("pointsman")


class ProgramLog:
    """The log of a program: what happens goes to its own `logging`, under `pointsman`."""

    def request(self, outcome: Outcome) -> None:
        """Log a finished request."""
        _log.info("call %s: model %s, status %d", outcome.request_id, outcome.model or "(none)", outcome.status)

    def event(self, event: Event) -> None:
        """Log anything else."""
        _log.log(LEVELS[event.level], "%s", event.message)


class NothingSpent:
    """Stands where a database would tell what was spent before: under a budget that is new, nothing."""

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None = None
    ) -> list[dict[str, int]]:
        """No costs for any question."""
        return [{} for _ in questions]

    async def is_written(self, request_id: str) -> bool:
        """There is nothing to wait for."""
        return True


def _count_no_rows() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class MemoryBooks:
    """Everything that an outcome is told to."""

    metrics: Metrics = field(default_factory=lambda: Metrics(LATENCY_BOUNDS_MS, _count_no_rows))
    spending: Spending = field(default_factory=lambda: Spending(NothingSpent()))
    live: LiveState = field(default_factory=LiveState)
    log: ProgramLog = field(default_factory=ProgramLog)
    journal: Journal = NO_JOURNAL
    open_calls: OpenCalls = field(default_factory=OpenCalls)
    history: LearnedTokens = field(default_factory=LearnedTokens)

    def record(self, outcome: Outcome) -> None:
        """Count a finished request."""
        self.spending.record(outcome)
        self.metrics.record(outcome)

    def remember(self, settled: Settled) -> None:
        """Decisions are only kept where there is a database."""

    def trace(self, request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> None:
        """Log why a request goes where it goes."""
        self.log.event(trace_decision(request_id, revision, facts, answer))

    async def follow(self, snapshot: Snapshot, names: NamesOnDemand) -> None:
        """Take over another configuration."""
        self.metrics.follow(snapshot)
        self.live.follow(snapshot, snapshot.provider_limits)
        names.follow(snapshot.settings.detect_names, snapshot.settings.detect_deadline_ms)
        await self.spending.follow(snapshot, now_ms())
