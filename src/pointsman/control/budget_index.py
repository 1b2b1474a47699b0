"""Which budgets apply to a request; found by name, not by looking at each.

Budgets over the cloud, a provider or a model apply to a candidate. Before one is chosen they apply to whoever could go
there: to a model that is asked for by name, or to a caller by the models that the document writes for it; who names
neither could go anywhere.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.control.budget_tallies import Tallies, name_tallies
from pointsman.core.config.snapshot import Agent, Budget, Deployment, Snapshot
from pointsman.core.limits.each_tally import EachTally
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.scopes import EACH, KINDS_FOR_EACH, NARROWEST_FIRST, OnExceed, Scope, ScopeKind
from pointsman.core.limits.tally import Calendar, Tally
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.money_facts import ClosedScope

OF_CANDIDATES: frozenset[ScopeKind] = frozenset(("model", "provider", "cloud"))
"""Scopes of what a request goes to, not of who makes it."""

HARD: frozenset[OnExceed] = frozenset(("deny", "local_only"))
"""What budgets do that are never exceeded; the second of them in the cloud."""

_NO_TIME = Calendar("day", "UTC")

_WINDOW_RANK: dict[WindowKind, int] = {
    "day": 0,
    "rolling_day": 1,
    "hour": 2,
    "rolling_hour": 3,
    "week": 4,
    "rolling_week": 5,
    "month": 6,
    "rolling_month": 7,
}
"""A day's budget first, because `daily_cost` is compared with it; then the shorter one."""


