"""The tallies that a configuration's budgets need, each found by what it counts; equal ones are kept once."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from pointsman.core.config.snapshot import Budget, Snapshot
from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.tally import Calendar, Tally
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.outcome import FurtherCost, Outcome

TallyId = tuple[ScopeKind, str, WindowKind, str]
"""Kind and name of a scope, window and time zone: budgets that differ only in their limits share a tally."""

ALL_TODAY: TallyId = ("total", "", "day", "UTC")
CLOUD_TODAY: TallyId = ("cloud", "", "day", "UTC")

_COUNTED_BY_ASKER: dict[ScopeKind, Callable[[Outcome], str]] = {
    "total": lambda _: "",
    "agent": attrgetter("agent"),
    "interaction": attrgetter("interaction"),
    "team": attrgetter("team"),
    "user": attrgetter("user"),
    "key": attrgetter("key_id"),
}
"""For which scope of each kind all of an outcome counts; tags, of which it may have several, apart."""

_COUNTED_BY_PLACE: dict[ScopeKind, Callable[[Outcome | FurtherCost], str | None]] = {
    "cloud": lambda place: "" if place.location == "cloud" else None,
    "provider": attrgetter("provider"),
    "model": attrgetter("model"),
}
"""The same where each upstream call counts for what was called."""


@dataclass(slots=True)
class Tallies:
    """The tallies of some budgets, each found under the scope that it counts.

    Attributes:
        by_id: all of them.
        by_asker: for each kind that is counted, how an outcome names its scope and the tallies by that name.
        by_place: the same for what was called.
        by_tag: those of tags.
    """

    by_id: dict[TallyId, Tally]
    by_asker: tuple[tuple[Callable[[Outcome], str], Mapping[str, Sequence[Tally]]], ...] = field(init=False)
    by_place: tuple[tuple[Callable[[Outcome | FurtherCost], str | None], Mapping[str, Sequence[Tally]]], ...] = field(
        init=False
    )
    by_tag: Mapping[str, Sequence[Tally]] = field(init=False)

    def __post_init__(self) -> None:
        found: dict[ScopeKind, dict[str, list[Tally]]] = defaultdict(dict)
        for (kind, name, _, _), tally in self.by_id.items():
            found[kind].setdefault(name, []).append(tally)
        self.by_tag = found.get("tag", {})
        self.by_asker = tuple((name, found[kind]) for kind, name in _COUNTED_BY_ASKER.items() if kind in found)
        self.by_place = tuple((name, found[kind]) for kind, name in _COUNTED_BY_PLACE.items() if kind in found)

    def add(self, outcome: Outcome, cost_nusd: int) -> None:
        """Count a cost wherever it belongs; takes time for the tallies that it counts for, not for all."""
        at_ms = outcome.at_ms
        for name_scope, tallies in self.by_asker:
            for tally in tallies.get(name_scope(outcome), ()):
                tally.add(at_ms, cost_nusd)
        of_answer_nusd = cost_nusd
        for further in outcome.further:
            of_answer_nusd -= further.cost_nusd
            self._add_to_place(further, at_ms, further.cost_nusd)
        self._add_to_place(outcome, at_ms, of_answer_nusd)
        if self.by_tag:
            for tag in frozenset(outcome.tags):
                for tally in self.by_tag.get(tag, ()):
                    tally.add(at_ms, cost_nusd)

    def _add_to_place(self, place: Outcome | FurtherCost, at_ms: int, cost_nusd: int) -> None:
        for name_scope, tallies in self.by_place:
            name = name_scope(place)
            if name is not None:
                for tally in tallies.get(name, ()):
                    tally.add(at_ms, cost_nusd)


def list_tallies(snapshot: Snapshot, known: Mapping[TallyId, Tally]) -> dict[TallyId, Tally]:
    """A tally for everything that the budgets of a snapshot need; those that are known go on."""
    calendars = {(tally.calendar.window, tally.calendar.time_zone): tally.calendar for tally in known.values()}
    tallies: dict[TallyId, Tally] = {}
    for wanted in (ALL_TODAY, CLOUD_TODAY, *(one for budget in snapshot.budgets for one in name_tallies(budget))):
        _, _, window, zone = wanted
        if wanted not in tallies:
            calendar = calendars.setdefault((window, zone), Calendar(window, zone))
            tallies[wanted] = known.get(wanted) or Tally(calendar)
    return tallies


def name_tallies(budget: Budget) -> tuple[TallyId, TallyId]:
    """The tally of its window, and that of its day."""
    kind, name, zone = budget.scope_kind, budget.scope_name, budget.time_zone
    return (kind, name, budget.window, zone), (kind, name, "day", zone)
