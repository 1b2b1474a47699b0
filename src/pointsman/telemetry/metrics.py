"""Counters per agent: plain integers on the hot path, turned into metrics and reports only when somebody looks.

A call is a request for which at least one upstream call was started, failed or not.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime

# pydantic reads this one on every Python, the standard one only from 3.12 on
from typing_extensions import TypedDict

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.tally import Calendar, Tally
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED, Outcome
from pointsman.core.routing.totals import AgentTotals
from pointsman.telemetry.money_exposition import DENIALS
from pointsman.telemetry.routing_metrics import OTHER_LABEL, RoutingMetrics

BY_MODEL_LABEL = "(none)"
"""Stands for requests that asked for a model by name."""
MOST_AGENTS = 500
"""Agents beyond this are counted as `other`."""
MOST_SHOWN_AGENTS = 100
"""Agents beyond this are `other` in a scrape, where each one costs 28 series; reports list them all."""


class AgentReport(TypedDict):
    """One agent in `GET /metrics/tokens`; costs in dollars, latencies in seconds."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    total_cost: float
    call_count: int
    unknown_cost_calls: int
    total_latency: float
    avg_tokens_per_call: float
    avg_cost_per_call: float
    avg_latency_seconds: float


class TotalReport(TypedDict):
    """All agents together in `GET /metrics/tokens`."""

    total_tokens: int
    total_cost: float
    total_calls: int
    unknown_cost_calls: int


class TokenReport(TypedDict):
    """The answer of `GET /metrics/tokens`; the timestamp is ISO 8601 in UTC."""

    per_agent: dict[str, AgentReport]
    totals: TotalReport
    timestamp: str


class AgentTally:
    """What one agent's requests add up to since the database was created.

    Attributes:
        calls: requests that reached a model.
        input_tokens: prompt tokens, estimated ones included.
        output_tokens: generated tokens, estimated ones included.
        cost_nusd: known and estimated costs, in nano-dollars.
        unknown_cost_calls: requests whose cost is unknown and so not in `cost_nusd`.
        latency_us: the calls' latencies added up, in microseconds.
        succeeded: requests that ended well.
        failed: requests that ended in an error, those included that reached no model.
        cancelled: requests whose client left.
        latencies: calls per bucket, not cumulative; the last one is for those above every bound.
        today: known costs by the day (UTC) on which the request arrived.
        reached: calls since the start of this process.
        fallbacks: of those, the ones that ended at another model than the caller's own choice.
        cache_hits: requests that were given an answer again, since the start of this process; they are no calls.
    """

    __slots__ = (
        "cache_hits",
        "calls",
        "cancelled",
        "cost_nusd",
        "failed",
        "fallbacks",
        "input_tokens",
        "latencies",
        "latency_us",
        "output_tokens",
        "reached",
        "succeeded",
        "today",
        "unknown_cost_calls",
    )

    def __init__(self, buckets: int, days: Calendar) -> None:
        self.calls = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost_nusd = 0
        self.unknown_cost_calls = 0
        self.latency_us = 0
        self.succeeded = 0
        self.failed = 0
        self.cancelled = 0
        self.latencies = [0] * buckets
        self.today = Tally(days)
        self.reached = 0
        self.fallbacks = 0
        self.cache_hits = 0

    def add_ending(self, failure: str, requests: int = 1) -> None:
        """Count how requests ended; an empty failure code is a success."""
        if not failure:
            self.succeeded += requests
        elif failure == CLIENT_DISCONNECTED:
            self.cancelled += requests
        else:
            self.failed += requests

    def add_totals(self, totals: AgentTotals) -> None:
        """Add what was counted before."""
        self.calls += totals.calls
        self.input_tokens += totals.input_tokens
        self.output_tokens += totals.output_tokens
        self.cost_nusd += totals.cost_nusd
        self.unknown_cost_calls += totals.unknown_cost_calls
        self.latency_us += totals.latency_us
        for failure, requests in totals.endings.items():
            self.add_ending(failure, requests)
        for bucket, calls in enumerate(totals.latencies):
            self.latencies[bucket] += calls

    def add_tally(self, tally: "AgentTally", now_ms: int) -> None:
        """Add all that another agent's requests add up to; of its costs by day only those of the present one."""
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(tally, name))
        for bucket, calls in enumerate(tally.latencies):
            self.latencies[bucket] += calls
        self.today.add(now_ms, tally.today.read(now_ms))

    def report(self) -> AgentReport:
        """The numbers as `GET /metrics/tokens` gives them; rounded here and nowhere before."""
        tokens = self.input_tokens + self.output_tokens
        calls = max(self.calls, 1)
        return AgentReport(
            prompt_tokens=self.input_tokens,
            completion_tokens=self.output_tokens,
            total_tokens=tokens,
            total_cost=self.cost_nusd / NUSD_PER_USD,
            call_count=self.calls,
            unknown_cost_calls=self.unknown_cost_calls,
            total_latency=self.latency_us / 1_000_000,
            avg_tokens_per_call=round(tokens / calls, 2),
            avg_cost_per_call=round(self.cost_nusd / calls / NUSD_PER_USD, 9),
            avg_latency_seconds=round(self.latency_us / calls / 1_000_000, 3),
        )


