"""The running tally of what was spent and is held: in memory, exact after a restart, and no request waits for it."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from time import monotonic_ns
from typing import Protocol

from pointsman.control.budget_index import BudgetIndex, Watched, index_budgets
from pointsman.control.budget_tallies import ALL_TODAY, CLOUD_TODAY, Tallies, list_tallies
from pointsman.control.limit_rules import LimitRules
from pointsman.control.limits_in_use import list_rates, list_warned, list_windows
from pointsman.control.rate_index import RateIndex
from pointsman.control.shared_limits import SharedLimits
from pointsman.control.shared_rules import SharedRules, SharedShortage
from pointsman.core.config.snapshot import Budget, RateLimit, Snapshot
from pointsman.core.limits.claims import Claim, Hold, Place, Shortage
from pointsman.core.limits.families import MOST_NAMES
from pointsman.core.limits.held import Held
from pointsman.core.limits.in_use import RateUse, WindowUse
from pointsman.core.limits.payers import NOBODY, Payer
from pointsman.core.limits.rate_view import RateView
from pointsman.core.limits.scopes import CostQuestion, ScopeKind
from pointsman.core.limits.windows import Span
from pointsman.core.money_ports import AllowanceStore
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.money_facts import ClosedScope, MoneyFacts
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
    """What was spent and is held under each limit; the port `Limits` of `claims.py`. Belongs to one event loop.

    Attributes:
        unknown_costs: recorded requests of which some cost is unknown, so that no tally holds it.
    """

    def __init__(
        self,
        store: SpendingStore,
        longest_wait_ms: int = LONGEST_WAIT_MS,
        clock_ns: Callable[[], int] = monotonic_ns,
        shared: AllowanceStore | None = None,
        lease_ms: int = 120_000,
    ) -> None:
        """Begin without any limit.

        Args:
            store: what was spent before.
            longest_wait_ms: how long a new budget waits until the rows of all requests so far are written.
            clock_ns: what rates and leases go by; it never goes back.
            shared: where replicas share limits; without it they are this process's own.
            lease_ms: how long that store believes that this replica lives after it was last heard of.
        """
        self.unknown_costs = 0
        self._store = store
        self._longest_wait_ms = longest_wait_ms
        self._clock_ns = clock_ns
        self._last_request_id: str | None = None
        self._shared = SharedLimits(shared, clock_ns, lease_ms) if shared is not None else None
        self._following = asyncio.Lock()
        self._open: set[Held] = set()
        self._has_others = False
        self._loaded = Tallies({})
        self._rates = RateIndex((), 0)
        self._take_over(index_budgets(_NOTHING, self._list_tallies(())), self._rates)

    async def follow(
        self, snapshot: Snapshot, now_ms: int, extra: Sequence[Budget] = (), extra_limits: Sequence[RateLimit] = ()
    ) -> None:
        """Watch the limits of a snapshot; what was spent before under budgets that are new is read from the store.

        Until that is read the limits of the former snapshot apply. The first call comes before any request.

        Args:
            snapshot: about to be in force, or just so.
            now_ms: the time, in milliseconds since the Unix epoch.
            extra: budgets from elsewhere, such as those of keys; they are like those of the document.
            extra_limits: rates from elsewhere, likewise.

        Raises:
            Exception: what the store raises; then the former limits stay, and the call can be repeated.
        """
        async with self._following:
            known = self._loaded
            tallies = self._list_tallies((*snapshot.budgets, *extra), known)
            fresh = tallies.list_unknown(known)
            # Requests that end from here on count in the new ones, so that none falls between them and the rows.
            self._tallies = known.join(tallies)
            try:
                if fresh.by_id or fresh.each:
                    await self._load(fresh, now_ms)
            except BaseException:
                self._tallies = self._index.tallies
                raise
            self._loaded = tallies
            self._has_others = bool(extra)
            limits = (*snapshot.limits, *extra_limits)
            rates = RateIndex(limits, self._clock_ns(), self._rates, is_shared=self._shared is not None)
            self._take_over(index_budgets(snapshot, tallies, extra), rates)

    def record(self, outcome: Outcome) -> None:
        """Count a finished request; call it with the same outcomes, and in the same order, as rows are written."""
        self._last_request_id = outcome.request_id
        if outcome.cost_nusd is None:
            self.unknown_costs += 1
        if self._index.is_empty and self._tallies is self._index.tallies:
            self._count_day(outcome)
        else:
            self._tallies.add(outcome)
        if self._shared is not None:
            self._shared.note_recorded(outcome)

    def note_written(self, outcomes: Sequence[Outcome]) -> None:
        """Outcomes are in the ledger for good; call it on the event loop, after each commit.

        Where replicas share limits, that transaction has moved their costs out of this one's parts.
        """
        if self._shared is not None:
            self._shared.note_written(outcomes, self._tallies)

    def count_entries(self, entries: Sequence[LedgerEntry]) -> None:
        """Count corrections that are in the ledger and were not there before; never entries of recorded outcomes."""
        for entry in entries:
            self._tallies.correct(entry)
        if self._shared is not None:
            self._shared.note_corrected()

    def _count_day(self, outcome: Outcome) -> None:
        """Where there are no budgets: the two sums of the day that are kept all the same, without asking who pays."""
        for charge in outcome.charges:
            if charge.cost_nusd and charge.kind == "charge":
                self._all_today.add(outcome.at_ms, charge.cost_nusd)
                if charge.location == "cloud":
                    self._cloud_today.add(outcome.at_ms, charge.cost_nusd)

    @property
    def has_any(self) -> bool:
        """Whether there is any limit that a call must keep; those that only warn are none."""
        return not self._rules.is_empty

    @property
    def has_other_budgets(self) -> bool:
        """Whether there are budgets that the document does not write, so that `look` is worth asking all the same."""
        return self._has_others

    def hold(self, claim: Claim, former: Hold | None = None) -> Held | Shortage | None:
        """Take what a call needs of every limit that applies to it, all or nothing; see `Limits`."""
        rules = self._rules
        if rules.is_empty and former is None:
            return None
        if former is not None and not isinstance(former, Held):
            raise TypeError("only a hold that was given here can be raised")
        held = former if former is not None and not former.is_released else None
        now_ns = self._clock_ns() if self._needs_clock else 0
        found = rules.find(claim, now_ns)
        if isinstance(found, Shortage):
            return found
        if held is None and not found.budgets and not found.rates:
            return None
        shortage = found.find_shortage(claim, held, now_ns)
        if shortage is not None:
            return shortage
        if held is None:
            held = Held(claim)
            self._open.add(held)
        held.hold(found.tallies, claim)
        if found.gauges:
            held.take(found.gauges, claim.tokens, now_ns)
        if self._shared is not None and found.tallies:
            self._shared.money.note_hold(claim.most_nusd or 0)
        return held

    async def fetch(self, claim: Claim, shortage: Shortage) -> bool:
        """Ask the store for a larger part of what is short, within a second; see `Limits`.

        Whatever it says, and if it says nothing, the next `hold` knows.
        """
        if self._shared is None or not isinstance(shortage, SharedShortage):
            return False
        return await self._shared.fetch(shortage)

    async def keep_shared(self, now_ms: Callable[[], int], rejoin: Callable[[], Awaitable[None]] | None = None) -> None:
        """Keep up what is shared with other replicas, until cancelled; returns at once where nothing is.

        Args:
            now_ms: the time, in milliseconds since the Unix epoch.
            rejoin: joins the store anew after an operator has had this replica forgotten.
        """
        if self._shared is not None:
            await self._shared.keep(now_ms, rejoin)

    async def leave_shared(self, now_ms: int) -> None:
        """Give back all that is free; for the end, after the last request and the last row."""
        if self._shared is not None:
            await self._shared.leave(now_ms)

    def release(self, hold: Hold, cost_nusd: int | None, tokens: int, known_nusd: int = 0) -> None:
        """End a hold; see `Limits`."""
        if not isinstance(hold, Held):
            raise TypeError("only a hold that was given here can be released")
        self._open.discard(hold)
        hold.release(cost_nusd, tokens, self._clock_ns() if self._needs_clock else 0, known_nusd)

    def describe(self, payer: Payer, place: Place, at_ms: int) -> RateView | None:
        """The rates that a call counts in, as they stand now; see `Limits`."""
        if self._rates.is_empty:
            return None
        now_ns = self._clock_ns()
        rules = self._rules.find(Claim(payer, place, at_ms, 0, 0, 0), now_ns)
        return None if isinstance(rules, Shortage) else rules.describe_rates(now_ns)

    def list_windows(self, now_ms: int) -> list[WindowUse]:
        """How far each budget is used; of those for every name, each name that was seen."""
        return list(list_windows(self._index, now_ms))

    def list_warned(self, now_ms: int) -> list[WindowUse]:
        """The same for those of which so much is spent that somebody is to be warned."""
        return list(list_warned(self._index, now_ms))

    @property
    def last_request_id(self) -> str | None:
        """The last request that is counted, or `None` before the first one since the start."""
        return self._last_request_id

    def limits_in_use(self) -> list[RateUse]:
        """How far each limit of requests, tokens and calls is used, likewise."""
        return list(list_rates(self._rates, self._clock_ns()))

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

    def _take_over(self, index: BudgetIndex, rates: RateIndex) -> None:
        index.tallies.join_names()
        self._index = index
        self._tallies = index.tallies
        self._all_today = index.tallies.by_id[ALL_TODAY]
        self._cloud_today = index.tallies.by_id[CLOUD_TODAY]
        self._rates = rates
        self._needs_clock = self._shared is not None or not rates.is_empty
        if self._shared is None:
            self._rules = rules = LimitRules(index, rates)
        else:
            self._shared.follow(index, rates)
            self._rules = rules = LimitRules(index, rates, partial(SharedRules, standing=self._shared.standing))
        # What calls under way may still cost counts under budgets that are new, too.
        for held in self._open:
            found = rules.find(held.claim, self._clock_ns() if self._needs_clock else 0)
            if not isinstance(found, Shortage):
                held.hold_also(found.tallies)

    def _list_tallies(self, budgets: Sequence[Budget], known: Tallies | None = None) -> Tallies:
        return list_tallies(budgets, known, self._shared.money.sums.open_tally if self._shared is not None else None)

    async def _load(self, fresh: Tallies, now_ms: int) -> None:
        """Add what was spent in the windows that it is now to tallies that are new."""
        names: dict[tuple[ScopeKind, Span], set[str]] = defaultdict(set)
        every: dict[tuple[ScopeKind, Span], None] = {}
        for (kind, name, _, _), tally in fresh.by_id.items():
            for span in tally.calendar.list_spans(now_ms):
                names[kind, span].add(name)
        for (kind, _, _, _), each in fresh.each.items():
            every |= {(kind, span): None for span in each.calendar.list_spans(now_ms)}
        questions = [CostQuestion(kind, frozenset(some), *span) for (kind, span), some in names.items()]
        questions += [CostQuestion(kind, None, *span, MOST_NAMES) for kind, span in every]
        answers = iter(await self._store.sum_costs(questions, await self._wait_for_rows()))
        sums = {asked: next(answers) for asked in names}
        sums_of_every = {asked: next(answers) for asked in every}
        for (kind, name, _, _), tally in fresh.by_id.items():
            for span in tally.calendar.list_spans(now_ms):
                if cost_nusd := sums[kind, span].get(name, 0):
                    tally.load(span[0], cost_nusd)
        for (kind, _, _, _), each in fresh.each.items():
            for span in each.calendar.list_spans(now_ms):
                found = sums_of_every[kind, span]
                for name, cost_nusd in found.items():
                    each.load(name, span[0], cost_nusd)
                if len(found) >= MOST_NAMES:
                    each.note_missed(span[0])

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
