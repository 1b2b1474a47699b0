"""Which budgets apply to a request; found by name, not by looking at each.

Budgets over the cloud, a provider or a model apply to a candidate. Before one is chosen they apply to a caller that
could go there: by the models that the document writes for it, or when it has none, to everybody for the cloud.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from pointsman.control.budget_tallies import Tallies, TallyId, name_tallies
from pointsman.core.config.snapshot import Agent, Budget, Deployment, Snapshot
from pointsman.core.limits.scopes import NARROWEST_FIRST, Scope, ScopeKind
from pointsman.core.limits.tally import Tally
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.money_facts import ClosedScope

OF_CANDIDATES: frozenset[ScopeKind] = frozenset(("model", "provider", "cloud"))
"""Scopes of what a request goes to, not of who makes it."""

_WINDOW_RANK: dict[WindowKind, int] = {"day": 0, "hour": 1, "week": 2, "month": 3}
"""A day's budget first, because `daily_cost` is compared with it; then the shorter one."""


class Asker(msgspec.Struct, frozen=True):
    """Who makes a request; `""` and `None` name nobody.

    Attributes:
        agent, interaction, team, user: by name.
        key_id: of the virtual key.
        tags: of the request, its key and its agent.
    """

    agent: str | None
    interaction: str | None
    team: str | None
    user: str | None
    key_id: str | None
    tags: Collection[str]


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
        self.closes = ClosedScope(budget.scope_kind, budget.scope_name, budget.name)


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
        of_model: the same by the name of the model that a request goes to.
        of_provider: the same by provider.
        of_others: the same for callers that the document writes no models for.
        total: those over everything.
        closing: those that deny candidates.
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
    of_provider: ByName
    of_others: Applying
    total: Applying
    closing: Applying
    is_empty: bool

    def list_applying(self, asker: Asker, candidates: Applying) -> list[Watched]:
        """The budgets that apply, the narrowest first; `candidates` are those over what the request may go to."""
        applying: list[Watched] = []
        for found in (self.of_user.get(asker.user), self.of_key.get(asker.key_id), self.of_team.get(asker.team)):
            if found is not None:
                applying += found
        for found in (self.of_agent.get(asker.agent), self.of_interaction.get(asker.interaction)):
            if found is not None:
                applying += found
        if self.of_tag:
            applying += self._list_of_tags(asker.tags)
        applying += candidates
        applying += self.total
        return applying

    def list_of_candidates(self, asker: Asker) -> Applying:
        """The budgets over what a caller could go to, by the models that the document writes for it."""
        found = self.of_caller.get(asker.agent)
        if found is None and asker.interaction:
            found = self.of_caller.get(f"interaction:{asker.interaction}")
        return self.of_others if found is None else found

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
        of_provider={one.provider: _list_above(one, names) for one in deployments},
        of_others=() if snapshot.settings.stays_local else names["cloud"].get("", ()),
        total=names["total"].get("", ()),
        closing=tuple(
            watched
            for kind in ("model", "provider", "cloud")
            for group in names[kind].values()
            for watched in group
            if watched.on_exceed == "deny"
        ),
        is_empty=not snapshot.budgets,
    )


def _list_candidates(caller: Agent, snapshot: Snapshot) -> list[Deployment]:
    """Where a caller's requests go as the document writes it, the first choice first."""
    written = (caller.model, *caller.fallback, caller.local_alternative, caller.budget_mode)
    models = [snapshot.models[name] for name in dict.fromkeys(written) if name in snapshot.models]
    stays_local = caller.stays_local or snapshot.settings.stays_local
    return [model.deployment for model in models if not stays_local or model.deployment.location == "local"]


def _list_reachable(places: Iterable[Deployment], names: Mapping[ScopeKind, ByName]) -> Applying:
    """The budgets over these models, their providers and the cloud."""
    wanted = tuple(places)
    models = [watched for place in wanted for watched in names["model"].get(place.model, ())]
    providers = [watched for place in wanted for watched in names["provider"].get(place.provider, ())]
    is_cloud = any(place.location == "cloud" for place in wanted)
    return tuple(dict.fromkeys((*models, *providers, *(names["cloud"].get("", ()) if is_cloud else ()))))


def _list_above(place: Deployment, names: Mapping[ScopeKind, ByName]) -> Applying:
    cloud = names["cloud"].get("", ()) if place.location == "cloud" else ()
    return (*names["provider"].get(place.provider, ()), *cloud)
