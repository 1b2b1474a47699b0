"""`GET /metrics/tokens` of all replicas together: from the stored totals, which every one of them adds to."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.limits.tally import Calendar
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS, AgentTotals
from pointsman.telemetry.metrics import BY_MODEL_LABEL, AgentTally, TokenReport, TotalReport

KEPT_MS = 500
"""How old an answer may be; what replicas have not written yet is another tenth of a second."""

ReadTotals = Callable[[], Awaitable[Iterable[AgentTotals]]]


class StoredTokens:
    """Reads the totals at most twice a second, however often it is asked.

    Args:
        read: the running totals per agent as they are stored.
        clock_ms: milliseconds since the Unix epoch.
    """

    def __init__(self, read: ReadTotals, clock_ms: Callable[[], int]) -> None:
        self._read = read
        self._clock_ms = clock_ms
        self._report: TokenReport | None = None
        self._read_at_ms = 0

    async def report(self) -> TokenReport:
        """The answer, whose timestamp is when it was read. Raises what reading raises."""
        now_ms = self._clock_ms()
        if self._report is None or not 0 <= now_ms - self._read_at_ms < KEPT_MS:
            self._report = report_totals(await self._read(), datetime.fromtimestamp(now_ms / 1_000, UTC))
            self._read_at_ms = now_ms
        return self._report


def report_totals(totals: Iterable[AgentTotals], now: datetime) -> TokenReport:
    """The answer of `GET /metrics/tokens`: every agent with a call, and all together. `now` is in UTC."""
    tallies: dict[str, AgentTally] = {}
    for each in totals:
        if each.calls:
            tally = tallies[each.agent or BY_MODEL_LABEL] = AgentTally(len(LATENCY_BOUNDS_MS) + 1, _DAYS)
            tally.add_totals(each)
    return TokenReport(
        per_agent={label: tally.report() for label, tally in tallies.items()},
        totals=TotalReport(
            total_tokens=sum(tally.input_tokens + tally.output_tokens for tally in tallies.values()),
            total_cost=sum(tally.cost_nusd for tally in tallies.values()) / NUSD_PER_USD,
            total_calls=sum(tally.calls for tally in tallies.values()),
            unknown_cost_calls=sum(tally.unknown_cost_calls for tally in tallies.values()),
        ),
        timestamp=now.isoformat(),
    )


_DAYS = Calendar("day", "UTC")
