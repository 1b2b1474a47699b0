"""What rules may know of money, and which limits a decision must keep; plain values, so that it can be replayed."""

import msgspec

from pointsman.core.limits.payers import NOBODY as NOBODY
from pointsman.core.limits.payers import Payer as Payer
from pointsman.core.limits.scopes import ScopeKind


class ClosedScope(msgspec.Struct, frozen=True, omit_defaults=True):
    """Candidates that may not be taken, because a budget over them is used up.

    Attributes:
        kind: `cloud`, `provider` or `model`.
        name: of the provider or model; `""` for `cloud`.
        budget: its name.
        spares_local: whether those of them that are local may be taken all the same.
    """

    kind: ScopeKind
    name: str
    budget: str
    spares_local: bool = False

    def holds(self, model: str, provider: str, location: str) -> bool:
        """Whether a candidate is one of them."""
        if location != "cloud" and (self.spares_local or self.kind == "cloud"):
            return False
        return self.kind == "cloud" or self.name == (model if self.kind == "model" else provider)


class MoneyFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was spent under the budgets that apply to a request, in nano-dollars.

    The narrowest budget is that of user, key, team, agent, interaction, tag, model, provider, cloud, total, in this
    order; of several for one scope that of a day, then that of the shorter window, then the lower one.

    Attributes:
        daily_cost_nusd: spent today, in the time zone and the scope of the narrowest budget that applies; by
            everybody and in UTC when none does.
        budget_nusd: the limit of that budget, or `None`.
        budget_mode: a budget that applies has used four fifths of its limit, whatever happens at its end: a model for
            saving is of use before the end, and who writes one beside a budget that only warns wants it taken, too.
        cost_limit_reached: a budget that applies is used up.
        local_only: a budget that is used up and leaves local models only, or `None`.
        denied_by: a budget that is used up and denies, or `None`; those over candidates close them instead.
        cheaper: a budget that is used up and asks for cheaper models, or `None`.
        cloud_today_nusd: spent by everybody on cloud models today, in UTC.
        closed: candidates that budgets over the cloud, over providers and over models take away.
    """

    daily_cost_nusd: int = 0
    budget_nusd: int | None = None
    budget_mode: bool = False
    cost_limit_reached: bool = False
    local_only: str | None = None
    denied_by: str | None = None
    cheaper: str | None = None
    cloud_today_nusd: int = 0
    closed: tuple[ClosedScope, ...] = ()