_SUMS = tuple(name for name in AgentTally.__slots__ if name not in ("latencies", "today"))


class Metrics:
    """Everything counted; belongs to the event loop's thread.

    Attributes:
        latency_bounds_ms: the upper bounds of the latency buckets.
        revision: of the configuration that new requests see.
        routing: what routing did.
        denied: requests that ended in each code of a failure since the start, of those that budgets and limits have.
    """

    def __init__(self, latency_bounds_ms: Sequence[int], count_lost_rows: Callable[[], int]) -> None:
        """Begin at zero.

        Args:
            latency_bounds_ms: ascending upper bounds, the same that the stored totals are grouped by.
            count_lost_rows: how many usage rows were lost since the start.
        """
        self.latency_bounds_ms = tuple(latency_bounds_ms)
        self.revision = ""
        self.count_lost_rows = count_lost_rows
        self.routing = RoutingMetrics()
        self.denied = dict.fromkeys(DENIALS, 0)
        self._bounds_us = [bound * 1_000 for bound in latency_bounds_ms]
        self._days = Calendar("day", "UTC")
        self._shown = {"": BY_MODEL_LABEL}
        self._other = self._new_tally()
        self._tallies = {"": self._new_tally()}

    def follow(self, snapshot: Snapshot) -> None:
        """Give every configured agent a label of its own; one that is gone keeps its label until the next start."""
        self.revision = snapshot.revision
        for agent in snapshot.agents:
            if agent not in self._tallies and len(self._tallies) <= MOST_AGENTS:
                self._tallies[agent] = self._new_tally()
                if len(self._shown) <= MOST_SHOWN_AGENTS:
                    self._shown[agent] = agent
        self.routing.follow(snapshot)

    def restore(self, totals: Iterable[AgentTotals]) -> None:
        """Add what was counted before this start; after the first `follow`, so that each agent finds its label."""
        for agent_totals in totals:
            self._tallies.get(agent_totals.agent, self._other).add_totals(agent_totals)

    def restore_day(self, at_ms: int, costs_nusd: Mapping[str, int]) -> None:
        """Add what each agent's requests have cost before this start, on the day (UTC) that a moment is in."""
        for agent, cost_nusd in costs_nusd.items():
            self._tallies.get(agent, self._other).today.add(at_ms, cost_nusd)

    def record(self, outcome: Outcome) -> None:
        """Count one finished request."""
        tally = self._tallies.get(outcome.agent, self._other)
        self.routing.record(outcome, self._shown.get(outcome.agent, OTHER_LABEL))
        tally.add_ending(outcome.failure)
        if outcome.failure in self.denied:
            self.denied[outcome.failure] += 1
        if outcome.attempts:
            latency_us = round(outcome.latency_ms * 1_000)
            tally.calls += 1
            tally.reached += 1
            if outcome.degraded:
                tally.fallbacks += 1
            tally.latency_us += latency_us
            tally.latencies[bisect_left(self._bounds_us, latency_us)] += 1
        elif outcome.cached:
            tally.cache_hits += 1
        usage = outcome.usage
        if usage is not None:
            tally.input_tokens += usage.input_tokens
            tally.output_tokens += usage.output_tokens
        if outcome.cost_nusd:
            tally.cost_nusd += outcome.cost_nusd
            tally.today.add(outcome.at_ms, outcome.cost_nusd)
        if outcome.cost_status == "unknown":
            tally.unknown_cost_calls += 1

    def tallies(self) -> dict[str, AgentTally]:
        """The tallies by label: configured agents, `(none)`, and `other` last."""
        by_label = {agent or BY_MODEL_LABEL: tally for agent, tally in self._tallies.items()}
        return by_label | {OTHER_LABEL: self._other}

    def shown_tallies(self, now_ms: int) -> dict[str, AgentTally]:
        """The tallies as a scrape shows them: what is beyond `MOST_SHOWN_AGENTS` is put together as `other`.

        Args:
            now_ms: in milliseconds since the Unix epoch; of the others only the costs of its day are kept.
        """
        other = self._new_tally()
        other.add_tally(self._other, now_ms)
        shown: dict[str, AgentTally] = {}
        for agent, tally in self._tallies.items():
            if agent in self._shown:
                shown[self._shown[agent]] = tally
            else:
                other.add_tally(tally, now_ms)
        return shown | {OTHER_LABEL: other}

    def token_report(self, now: datetime) -> TokenReport:
        """The answer of `GET /metrics/tokens`: every agent with a call, and all together. `now` is in UTC."""
        used = {label: tally for label, tally in self.tallies().items() if tally.calls}
        return TokenReport(
            per_agent={label: tally.report() for label, tally in used.items()},
            totals=TotalReport(
                total_tokens=sum(tally.input_tokens + tally.output_tokens for tally in used.values()),
                total_cost=sum(tally.cost_nusd for tally in used.values()) / NUSD_PER_USD,
                total_calls=sum(tally.calls for tally in used.values()),
                unknown_cost_calls=sum(tally.unknown_cost_calls for tally in used.values()),
            ),
            timestamp=now.isoformat(),
        )

    def _new_tally(self) -> AgentTally:
        return AgentTally(len(self.latency_bounds_ms) + 1, self._days)
