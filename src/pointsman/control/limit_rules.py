"""Which hard budgets and rates a call must keep, found once for each payer and place, and what is short of them."""

from collections.abc import Callable, Sequence

from pointsman.control.budget_index import HARD, BudgetIndex, Watched
from pointsman.control.rate_index import Gauged, RateIndex
from pointsman.core.limits.claims import Claim, Place, Shortage, list_scopes
from pointsman.core.limits.each_tally import EachTally
from pointsman.core.limits.families import Family
from pointsman.core.limits.gauges import Gauge, Lack
from pointsman.core.limits.held import Held
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.rate_view import RateLeft, RateView, look_at_rate
from pointsman.core.limits.scopes import Scope
from pointsman.core.limits.tally import Tally

MOST_KNOWN = 4_096
"""Payers and places whose rules are remembered."""

LONGEST_RETRY_S = 86_400.0
UNDER_WAY_S = 1.0
"""When to ask again where calls under way hold what is missing: they end at any time."""

OF_PLACES = frozenset(("model", "provider", "cloud"))


OpenRules = Callable[[Sequence[Watched], Sequence[Gauged]], "Rules"]


class Rules:
    """What a call must keep.

    Attributes:
        budgets: hard ones, those of who asks first; of several that count in the same tally the lowest.
        tallies: what they count in.
        rates: the limits that are no money.
        gauges: how far those are used.
    """

    __slots__ = ("budgets", "gauges", "rates", "tallies")

    def __init__(self, budgets: Sequence[Watched], rates: Sequence[Gauged]) -> None:
        self.budgets = tuple(sorted(budgets, key=lambda watched: watched.is_of_candidate))
        self.rates = tuple(sorted(rates, key=lambda gauged: gauged.scope[0] in OF_PLACES))
        self.tallies: tuple[Tally, ...] = tuple(watched.tally for watched in self.budgets)
        self.gauges: tuple[Gauge, ...] = tuple(gauged.gauge for gauged in self.rates)

    def find_shortage(self, claim: Claim, held: Held | None, now_ns: int) -> Shortage | None:
        """The first thing that is missing for a call, if anything is; nothing is changed."""
        if self.budgets:
            most_nusd = claim.most_nusd
            if most_nusd is None:
                return describe_unpriced(self.budgets[0])
            at_ms, amount = claim.at_ms, claim.spent_nusd + most_nusd
            for watched in self.budgets:
                tally = watched.tally
                own = held.count_in(tally.peek(at_ms)) if held is not None else 0
                if tally.use(at_ms) - own + amount > watched.limit_nusd:
                    return _describe_money(watched, claim, own)
        for gauged in self.rates:
            taken = held.count_taken(gauged.gauge) if held is not None else None
            lack = gauged.gauge.find_lack(claim.tokens, now_ns, taken)
            if lack is not None:
                return describe_lack(gauged, lack)
        return None

    def describe_rates(self, now_ns: int) -> RateView | None:
        """Of the rates those with least left, or `None` where there are none."""
        requests = [look_at_rate(gauge.requests, now_ns) for gauge in self.gauges if gauge.requests is not None]
        tokens = [look_at_rate(gauge.tokens, now_ns) for gauge in self.gauges if gauge.tokens is not None]
        if not requests and not tokens:
            return None
        return RateView(min(requests, key=_count_left, default=None), min(tokens, key=_count_left, default=None))


def _count_left(rate: RateLeft) -> int:
    return rate.left


