"""Completes budgets and limits: whose calls each counts, and a name for those that were given none."""

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.sections.limits import Limit
from pointsman.core.config.sections.routing import Budget as WrittenBudget
from pointsman.core.config.snapshot import Budget, RateLimit
from pointsman.core.limits.scopes import read_scope
from pointsman.core.limits.windows import find_length, has_time_zone


def resolve_budgets(compilation: Compilation) -> tuple[Budget, ...]:
    """The budgets in the order of the document; those are missing that a problem is noted for.

    Budgets of one scope and window that do different things are a budget each.
    """
    written = (one.value for one in compilation.document.budgets)
    return tuple(budget for one in written if (budget := _resolve(one)))


def resolve_limits(compilation: Compilation) -> tuple[RateLimit, ...]:
    """The limits in the order of the document; those are missing that a problem is noted for."""
    written = (one.value for one in compilation.document.limits)
    return tuple(limit for one in written if (limit := _resolve_limit(one)))


def _resolve_limit(written: Limit) -> RateLimit | None:
    scope = read_scope(written.scope)
    if scope is None:
        return None
    return RateLimit(
        name=written.name or written.scope,
        scope_kind=scope[0],
        scope_name=scope[1],
        requests_per_minute=written.requests_per_minute,
        tokens_per_minute=written.tokens_per_minute,
        concurrent=written.concurrent,
    )


def _resolve(written: WrittenBudget) -> Budget | None:
    scope = read_scope(written.scope)
    # Both are noted by the checks; here they only must not get into a snapshot, where they could not be counted.
    if scope is None or not has_time_zone(written.time_zone):
        return None
    return Budget(
        name=written.name or f"{written.scope} per {written.window}",
        scope_kind=scope[0],
        scope_name=scope[1],
        window=written.window,
        limit_nusd=written.limit,
        # Equal windows are counted once, and rolling ones are the same in every zone.
        time_zone="UTC" if find_length(written.window) else written.time_zone,
        on_exceed=written.on_exceed,
        alert_at=tuple(sorted(set(written.alert_at))),
    )
