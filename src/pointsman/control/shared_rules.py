"""What is short of a replica's own part of limits that several share, and whether the store may have more of it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from pointsman.control.budget_index import Watched
from pointsman.control.limit_rules import (
    LONGEST_RETRY_S,
    OF_PLACES,
    UNDER_WAY_S,
    Rules,
    describe_lack,
    describe_unpriced,
    write_scope,
)
from pointsman.control.rate_index import Gauged
from pointsman.core.limits.claims import Claim, Shortage
from pointsman.core.limits.gauges import Lack
from pointsman.core.limits.held import Held
from pointsman.core.limits.shared_gauges import RateUnit, SharedGauge, SharedRate
from pointsman.core.limits.shared_tally import SharedTally, SharedWindow


class MoneyWant(NamedTuple):
    """What a claim needs of a window that has not so much free."""

    window: SharedWindow
    need: int
    limit: int


class RateWant(NamedTuple):
    """What a claim needs of a limit of rates; without a unit, a place among calls at the same time."""

    gauge: SharedGauge
    unit: RateUnit | None
    need: int


class SharedShortage(Shortage, frozen=True):
    """What is short, with what the store is to be asked for."""

    money: tuple[MoneyWant, ...] = ()
    rates: tuple[RateWant, ...] = ()
    needs_lease: bool = False


class Standing:
    """What every call looks at of the store that replicas share.

    Attributes:
        lease_until_ns: until when parts may be used, by the replica's own clock.
        away_until_ns: when it may be asked again for a lease.
        low: what runs low, and is to be filled up beside the requests.
        low_rates: likewise.
        wake: wakes whoever fills them up.
    """

    __slots__ = ("away_until_ns", "lease_until_ns", "low", "low_rates", "wake")

    def __init__(self) -> None:
        self.lease_until_ns = self.away_until_ns = 0
        self.low: set[SharedWindow] = set()
        self.low_rates: set[SharedGauge] = set()
        self.wake: Callable[[], None] = lambda: None


class SharedRules(Rules):
    """What a call must keep in this replica's parts."""

    __slots__ = ("_has_parts", "_shared_gauges", "_shared_tallies", "_standing")

    def __init__(self, budgets: Sequence[Watched], rates: Sequence[Gauged], standing: Standing) -> None:
        super().__init__(budgets, rates)
        self._standing = standing
        self._shared_tallies = [(one, one.tally) for one in self.budgets if isinstance(one.tally, SharedTally)]
        self._shared_gauges = [(one, one.gauge) for one in self.rates if isinstance(one.gauge, SharedGauge)]
        self._has_parts = bool(self.budgets) or any(gauge.most_calls is not None for gauge in self.gauges)

    def find_shortage(self, claim: Claim, held: Held | None, now_ns: int) -> Shortage | None:
        """What is missing for a call, if anything is; nothing is changed but the list of what runs low."""
        standing = self._standing
        if self.budgets and claim.most_nusd is None:
            return describe_unpriced(self.budgets[0])
        if self._has_parts and now_ns >= standing.lease_until_ns:
            return self._describe_lapsed(now_ns)
        short: list[tuple[Watched, MoneyWant]] = []
        at_ms, amount = claim.at_ms, claim.spent_nusd + (claim.most_nusd or 0)
        for watched, tally in self._shared_tallies:
            window = tally.find(at_ms)
            need = amount - held.count_in(window) if held is not None else amount
            left = window.part - window.unflushed - window.unknown - window.held - need
            if left < 0 < need:
                short.append((watched, MoneyWant(window, need, watched.limit_nusd)))
            elif left < window.low:
                standing.low.add(window)
                standing.wake()
        lacking, wants = self._list_lacking(claim, held, now_ns) if self._shared_gauges else ([], ())
        if short:
            return _describe_money(short, wants, claim, now_ns)
        return _describe_rates(lacking, wants, now_ns) if lacking else None

    def _list_lacking(
        self, claim: Claim, held: Held | None, now_ns: int
    ) -> tuple[list[tuple[Gauged, Lack]], tuple[RateWant, ...]]:
        lacking: list[tuple[Gauged, Lack]] = []
        wants: list[RateWant] = []
        for gauged, gauge in self._shared_gauges:
            taken = held.count_taken(gauge) if held is not None else None
            lack = gauge.find_lack(claim.tokens, now_ns, taken)
            if lack is not None:
                lacking.append((gauged, lack))
                wants += _list_wants(gauge, claim.tokens, now_ns, taken)
            elif any(rate.count_left(now_ns) < rate.spare // 2 for rate in gauge.rates):
                self._standing.low_rates.add(gauge)
                self._standing.wake()
        return lacking, tuple(wants)

    def _describe_lapsed(self, now_ns: int) -> Shortage:
        first: Watched | Gauged = self.budgets[0] if self.budgets else self.rates[0]
        return SharedShortage(
            of="store",
            name=first.name,
            scope=write_scope(first.scope),
            window=first.window if isinstance(first, Watched) else "",
            limit=first.limit_nusd if isinstance(first, Watched) else 0,
            left=0,
            retry_after_s=UNDER_WAY_S,
            can_wait=now_ns >= self._standing.away_until_ns,
            needs_lease=True,
        )


def _list_wants(gauge: SharedGauge, tokens: int, now_ns: int, taken: int | None) -> list[RateWant]:
    """All that a call needs of a limit and that is not there."""
    wants: list[RateWant] = []
    if taken is None and gauge.most_calls is not None and gauge.calls >= gauge.part:
        wants.append(RateWant(gauge, None, 1))
    needs = {"requests": 1 if taken is None else 0, "tokens": tokens - (taken or 0)}
    for rate in gauge.rates:
        need = needs[rate.unit]
        if need > 0 and rate.count_left(now_ns) < need:
            wants.append(RateWant(gauge, rate.unit, need))
    return wants


def is_refused(want: MoneyWant, now_ns: int) -> bool:
    """Whether the store has just said that there is not so much."""
    window = want.window
    return bool(window.refused) and now_ns < window.refused_until_ns and want.need - window.free >= window.refused


def _describe_money(
    short: Sequence[tuple[Watched, MoneyWant]], wants: tuple[RateWant, ...], claim: Claim, now_ns: int
) -> Shortage:
    """The first window that the store has nothing for; where there is none, the first that has to be asked for."""
    hopeless = [each for each in short if is_refused(each[1], now_ns)]
    away = [each for each in short if now_ns < each[1].window.away_until_ns]
    watched, want = (hopeless or away or short)[0]
    window = want.window
    room = max(0, window.free) + max(0, window.remaining or 0)
    return SharedShortage(
        of="store" if away and not hopeless else "money",
        name=watched.name,
        scope=write_scope(watched.scope),
        window=watched.window,
        limit=watched.limit_nusd,
        left=max(0, room + (claim.most_nusd or 0) - want.need),
        retry_after_s=_find_retry_s(watched, claim),
        on_exceed=watched.on_exceed,
        is_of_place=watched.is_of_candidate,
        can_wait=not hopeless and not away,
        money=tuple(each for _, each in short),
        rates=wants,
    )


def _find_retry_s(watched: Watched, claim: Claim) -> float | None:
    """When to ask again: in a moment where others hold what is missing, else when the window ends."""
    amount = claim.spent_nusd + (claim.most_nusd or 0)
    if amount > watched.limit_nusd:
        return None
    if watched.tally.read(claim.at_ms) + amount <= watched.limit_nusd:
        return UNDER_WAY_S
    retry_after_s = (watched.tally.find_relief(claim.at_ms) - claim.at_ms) / 1_000
    return retry_after_s if retry_after_s <= LONGEST_RETRY_S else None


def _describe_rates(lacking: Sequence[tuple[Gauged, Lack]], wants: tuple[RateWant, ...], now_ns: int) -> Shortage:
    hopeless = [each for each in lacking if _is_hopeless(each[1], wants, now_ns)]
    is_away = any(now_ns < _find_away_ns(want) for want in wants)
    gauged, lack = (hopeless or lacking)[0]
    found = describe_lack(gauged, lack)
    return SharedShortage(
        of="store" if is_away and not hopeless else found.of,
        name=found.name,
        scope=found.scope,
        window=found.window,
        limit=found.limit,
        left=found.left,
        retry_after_s=found.retry_after_s,
        is_of_place=gauged.scope[0] in OF_PLACES,
        can_wait=not hopeless and not is_away,
        rates=wants,
    )


def _is_hopeless(lack: Lack, wants: Sequence[RateWant], now_ns: int) -> bool:
    if lack.of != "concurrency" and lack.wait_ns is None:
        return True
    matching = [want for want in wants if (want.unit or "concurrency") == lack.of]
    return not matching or any(is_refused_rate(want, now_ns) for want in matching)


def is_refused_rate(want: RateWant, now_ns: int) -> bool:
    """Whether the store has just said that there is nothing."""
    rate = find_rate(want)
    return now_ns < (want.gauge.refused_until_ns if rate is None else rate.retry_ns)


def find_rate(want: RateWant) -> SharedRate | None:
    """The rate that is meant, or `None` where it is places."""
    return next((rate for rate in want.gauge.rates if rate.unit == want.unit), None)


def _find_away_ns(want: RateWant) -> int:
    rate = find_rate(want)
    return want.gauge.away_until_ns if rate is None else rate.away_until_ns
