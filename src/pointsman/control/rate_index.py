"""The limits of requests, tokens and calls at the same time, each with how far it is used, found by scope."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from pointsman.core.config.snapshot import RateLimit
from pointsman.core.limits.families import Family
from pointsman.core.limits.gauges import Gauge
from pointsman.core.limits.scopes import EACH, KINDS_FOR_EACH, Scope, ScopeKind
from pointsman.core.limits.shared_gauges import SharedGauge

NS_PER_MS = 1_000_000

OpenGauge = Callable[[RateLimit, str], Gauge]

LimitId = tuple[str, ScopeKind, str]
"""Name and scope of a limit: by these it is known again in another configuration."""


class Gauged:
    """A limit with how far it is used; of one for every name, that of one of them."""

    __slots__ = ("gauge", "name", "scope")

    def __init__(self, name: str, scope: Scope, gauge: Gauge) -> None:
        self.name = name
        self.scope = scope
        self.gauge = gauge


class RateIndex:
    """Limits by scope; what is used of those that were there before goes on.

    Args:
        limits: of rates.
        now_ns: the time, by a clock that only goes forward.
        former: what was there before.
        is_shared: whether replicas share them.
    """

    def __init__(
        self,
        limits: Sequence[RateLimit],
        now_ns: int,
        former: "RateIndex | None" = None,
        *,
        is_shared: bool = False,
    ) -> None:
        self.is_empty = not limits
        open_gauge = _open_shared if is_shared else _open_alone
        self._gauges: dict[LimitId, Gauge] = {}
        self._families: dict[LimitId, Family[Gauge]] = {}
        self._by_scope: dict[Scope, list[LimitId]] = {}
        for limit in limits:
            account = (limit.name, limit.scope_kind, limit.scope_name)
            self._by_scope.setdefault((limit.scope_kind, limit.scope_name), []).append(account)
            if limit.scope_name == EACH and limit.scope_kind in KINDS_FOR_EACH:
                known = former._families if former else {}
                self._families[account] = _take_family(limit, known.get(account), now_ns, open_gauge)
            else:
                gauges = former._gauges if former else {}
                self._gauges[account] = _take_gauge(limit, gauges.get(account), now_ns, open_gauge)

    @property
    def families(self) -> Mapping[LimitId, Family[Gauge]]:
        """Those of every name of a kind."""
        return self._families

    def list_all(self) -> Iterator[tuple[str, Scope, Gauge]]:
        """Each limit by name and scope, those of every name of a kind as far as names were seen."""
        for (name, kind, scope_name), gauge in self._gauges.items():
            yield name, (kind, scope_name), gauge
        for (name, kind, _), family in self._families.items():
            for scope_name, gauge in family:
                yield name, (kind, scope_name), gauge

    def list_applying(self, scope: Scope, now_ns: int) -> Iterator[Gauged | LimitId]:
        """The limits over a scope; one that has no room for another name is given as its id."""
        kind, name = scope
        for account in self._by_scope.get(scope, ()):
            if account in self._gauges:
                yield Gauged(account[0], scope, self._gauges[account])
        for account in self._by_scope.get((kind, EACH), ()):
            if account in self._families:
                gauge = self._families[account].find(name, now_ns // NS_PER_MS)
                yield account if gauge is None else Gauged(account[0], scope, gauge)


def _open_alone(limit: RateLimit, name: str) -> Gauge:
    return Gauge(limit.requests_per_minute, limit.tokens_per_minute, limit.concurrent)


def _open_shared(limit: RateLimit, name: str) -> Gauge:
    # Two limits of one scope, or one of each user, are told apart by both names.
    stored = f"{limit.scope_kind}:{name}|{limit.name}"
    return SharedGauge(stored, limit.requests_per_minute, limit.tokens_per_minute, limit.concurrent)


def _take_gauge(limit: RateLimit, known: Gauge | None, now_ns: int, open_gauge: OpenGauge) -> Gauge:
    if known is None:
        return open_gauge(limit, limit.scope_name)
    known.change(limit.requests_per_minute, limit.tokens_per_minute, limit.concurrent, now_ns)
    return known


def _take_family(limit: RateLimit, known: Family[Gauge] | None, now_ns: int, open_gauge: OpenGauge) -> Family[Gauge]:
    family = Family(lambda name: open_gauge(limit, name), lambda gauge, now_ms: gauge.is_idle(now_ms * NS_PER_MS))
    for name, gauge in known or ():
        family.keep(name, _take_gauge(limit, gauge, now_ns, open_gauge))
    return family