class LimitRules:
    """The rules of one configuration.

    Attributes:
        is_empty: whether nothing is ever refused.
    """

    def __init__(self, budgets: BudgetIndex, rates: RateIndex, open_rules: OpenRules = Rules) -> None:
        """Index the rules.

        Args:
            budgets: that must be kept, among others.
            rates: likewise.
            open_rules: makes the rules of one payer and place.
        """
        self._open_rules = open_rules
        self.is_empty = budgets.is_soft and rates.is_empty
        self._budgets = budgets
        self._rates = rates
        self._known: dict[tuple[Payer, Place], Rules] = {}
        self._families: tuple[EachTally | Family[Gauge], ...] = (
            *budgets.tallies.each.values(),
            *rates.families.values(),
        )
        self._sweeps = self._count_sweeps()

    def find(self, claim: Claim, now_ns: int) -> Rules | Shortage:
        """The rules of a call, or that one of them has no room for another name."""
        payer = claim.payer
        if type(payer.tags) is tuple:
            if self._families and self._sweeps != self._count_sweeps():
                self._known.clear()
            rules = self._known.get((payer, claim.place))
            if rules is not None:
                return rules
        found = self._resolve(claim, now_ns)
        if type(payer.tags) is tuple and isinstance(found, Rules):
            if len(self._known) >= MOST_KNOWN or self._sweeps != self._count_sweeps():
                self._known.clear()
                self._sweeps = self._count_sweeps()
            self._known[payer, claim.place] = found
        return found

    def _count_sweeps(self) -> int:
        return sum([family.sweeps for family in self._families])

    def _resolve(self, claim: Claim, now_ns: int) -> Rules | Shortage:
        is_cloud = claim.place.location == "cloud"
        lowest: dict[Tally, Watched] = {}
        elsewhere: list[Watched] = []
        rates: list[Gauged] = []
        for scope in list_scopes(claim.payer, claim.place):
            watched = list(self._budgets.by_scope.get(scope, ()))
            for each in self._budgets.each.get(scope[0], ()):
                one = each.find(scope[1], claim.at_ms)
                if one is not None:
                    watched.append(one)
                elif _is_hard(each.budget.on_exceed, is_cloud):
                    return _describe_crowd(each.budget.name, scope, each.budget.window, each.budget.limit_nusd)
            for one in watched:
                if _is_hard(one.on_exceed, is_cloud):
                    other = lowest.get(one.tally)
                    if other is None or one.limit_nusd < other.limit_nusd:
                        lowest[one.tally] = one
                elif one.tally.is_shared and one.on_exceed in HARD:
                    elsewhere.append(one)
            for gauged in self._rates.list_applying(scope, now_ns):
                if not isinstance(gauged, Gauged):
                    return _describe_crowd(gauged[0], scope, "minute", 0)
                rates.append(gauged)
        # A part of what replicas share serves calls to all places, so the lowest limit over any of them holds.
        for one in elsewhere:
            if one.tally in lowest and one.limit_nusd < lowest[one.tally].limit_nusd:
                lowest[one.tally] = one
        return self._open_rules(tuple(lowest.values()), rates)


def write_scope(scope: Scope) -> str:
    """As documents write it, such as `total` or `team:alpha`."""
    kind, name = scope
    return f"{kind}:{name}" if name else kind


def describe_lack(gauged: Gauged, lack: Lack) -> Shortage:
    """What is missing of a limit of rates, for people."""
    wait_s = None if lack.wait_ns is None else lack.wait_ns / 1e9
    return Shortage(
        of=lack.of,
        name=gauged.name,
        scope=write_scope(gauged.scope),
        window="" if lack.of == "concurrency" else "minute",
        limit=lack.limit,
        left=lack.left,
        retry_after_s=UNDER_WAY_S if lack.of == "concurrency" else wait_s,
        is_of_place=gauged.scope[0] in OF_PLACES,
    )


def _is_hard(on_exceed: str, is_cloud: bool) -> bool:
    return on_exceed == "deny" or (on_exceed in HARD and is_cloud)


def _describe_money(watched: Watched, claim: Claim, own_nusd: int) -> Shortage:
    tally, limit = watched.tally, watched.limit_nusd
    used = tally.use(claim.at_ms) - own_nusd
    amount = claim.spent_nusd + (claim.most_nusd or 0)
    window = tally.peek(claim.at_ms)
    others_hold = window.held - own_nusd if window is not None else 0
    if amount > limit:
        retry_after_s = None
    elif used - others_hold + amount <= limit:
        retry_after_s = UNDER_WAY_S
    else:
        retry_after_s = (tally.find_relief(claim.at_ms) - claim.at_ms) / 1_000
    return Shortage(
        of="money",
        name=watched.name,
        scope=write_scope(watched.scope),
        window=watched.window,
        limit=limit,
        left=max(0, limit - used - claim.spent_nusd),
        retry_after_s=None if retry_after_s is None or retry_after_s > LONGEST_RETRY_S else retry_after_s,
        on_exceed=watched.on_exceed,
        is_of_place=watched.is_of_candidate,
    )


def describe_unpriced(watched: Watched) -> Shortage:
    """A price is unknown that a budget needs."""
    # A model with a price could serve, whoever's budget it is.
    return Shortage(
        of="price",
        name=watched.name,
        scope=write_scope(watched.scope),
        window=watched.window,
        limit=watched.limit_nusd,
        left=0,
        retry_after_s=None,
        on_exceed=watched.on_exceed,
        is_of_place=True,
    )


def _describe_crowd(name: str, scope: Scope, window: str, limit: int) -> Shortage:
    return Shortage(
        of="names", name=name, scope=write_scope(scope), window=window, limit=limit, left=0, retry_after_s=60.0
    )