class Watched:
    """A budget with what was spent of it; of one for every name, that of one of them."""

    __slots__ = (
        "budget",
        "closes",
        "day_tally",
        "is_of_candidate",
        "limit_nusd",
        "name",
        "near_nusd",
        "on_exceed",
        "rank",
        "scope",
        "tally",
        "window",
    )

    def __init__(self, budget: Budget, rank: int, tally: Tally, day_tally: Tally, name: str | None = None) -> None:
        """Watch a budget.

        Args:
            budget: as it stands in the configuration.
            rank: where it stands among those of the same scope.
            tally, day_tally: what it counts in, and the same by the day.
            name: whose, where the budget is one for every name.
        """
        self.budget = budget
        self.name = budget.name
        self.rank = rank
        self.tally = tally
        self.day_tally = day_tally
        self.limit_nusd = budget.limit_nusd
        self.near_nusd = -(-budget.limit_nusd * 4 // 5)
        self.on_exceed = budget.on_exceed
        self.window = budget.window
        self.is_of_candidate = budget.scope_kind in OF_CANDIDATES
        self.scope: Scope = (budget.scope_kind, budget.scope_name if name is None else name)
        spares_local = budget.on_exceed == "local_only"
        self.closes = ClosedScope(*self.scope, budget.name, spares_local)


class WatchedEach:
    """A budget for every name of a kind."""

    __slots__ = ("budget", "day_tallies", "rank", "tallies")

    def __init__(self, budget: Budget, rank: int, tallies: EachTally, day_tallies: EachTally) -> None:
        self.budget = budget
        self.rank = rank
        self.tallies = tallies
        self.day_tallies = day_tallies

    def find(self, name: str, now_ms: int) -> Watched | None:
        """That of one name, or `None` when there are too many others."""
        tally, day_tally = self.tallies.find(name, now_ms), self.day_tallies.find(name, now_ms)
        if tally is None or day_tally is None:
            return None
        return Watched(self.budget, self.rank, tally, day_tally, name)

    def peek(self, name: str) -> Watched:
        """That of one name, which need not have been seen yet; nothing is kept of it then."""
        tally = self.tallies.peek(name) or Tally(_NO_TIME)
        return Watched(self.budget, self.rank, tally, self.day_tallies.peek(name) or Tally(_NO_TIME), name)


Applying = tuple[Watched, ...]
"""Budgets in the order in which they count as the narrowest."""

ByName = Mapping[str | None, Applying]


@dataclass(frozen=True, slots=True)
class BudgetIndex:
    """Budgets, by whom they apply to.

    Attributes:
        tallies: what they count in, and today's of everything and of the cloud.
        by_scope: those of one scope each.
        each: those of every name of a kind.
        of_session, of_user, of_key, of_team, of_agent, of_interaction, of_tag: by name.
        of_caller: those of candidates, by the name of the caller that could go there.
        of_model: the same by the name of the model that is asked for.
        of_cloud: those over the cloud, for whoever could go anywhere.
        of_places: those over single providers and models, likewise; they say least of where such a request goes.
        total: those over everything.
        closing: those that take candidates away.
        is_empty: whether there are none at all.
        is_soft: whether none of them refuses anything.
    """

    tallies: Tallies
    by_scope: Mapping[Scope, Applying]
    each: Mapping[ScopeKind, Sequence[WatchedEach]]
    of_session: ByName
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
    is_soft: bool

    def list_applying(self, payer: Payer) -> list[Watched]:
        """The budgets that apply to a request, the narrowest first."""
        applying: list[Watched] = []
        if self.each:
            self._add_each(payer, applying)
        else:
            for found in (
                self.of_session.get(payer.session),
                self.of_user.get(payer.user),
                self.of_key.get(payer.key_id),
                self.of_team.get(payer.team),
                self.of_agent.get(payer.agent),
                self.of_interaction.get(payer.interaction),
            ):
                if found is not None:
                    applying += found
        if self.of_tag:
            applying += self._list_of_tags(payer.tags)
        reachable = self._find_reachable(payer)
        if reachable is not None:
            return [*applying, *reachable, *self.total]
        return [*applying, *self.of_cloud, *self.total, *self.of_places]

    def _add_each(self, payer: Payer, applying: list[Watched]) -> None:
        """The same where there are budgets for every name of a kind, too."""
        of_askers: tuple[tuple[ScopeKind, ByName, str | None], ...] = (
            ("session", self.of_session, payer.session),
            ("user", self.of_user, payer.user),
            ("key", self.of_key, payer.key_id),
            ("team", self.of_team, payer.team),
            ("agent", self.of_agent, payer.agent),
            ("interaction", self.of_interaction, payer.interaction),
        )
        for kind, named, name in of_askers:
            found = list(named.get(name, ()))
            if name and (each := self.each.get(kind)):
                found += [one.peek(name) for one in each]
                found.sort(key=_rank)
            applying += found

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
        return sorted(found, key=_rank)


def _rank(watched: Watched) -> int:
    return watched.rank


def index_budgets(snapshot: Snapshot, tallies: Tallies, extra: Sequence[Budget] = ()) -> BudgetIndex:
    """Put every budget under the names that it is asked for by.

    Args:
        snapshot: whose budgets and callers count.
        tallies: one for each of the budgets.
        extra: budgets from elsewhere.
    """
    budgets = (*snapshot.budgets, *extra)
    found: dict[Scope, list[Watched]] = defaultdict(list)
    each: dict[ScopeKind, list[WatchedEach]] = defaultdict(list)
    ordered = sorted(budgets, key=lambda budget: (_WINDOW_RANK[budget.window], budget.limit_nusd))
    for rank, budget in enumerate(ordered):
        mine, day = name_tallies(budget)
        if budget.scope_name == EACH and budget.scope_kind in KINDS_FOR_EACH:
            each[budget.scope_kind].append(WatchedEach(budget, rank, tallies.each[mine], tallies.each[day]))
        else:
            watched = Watched(budget, rank, tallies.by_id[mine], tallies.by_id[day])
            found[budget.scope_kind, budget.scope_name].append(watched)
    names: dict[ScopeKind, dict[str | None, Applying]] = {kind: {} for kind in NARROWEST_FIRST}
    for (kind, name), those in found.items():
        names[kind][name] = tuple(those)
    callers = (*snapshot.agents.values(), *snapshot.interactions.values(), *snapshot.tasks.values())
    deployments = [model.deployment for model in snapshot.models.values()]
    anywhere = _list_reachable(_keep_allowed(deployments, snapshot.settings.stays_local), names)
    return BudgetIndex(
        tallies=tallies,
        by_scope={scope: tuple(those) for scope, those in found.items()},
        each=dict(each),
        of_session=names["session"],
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
            if watched.on_exceed in HARD
        ),
        is_empty=not budgets,
        is_soft=not any(budget.on_exceed in HARD for budget in budgets),
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
