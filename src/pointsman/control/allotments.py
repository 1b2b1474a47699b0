"""What keys, teams and users may use up, as the budgets and limits that it means; whoever counts hears of changes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pointsman.core.config.snapshot import Budget, RateLimit
from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.routing.key_budget import write_key_budget
from pointsman.core.routing.key_policy import KeyPolicy, TenantTerms

ALERT_AT = (500_000, 800_000, 950_000, 1_000_000)
"""Shares of a budget at which to warn, in millionths: those of the document."""


@dataclass(frozen=True, slots=True)
class Allotment:
    """What one of them may use up."""

    budgets: tuple[Budget, ...] = ()
    limits: tuple[RateLimit, ...] = ()


NOTHING = Allotment()


def list_allotment(kind: ScopeKind, name: str, terms: KeyPolicy | TenantTerms) -> Allotment:
    """The budgets and limits that terms mean for the requests of one scope."""
    budgets = tuple(
        Budget(
            name=f"{kind}:{name} {write_key_budget(budget)}",
            scope_kind=kind,
            scope_name=name,
            window=budget.window,
            limit_nusd=budget.limit_nusd,
            time_zone=budget.time_zone,
            on_exceed=budget.on_exceed,
            alert_at=ALERT_AT,
        )
        for budget in dict.fromkeys(terms.budgets)
    )
    if terms.requests_per_minute is None and terms.tokens_per_minute is None and terms.concurrent is None:
        return Allotment(budgets) if budgets else NOTHING
    limit = RateLimit(
        name=f"{kind}:{name}",
        scope_kind=kind,
        scope_name=name,
        requests_per_minute=terms.requests_per_minute,
        tokens_per_minute=terms.tokens_per_minute,
        concurrent=terms.concurrent,
    )
    return Allotment(budgets, (limit,))


class Allotments:
    """The budgets and limits of all of them."""

    def __init__(self) -> None:
        self.budgets: tuple[Budget, ...] = ()
        self.limits: tuple[RateLimit, ...] = ()
        self._watchers: list[Callable[[], None]] = []

    def watch(self, on_change: Callable[[], None]) -> None:
        """Call this whenever budgets or limits have become others; it must not wait and must not raise."""
        self._watchers.append(on_change)

    def take_over(self, parts: Iterable[Allotment]) -> None:
        """Go by these; whoever watches is told where they are others than before."""
        present: Sequence[Allotment] = [part for part in parts if part is not NOTHING]
        budgets = tuple(budget for part in present for budget in part.budgets)
        limits = tuple(limit for part in present for limit in part.limits)
        if (budgets, limits) == (self.budgets, self.limits):
            return
        self.budgets, self.limits = budgets, limits
        for on_change in self._watchers:
            on_change()
