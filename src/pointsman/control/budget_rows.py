"""Budgets and limits as people ask about them: how each stands now, where it is written, and what it will come to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pointsman.control.reconcile import Counted
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.alerts import BUDGET_WARNING, NewAlert, find_reached
from pointsman.core.limits.drift import Compared
from pointsman.core.limits.forecast import BudgetState, find_share, forecast_spent, judge_budget
from pointsman.core.limits.in_use import RateUse, WindowUse
from pointsman.core.limits.scopes import EACH, Scope, ScopeKind
from pointsman.core.limits.windows import find_length

_REGISTERED: tuple[ScopeKind, ...] = ("key", "team", "user")


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """How one budget stands.

    Attributes:
        use: its window, and what counts in it.
        scope: as documents write it, such as `team:alpha`.
        state: how near its limit is.
        share: that is spent of it, in millionths.
        left_nusd: what further calls may cost, at least 0.
        forecast_nusd: what the window will come to, or `None` where nobody can tell.
        stands_in: the place in the document, or whose terms it is one of, such as `key:key_1`; `""` for one that is
            gone.
    """

    use: WindowUse
    scope: str
    state: BudgetState
    share: int
    left_nusd: int
    forecast_nusd: int | None
    stands_in: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """How one limit stands.

    Attributes:
        use: what is used of it.
        scope, stands_in: as a budget's.
    """

    use: RateUse
    scope: str
    stands_in: str


def list_budget_rows(uses: Iterable[WindowUse], snapshot: Snapshot, now_ms: int) -> Iterator[BudgetRow]:
    """A row for each window that budgets count in now, in their order."""
    places: dict[tuple[str, ...], str] = {
        (one.scope_kind, one.scope_name, one.name, one.window, one.time_zone, one.on_exceed): f"budgets[{place}]"
        for place, one in enumerate(snapshot.budgets)
    }
    for use in uses:
        what = (use.name, use.window, use.time_zone, use.on_exceed)
        yield _describe(use, _find_place(use.scope, what, places), now_ms)


def list_limit_rows(uses: Iterable[RateUse], snapshot: Snapshot) -> Iterator[LimitRow]:
    """A row for each limit, in their order."""
    places: dict[tuple[str, ...], str] = {
        (one.scope_kind, one.scope_name, one.name): f"limits[{place}]" for place, one in enumerate(snapshot.limits)
    }
    for use in uses:
        yield LimitRow(use, write_scope(use.scope), _find_place(use.scope, (use.name,), places))


def write_scope(scope: Scope) -> str:
    """As documents write it, such as `total` or `team:alpha`."""
    kind, name = scope
    return f"{kind}:{name}" if name else kind


def _describe(use: WindowUse, stands_in: str, now_ms: int) -> BudgetRow:
    counting = use.held_nusd + use.unknown_nusd
    is_calendar = not find_length(use.window)
    return BudgetRow(
        use=use,
        scope=write_scope(use.scope),
        state=judge_budget(use.spent_nusd, counting, use.limit_nusd),
        share=find_share(use.spent_nusd, use.limit_nusd),
        left_nusd=max(0, use.limit_nusd - use.spent_nusd - counting),
        # A rolling window ends at every moment.
        forecast_nusd=forecast_spent(use.spent_nusd, use.start_ms, use.end_ms, now_ms) if is_calendar else None,
        stands_in=stands_in,
    )


def find_warnings(uses: Iterable[WindowUse]) -> Iterator[NewAlert]:
    """The shares that spending has reached in each window, warned of or not."""
    for use in uses:
        start_ms, end_ms = _name_window(use)
        for share in find_reached(use.spent_nusd, use.limit_nusd, use.alert_at):
            yield NewAlert(
                kind=BUDGET_WARNING,
                budget=use.name,
                scope=write_scope(use.scope),
                window=use.window,
                time_zone=use.time_zone,
                on_exceed=use.on_exceed,
                start_ms=start_ms,
                end_ms=end_ms,
                share=share,
                limit_nusd=use.limit_nusd,
                spent_nusd=use.spent_nusd,
            )


def _name_window(use: WindowUse) -> tuple[int, int]:
    """The window that a warning is about; rolling ones, which begin at every moment, are told of once per length."""
    length_ms = find_length(use.window)
    if not length_ms:
        return use.start_ms, use.end_ms
    # The last millisecond of the step that it is now.
    start_ms = (use.end_ms - 1) // length_ms * length_ms
    return start_ms, start_ms + length_ms


def count_windows(uses: Iterable[WindowUse], last_request_id: str | None) -> Counted:
    """What budgets go by, to be compared with the ledger."""
    return Counted([_count(use) for use in uses], last_request_id)


def _count(use: WindowUse) -> Compared:
    kind, name = use.scope
    return Compared(kind, name, use.window, use.time_zone, use.start_ms, use.end_ms, use.spent_nusd, 0)


def _find_place(scope: Scope, what: tuple[str, ...], places: Mapping[tuple[str, ...], str]) -> str:
    """Where the budget or limit of a scope stands that is known by this much more."""
    kind, name = scope
    place = places.get((kind, name, *what)) or places.get((kind, EACH, *what))
    if place is not None:
        return place
    return f"{kind}:{name}" if kind in _REGISTERED else ""
