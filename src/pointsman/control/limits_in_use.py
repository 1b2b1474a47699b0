"""Lists how far limits are used, for the API and people; asks no store and changes nothing."""

from collections.abc import Iterator

from pointsman.control.budget_index import BudgetIndex
from pointsman.control.rate_index import RateIndex
from pointsman.core.config.snapshot import Budget
from pointsman.core.limits.gauges import Gauge
from pointsman.core.limits.in_use import RateUse, WindowUse
from pointsman.core.limits.scopes import EACH, Scope
from pointsman.core.limits.tally import Tally, open_tally


def list_windows(index: BudgetIndex, now_ms: int) -> Iterator[WindowUse]:
    """How each budget stands; of those for every name each name that was seen."""
    for those in index.by_scope.values():
        for watched in those:
            yield _describe_window(watched.budget, watched.scope, watched.tally, now_ms)
    for kind, all_each in index.each.items():
        for each in all_each:
            # Before anybody was seen the budget itself has a row, so that it is not missed.
            for name, tally in list(each.tallies.list_all()) or [(EACH, open_tally(each.tallies.calendar))]:
                yield _describe_window(each.budget, (kind, name), tally, now_ms)


def list_warned(index: BudgetIndex, now_ms: int) -> Iterator[WindowUse]:
    """Those of which so much is spent that somebody is to be warned; what is not is passed over quickly."""
    for those in index.by_scope.values():
        for watched in those:
            if _is_warned(watched.budget, watched.tally, now_ms):
                yield _describe_window(watched.budget, watched.scope, watched.tally, now_ms)
    for kind, all_each in index.each.items():
        for each in all_each:
            for name, tally in each.tallies.list_all():
                if _is_warned(each.budget, tally, now_ms):
                    yield _describe_window(each.budget, (kind, name), tally, now_ms)


def list_rates(index: RateIndex, now_ns: int) -> Iterator[RateUse]:
    """How each limit of rates stands; of those for every name each name that was seen."""
    for name, scope, gauge in index.list_all():
        yield _describe_gauge(name, scope, gauge, now_ns)


def _is_warned(budget: Budget, tally: Tally, now_ms: int) -> bool:
    alert_at, spent_nusd = budget.alert_at, tally.read(now_ms)
    return bool(alert_at) and spent_nusd > 0 and spent_nusd * 1_000_000 >= budget.limit_nusd * alert_at[0]


def _describe_window(budget: Budget, scope: Scope, tally: Tally, now_ms: int) -> WindowUse:
    spans = tally.calendar.list_spans(now_ms)
    windows = [window for start_ms, _ in spans if (window := tally.peek(start_ms)) is not None]
    granted = [window.granted for window in windows if window.granted is not None]
    return WindowUse(
        name=budget.name,
        scope=scope,
        window=budget.window,
        time_zone=budget.time_zone,
        on_exceed=budget.on_exceed,
        start_ms=spans[-1][0],
        end_ms=spans[0][1],
        limit_nusd=budget.limit_nusd,
        spent_nusd=tally.read(now_ms),
        held_nusd=sum(window.held for window in windows),
        unknown_nusd=sum(window.unknown for window in windows),
        granted_nusd=sum(granted) if tally.is_shared else None,
        alert_at=budget.alert_at,
    )


def _describe_gauge(name: str, scope: Scope, gauge: Gauge, now_ns: int) -> RateUse:
    requests, tokens = gauge.requests, gauge.tokens
    return RateUse(
        name=name,
        scope=scope,
        requests_per_minute=requests.per_minute if requests is not None else None,
        tokens_per_minute=tokens.per_minute if tokens is not None else None,
        concurrent=gauge.most_calls,
        requests_left=requests.count_left(now_ns) if requests is not None else None,
        tokens_left=tokens.count_left(now_ns) if tokens is not None else None,
        calls=gauge.calls,
        places=gauge.places,
    )
