"""Limits that replicas share, seen from one of them: what it was given it may use while its lease lasts.

The lease is counted from before the store was asked, by this replica's own clock, so it never lasts longer here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from pointsman.control.budget_index import HARD, BudgetIndex
from pointsman.control.budget_tallies import Tallies, name_tallies
from pointsman.control.rate_index import RateIndex
from pointsman.control.shared_money import SharedMoney
from pointsman.control.shared_rates import SharedRates
from pointsman.control.shared_rules import SharedShortage, Standing
from pointsman.core.limits.shared_gauges import SharedGauge
from pointsman.core.limits.shared_tally import SharedWindow
from pointsman.core.money_ports import AccountId, AllowanceStore, StoreUnavailable
from pointsman.core.routing.outcome import Outcome

_log = logging.getLogger(__name__)

NS_PER_MS = 1_000_000
LONGEST_FETCH_S = 1.0
AWAY_NS = 1_000 * NS_PER_MS
LOOK_EVERY_S = 1.0
PAUSE_S = 0.005
"""Between two times of filling up, so that what several requests use is asked for at once."""

MOST_UNWRITTEN = 200_000
"""Requests whose costs are waited for to be in the ledger; of those beyond, what they spent stays counted here."""


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A request whose cost is counted and not in the ledger yet.

    Attributes:
        counted: in which windows, and how much.
        follow: under which configuration.
    """

    counted: Sequence[tuple[SharedWindow, int]]
    follow: int


