"""Which budgets apply to a request; found by name, not by looking at each.

Budgets over the cloud, a provider or a model apply to a candidate. Before one is chosen they apply to whoever could go
there: to a model that is asked for by name, or to a caller by the models that the document writes for it; who names
neither could go anywhere.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pointsman.control.budget_tallies import Tallies, TallyId, name_tallies
from pointsman.core.config.snapshot import Agent, Budget, Deployment, Snapshot
from pointsman.core.limits.scopes import NARROWEST_FIRST, Scope, ScopeKind
from pointsman.core.limits.tally import Tally
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.money_facts import ClosedScope, Payer

OF_CANDIDATES: frozenset[ScopeKind] = frozenset(("model", "provider", "cloud"))
"""Scopes of what a request goes to, not of who makes it."""

_WINDOW_RANK: dict[WindowKind, int] = {"day": 0, "hour": 1, "week": 2, "month": 3}
"""A day's budget first, because `daily_cost` is compared with it; then the shorter one."""


class Watched:
    """A budget with what was spent of it."""

    __slots__ = (
        "closes",
        "day_tally",
        "is_of_candidate",
        "limit_nusd",
        "name",
        "near_nusd",
        "on_exceed",
        "rank",
        "tally",
    )

    def __init__(self, budget: Budget, rank: int, tally: Tally, day_tally: Tally) -> None:
        self.name = budget.name
        self.rank = rank
        self.tally = tally
        self.day_tally = day_tally
        self.limit_nusd = budget.limit_nusd
        self.near_nusd = -(-budget.limit_nusd * 4 // 5)
        self.on_exceed = budget.on_exceed
        self.is_of_candidate = budget.scope_kind in OF_CANDIDATES
        spares_local = budget.on_exceed == "local_only"
        self.closes = ClosedScope(budget.scope_kind, budget.scope_name, budget.name, spares_local)


Applying = tuple[Watched, ...]
"""Budgets in the order in which they count as the narrowest."""

ByName = Mapping[str | None, Applying]


@dataclass(frozen=True, slots=True)
class BudgetIndex:
    """The budgets of a snapshot, by whom they apply to.

    Attributes:
        tallies: what they count in, and today's of everything and of the cloud.
        of_user, of_key, of_team, of_agent, of_interaction, of_tag: by name.
        of_caller: those of candidates, by the name of the caller that could go there.
        of_model: the same by the name of the model that is asked for.
        of_cloud: those over the cloud, for whoever could go anywhere.
        of_places: those over single providers and models, likewise; they say least of where such a request goes.
        total: those over everything.
        closing: those that take candidates away.
        is_empty: whether there are none at all.
    """

    tallies: Tallies
    of_user: ByName
    of_key: ByName
    of_team: ByName
    of_agent: ByName
    of_interaction: ByName
    of_tag: ByName
    of_caller: ByName
    of_model: ByName
    of_cloud: Applying
    of_places: Applying
    total: Applying
    closing: Applying
    is_empty: bool

    def list_applying(self, payer: Payer) -> list[Watched]:
        """The budgets that apply to a request, the narrowest first."""
        applying: list[Watched] = []
        for found in (self.of_user.get(payer.user), self.of_key.get(payer.key_id), self.of_team.get(payer.team)):
            if found is not None:
                applying += found
        for found in (self.of_agent.get(payer.agent), self.of_interaction.get(payer.interaction)):
            if found is not None:
                applying += found
        if self.of_tag:
            applying += self._list_of_tags(payer.tags)
        reachable = self._find_reachable(payer)
        if reachable is not None:
            return [*applying, *reachable, *self.total]
        return [*applying, *self.of_cloud, *self.total, *self.of_places]

    def _find_reachable(self, payer: Payer) -> Applying | None:
        """The budgets over what a request could go to, or `None` where that is anything."""
        if payer.model is not None:
            return self.of_model.get(payer.model, ())
        if payer.agent:
            return self.of_caller.get(payer.agent)
        if payer.interaction:
            return self.of_caller.get(f"interaction:{payer.interaction}")
        return self.of_caller.get(f"task:{payer.task}") if payer.task else None

    def _list_of_tags(self, tags: Collection[str]) -> list[Watched]:
        found = [watched for tag in frozenset(tags) for watched in self.of_tag.get(tag, ())]
        return sorted(found, key=lambda watched: watched.rank)


def index_budgets(snapshot: Snapshot, tallies: dict[TallyId, Tally]) -> BudgetIndex:
    """Put every budget under the names that it is asked for by."""
    found: dict[Scope, list[Watched]] = defaultdict(list)
    ordered = sorted(snapshot.budgets, key=lambda budget: (_WINDOW_RANK[budget.window], budget.limit_nusd))
    for rank, budget in enumerate(ordered):
        mine, day = name_tallies(budget)
        found[budget.scope_kind, budget.scope_name].append(Watched(budget, rank, tallies[mine], tallies[day]))
    names: dict[ScopeKind, dict[str | None, Applying]] = {kind: {} for kind in NARROWEST_FIRST}
    for (kind, name), watched in found.items():
        names[kind][name] = tuple(watched)
    callers = (*snapshot.agents.values(), *snapshot.interactions.values(), *snapshot.tasks.values())
    deployments = [model.deployment for model in snapshot.models.values()]
    anywhere = _list_reachable(_keep_allowed(deployments, snapshot.settings.stays_local), names)
    return BudgetIndex(
        tallies=Tallies(tallies),
        of_user=names["user"],
        of_key=names["key"],
        of_team=names["team"],
        of_agent=names["agent"],
        of_interaction=names["interaction"],
        of_tag=names["tag"],
        of_caller={caller.name: _list_reachable(_list_candidates(caller, snapshot), names) for caller in callers},
        of_model={one.model: _list_reachable((one,), names) for one in deployments},
        of_cloud=tuple(watched for watched in anywhere if watched.closes.kind == "cloud"),
        of_places=tuple(watched for watched in anywhere if watched.closes.kind != "cloud"),
        total=names["total"].get("", ()),
        closing=tuple(
            watched
            for kind in ("model", "provider", "cloud")
            for group in names[kind].values()
            for watched in group
            if watched.on_exceed in ("deny", "local_only")
        ),
        is_empty=not snapshot.budgets,
    )


def _list_candidates(caller: Agent, snapshot: Snapshot) -> list[Deployment]:
    """Where a caller's requests go as the document writes it, the first choice first."""
    written = (caller.model, *caller.fallback, caller.local_alternative, caller.budget_mode)
    places = [snapshot.models[name].deployment for name in dict.fromkeys(written) if name in snapshot.models]
    return _keep_allowed(places, caller.stays_local or snapshot.settings.stays_local)


def _keep_allowed(places: Iterable[Deployment], stays_local: str | None) -> list[Deployment]:
    return [place for place in places if stays_local is None or place.location == "local"]


def _list_reachable(places: Iterable[Deployment], names: Mapping[ScopeKind, ByName]) -> Applying:
    """The budgets over these models, their providers and the cloud."""
    wanted = tuple(places)
    models = [watched for place in wanted for watched in names["model"].get(place.model, ())]
    providers = [watched for place in wanted for watched in names["provider"].get(place.provider, ())]
    is_cloud = any(place.location == "cloud" for place in wanted)
    return tuple(dict.fromkeys((*models, *providers, *(names["cloud"].get("", ()) if is_cloud else ()))))
