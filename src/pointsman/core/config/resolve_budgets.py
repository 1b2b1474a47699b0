"""Completes the budgets: whose spending each counts, and a name for those that were given none."""

from pointsman.core.config.compilation import Compilation
from pointsman.core.config.sections.routing import Budget as WrittenBudget
from pointsman.core.config.snapshot import Budget
from pointsman.core.limits.scopes import read_scope
from pointsman.core.limits.windows import has_time_zone


def resolve_budgets(compilation: Compilation) -> tuple[Budget, ...]:
    """The budgets in the order of the document; those are missing that a problem is noted for.

    Budgets of one scope and window that do different things are a budget each.
    """
    written = (one.value for one in compilation.document.budgets)
    return tuple(budget for one in written if (budget := _resolve(one)))


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
        time_zone=written.time_zone,
        on_exceed=written.on_exceed,
        alert_at=tuple(sorted(set(written.alert_at))),
    )