class SharedLimits:
    """Belongs to one event loop.

    Args:
        store: that shares limits.
        clock_ns: a clock that only goes forward.
        lease_ms: how long the store believes that this replica lives after it was last heard of.
    """

    def __init__(self, store: AllowanceStore, clock_ns: Callable[[], int], lease_ms: int) -> None:
        self.standing = Standing()
        self.money = SharedMoney(store, clock_ns, self.standing)
        self.rates = SharedRates(store, clock_ns, self.standing)
        self._store = store
        self._clock_ns = clock_ns
        self._lease_ms = lease_ms
        self._tallies = Tallies({})
        self._rate_index = RateIndex((), 0)
        self._unwritten: dict[str, Unwritten] = {}
        self._follows = 0
        self._renewing: asyncio.Task[None] | None = None
        self._is_forgotten = False
        self._is_away = False

    def follow(self, index: BudgetIndex, rates: RateIndex) -> None:
        """Another configuration is in force."""
        self._follows += 1
        limits: dict[AccountId, int] = {}
        watched = [one.budget for those in index.by_scope.values() for one in those]
        for budget in (*watched, *(each.budget for all_each in index.each.values() for each in all_each)):
            if budget.on_exceed in HARD:
                account, _ = name_tallies(budget)
                limits[account] = min(budget.limit_nusd, limits.get(account, budget.limit_nusd))
        self.money.follow(limits)
        stays = {gauge.name for gauge in list_gauges(rates)}
        self.rates.owe((gauge for gauge in list_gauges(self._rate_index) if gauge.name not in stays), everything=True)
        self._tallies, self._rate_index = index.tallies, rates

    def note_recorded(self, outcome: Outcome) -> None:
        """An outcome has just been counted in the tallies."""
        noted = self.money.sums.take_noted()
        if len(self._unwritten) >= MOST_UNWRITTEN:
            del self._unwritten[next(iter(self._unwritten))]
        self._unwritten[outcome.request_id] = Unwritten(noted, self._follows)

    def note_written(self, outcomes: Sequence[Outcome], tallies: Tallies) -> None:
        """Outcomes are in the ledger, whose transaction has taken their costs from this replica's parts."""
        self.money.written += 1
        for outcome in outcomes:
            unwritten = self._unwritten.pop(outcome.request_id, None)
            if unwritten is None:
                # Another process recorded it, and the store has taken it from that one's parts.
                continue
            for window, cost_nusd in unwritten.counted:
                window.flush(cost_nusd)
            if unwritten.follow != self._follows:
                self._take_from_others(outcome, unwritten, tallies)

    def note_corrected(self) -> None:
        """The tallies have counted a correction that is in the ledger already."""
        self.money.written += 1

    async def fetch(self, shortage: SharedShortage) -> bool:
        """Ask for what is short; that `hold` is worth another try means that its answer will be the store's."""
        try:
            async with asyncio.timeout(LONGEST_FETCH_S):
                if shortage.needs_lease:
                    await self._renew_once()
                if shortage.money:
                    await self.money.fill(shortage.money)
                if shortage.rates:
                    await self.rates.fill(shortage.rates)
        except TimeoutError:
            until_ns = self._clock_ns() + AWAY_NS
            for want in shortage.money:
                self.money.sums.adopt(want.window).away_until_ns = until_ns
            self.standing.away_until_ns = until_ns
        return True

    async def keep(self, now_ms: Callable[[], int], rejoin: Callable[[], Awaitable[None]] | None) -> None:
        """Renew the lease, fill up what runs low, give back what is idle, find out what others spent; until cancelled.

        Args:
            now_ms: the time, in milliseconds since the Unix epoch.
            rejoin: joins the store anew after an operator has had this replica forgotten.
        """
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_lease(rejoin), name="renew the lease of shared limits")
            group.create_task(self._keep_filled(), name="fill up shared limits")
            group.create_task(self._keep_looking(now_ms), name="look at shared limits")

    async def leave(self, now_ms: int) -> None:
        """Give back all that is free; for a replica that ends, once its requests have and the ledger has them."""
        await self.money.flights.close()
        await self.rates.flights.close()
        await self._try(self.money.give_back(now_ms, everything=True))
        await self._try(self.rates.give_back(list_gauges(self._rate_index), everything=True))

    async def _keep_lease(self, rejoin: Callable[[], Awaitable[None]] | None) -> None:
        while True:
            if self._is_forgotten and rejoin is not None:
                await self._try(rejoin())
            await self._renew_once()
            is_well = self._clock_ns() < self.standing.lease_until_ns and not self._is_away
            await asyncio.sleep(self._lease_ms / (4_000 if is_well else 40_000))

    async def _keep_filled(self) -> None:
        runs_low = asyncio.Event()
        self.standing.wake = runs_low.set
        while True:
            await runs_low.wait()
            await asyncio.sleep(PAUSE_S)
            runs_low.clear()
            await self.money.fill_up()
            await self.rates.fill_up()

    async def _keep_looking(self, now_ms: Callable[[], int]) -> None:
        while True:
            await self.look(now_ms())
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self, now_ms: int) -> None:
        """Give back what is idle, and read what all replicas have spent."""
        await self._try(self.money.give_back(now_ms))
        await self._try(self.rates.give_back(list_gauges(self._rate_index)))
        tallies = [*self._tallies.by_id.values()]
        tallies += [tally for each in self._tallies.each.values() for _, tally in each]
        await self._try(self.money.read_totals(tallies, now_ms))

    async def _renew_once(self) -> None:
        """Renew the lease, together with whoever else wants that."""
        if self._renewing is None or self._renewing.done():
            self._renewing = asyncio.create_task(self._renew(), name="renewing a lease")
        await asyncio.wait([self._renewing])

    async def _renew(self) -> None:
        asked_ns = self._clock_ns()
        try:
            is_known = await self._store.renew()
        except StoreUnavailable as error:
            self.standing.away_until_ns = self._clock_ns() + AWAY_NS
            self._note_away(error)
            return
        if is_known:
            self.standing.lease_until_ns = asked_ns + self._lease_ms * NS_PER_MS
            self.standing.away_until_ns = 0
            self._is_forgotten = False
        else:
            self._forget()

    def _forget(self) -> None:
        """The store has never heard of this replica: nothing may be used before it has joined anew."""
        if not self._is_forgotten:
            _log.warning("this replica was taken for dead and forgotten; its parts of limits are asked for anew")
        self._is_forgotten = True
        self.standing.lease_until_ns = 0
        self.standing.away_until_ns = self._clock_ns() + AWAY_NS
        self.money.forget()
        self.rates.forget(list_gauges(self._rate_index))

    def _take_from_others(self, outcome: Outcome, unwritten: Unwritten, tallies: Tallies) -> None:
        """The transaction has taken a cost from parts of windows, too, that nobody watched when it was counted."""
        sums = self.money.sums
        sums.is_tracing = True
        try:
            tallies.add(outcome)
        finally:
            sums.is_tracing = False
        known = {window for window, _ in unwritten.counted}
        for window, cost_nusd in sums.take_noted():
            if window not in known:
                window.take(cost_nusd)

    async def _try(self, work: Awaitable[None]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            self._note_away(error)
        else:
            if self._is_away:
                _log.warning("the store that shares limits answers again")
            self._is_away = False

    def _note_away(self, error: StoreUnavailable) -> None:
        # A line per second would bury the others.
        if not self._is_away:
            _log.error("limits are not shared at the moment: %s", error)
        self._is_away = True


def list_gauges(rates: RateIndex) -> Iterable[SharedGauge]:
    """All that are shared."""
    for _, _, gauge in rates.list_all():
        if isinstance(gauge, SharedGauge):
            yield gauge
