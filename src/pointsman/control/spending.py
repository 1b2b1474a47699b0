"""The running tally of what was spent: in memory, exact after a restart, and no request ever waits for a store."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Protocol

from pointsman.control.budget_index import BudgetIndex, Watched, index_budgets
from pointsman.control.budget_tallies import ALL_TODAY, CLOUD_TODAY, Tallies, TallyId, list_tallies
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.scopes import CostQuestion, ScopeKind
from pointsman.core.limits.tally import Tally
from pointsman.core.limits.windows import Span
from pointsman.core.routing.money_facts import NOBODY, ClosedScope, MoneyFacts, Payer
from pointsman.core.routing.outcome import Outcome

_log = logging.getLogger(__name__)

LONGEST_WAIT_MS = 5_000
"""How long a new budget waits until the rows of all requests so far are written."""

LOOK_AGAIN_MS = 20

_NOTHING = Snapshot("", "", {}, {})


class SpendingStore(Protocol):
    """Where costs survive a restart."""

    async def is_written(self, request_id: str) -> bool:
        """Whether the row of a request is stored, and with it the rows of all that were recorded before."""

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> Sequence[Mapping[str, int]]:
        """The known costs of each question in nano-dollars, by the name of the scope.

        Args:
            questions: what to sum up.
            last_request_id: the request whose row is the last one to count; all count when it is `None` or not stored.
        """


class Spending:
    """What was spent under each budget; belongs to one event loop.

    Attributes:
        unknown_costs: recorded requests whose cost nobody knows, so that no tally holds it.
    """

    def __init__(self, store: SpendingStore, longest_wait_ms: int = LONGEST_WAIT_MS) -> None:
        self.unknown_costs = 0
        self._store = store
        self._longest_wait_ms = longest_wait_ms
        self._last_request_id: str | None = None
        self._following = asyncio.Lock()
        self._loaded: dict[TallyId, Tally] = {}
        self._take_over(index_budgets(_NOTHING, list_tallies(_NOTHING, {})))

    async def follow(self, snapshot: Snapshot, now_ms: int) -> None:
        """Watch the budgets of a snapshot; what was spent before under those that are new is read from the store.

        Until that is read the budgets of the former snapshot apply. The first call comes before any request.

        Args:
            snapshot: about to be in force, or just so.
            now_ms: the time, in milliseconds since the Unix epoch.

        Raises:
            Exception: what the store raises; then the former budgets stay, and the call can be repeated.
        """
        async with self._following:
            tallies = list_tallies(snapshot, self._loaded)
            fresh = {name: tally for name, tally in tallies.items() if name not in self._loaded}
            # Requests that end from here on count in the new ones, so that none falls between them and the rows.
            self._tallies = Tallies(self._loaded | tallies)
            try:
                if fresh:
                    await self._load(fresh, now_ms)
            except BaseException:
                self._tallies = self._index.tallies
                raise
            self._loaded = tallies
            self._take_over(index_budgets(snapshot, tallies))

    def record(self, outcome: Outcome) -> None:
        """Count a finished request; call it with the same outcomes, and in the same order, as rows are written."""
        self._last_request_id = outcome.request_id
        if outcome.cost_nusd is None:
            self.unknown_costs += 1
        elif outcome.cost_nusd:
            if self._index.is_empty and self._tallies is self._index.tallies and not outcome.further:
                self._count_day(outcome, outcome.cost_nusd)
            else:
                self._tallies.add(outcome, outcome.cost_nusd)

    def _count_day(self, outcome: Outcome, cost_nusd: int) -> None:
        """Where there are no budgets: the two sums of the day that are kept all the same, without asking who pays."""
        self._all_today.add(outcome.at_ms, cost_nusd)
        if outcome.location == "cloud":
            self._cloud_today.add(outcome.at_ms, cost_nusd)

    def look(self, now_ms: int, payer: Payer = NOBODY) -> MoneyFacts:
        """What rules may know of money and which limits hold, for a request; asks no store.

        Args:
            now_ms: the time, in milliseconds since the Unix epoch.
            payer: who makes the request, and where it may go.
        """
        index = self._index
        if not index.is_empty:
            return self._judge(index.list_applying(payer), now_ms)
        cloud_today, all_today = self._cloud_today.read(now_ms), self._all_today.read(now_ms)
        return MoneyFacts(daily_cost_nusd=all_today, cloud_today_nusd=cloud_today)

    def _judge(self, applying: Sequence[Watched], now_ms: int) -> MoneyFacts:
        saves = reached = False
        local_only = denied_by = cheaper = None
        for watched in applying:
            spent_nusd = watched.tally.read(now_ms)
            saves = saves or spent_nusd >= watched.near_nusd
            if spent_nusd < watched.limit_nusd:
                continue
            reached = True
            match watched.on_exceed:
                case "deny" if denied_by is None and not watched.is_of_candidate:
                    denied_by = watched.name
                case "local_only" if local_only is None:
                    local_only = watched.name
                case "cheaper" if cheaper is None:
                    cheaper = watched.name
        narrowest = applying[0] if applying else None
        return MoneyFacts(
            daily_cost_nusd=(narrowest.day_tally if narrowest else self._all_today).read(now_ms),
            budget_nusd=narrowest.limit_nusd if narrowest else None,
            budget_mode=saves,
            cost_limit_reached=reached,
            local_only=local_only,
            denied_by=denied_by,
            cheaper=cheaper,
            cloud_today_nusd=self._cloud_today.read(now_ms),
            closed=self._list_closed(now_ms),
        )

    def _list_closed(self, now_ms: int) -> tuple[ClosedScope, ...]:
        closing = self._index.closing
        if not closing:
            return ()
        return tuple([watched.closes for watched in closing if watched.tally.read(now_ms) >= watched.limit_nusd])

    def _take_over(self, index: BudgetIndex) -> None:
        self._index = index
        self._tallies = index.tallies
        self._all_today = index.tallies.by_id[ALL_TODAY]
        self._cloud_today = index.tallies.by_id[CLOUD_TODAY]

    async def _load(self, fresh: Mapping[TallyId, Tally], now_ms: int) -> None:
        """Add what was spent in the windows that it is now to tallies that are new."""
        names: dict[tuple[ScopeKind, Span], set[str]] = defaultdict(set)
        spans = {tally_id: tally.calendar.span_now(now_ms) for tally_id, tally in fresh.items()}
        for (kind, name, _, _), span in zip(spans, spans.values(), strict=True):
            names[kind, span].add(name)
        questions = [CostQuestion(kind, frozenset(some), *span) for (kind, span), some in names.items()]
        last_request_id = await self._wait_for_rows()
        answers = dict(zip(names, await self._store.sum_costs(questions, last_request_id), strict=True))
        for tally_id, tally in fresh.items():
            kind, name, _, _ = tally_id
            span = spans[tally_id]
            tally.add(span[0], answers[kind, span].get(name, 0))

    async def _wait_for_rows(self) -> str | None:
        """Wait until all requests so far are stored; answers the last of them, or `None` where that cannot be had."""
        last_request_id = self._last_request_id
        if last_request_id is None:
            return None
        for _ in range(self._longest_wait_ms // LOOK_AGAIN_MS):
            if await self._store.is_written(last_request_id):
                return last_request_id
            await asyncio.sleep(LOOK_AGAIN_MS / 1_000)
        # What is stored in the meantime counts twice then, what is stored later not at all: better than no budget.
        _log.warning("usage rows are late: what a new budget has used may be off by the requests of the last seconds")
        return None
