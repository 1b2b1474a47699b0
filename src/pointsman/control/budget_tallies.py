"""The tallies that budgets need, each found by what it counts; equal ones are kept once."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import TypeVar

from pointsman.core.config.snapshot import Budget
from pointsman.core.limits.each_tally import EachTally
from pointsman.core.limits.scopes import EACH, KINDS_FOR_EACH, ScopeKind
from pointsman.core.limits.tally import Calendar, Tally, open_tally
from pointsman.core.money_ports import AccountId
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.outcome import AttemptCharge, Outcome

ALL_TODAY: AccountId = ("total", "", "day", "UTC")
CLOUD_TODAY: AccountId = ("cloud", "", "day", "UTC")

_COUNTED_BY_ASKER: dict[ScopeKind, Callable[[Outcome | LedgerEntry], str]] = {
    "total": lambda _: "",
    "agent": attrgetter("agent"),
    "interaction": attrgetter("interaction"),
    "team": attrgetter("team"),
    "user": attrgetter("user"),
    "key": attrgetter("key_id"),
    "session": attrgetter("session"),
}
"""For which scope of each kind all of an outcome counts; tags, of which it may have several, apart."""

_COUNTED_BY_PLACE: dict[ScopeKind, Callable[[AttemptCharge | LedgerEntry], str | None]] = {
    "cloud": lambda charge: "" if charge.location == "cloud" else None,
    "provider": attrgetter("provider"),
    "model": attrgetter("model"),
}
"""The same where each upstream call counts for what was called."""


OpenTally = Callable[[Calendar, AccountId], Tally]

One = TypeVar("One", Tally, EachTally)


@dataclass(slots=True)
class Tallies:
    """The tallies of some budgets, each found under the scope that it counts.

    Attributes:
        by_id: those of one scope each.
        each: those of every name of a kind; `*` stands for the name.
        by_asker: for each kind that is counted, how an outcome names its scope, and the tallies by that name.
        by_place: the same for what was called.
        by_tag: those of tags.
        each_asker: for each kind that is counted for every name, how an outcome names its scope, and the tallies, with
            the names that must not be counted there.
    """

    by_id: dict[AccountId, Tally]
    each: dict[AccountId, EachTally] = field(default_factory=dict)
    by_asker: tuple[tuple[Callable[[Outcome | LedgerEntry], str], Mapping[str, Sequence[Tally]]], ...] = field(
        init=False
    )
    by_place: tuple[tuple[Callable[[AttemptCharge | LedgerEntry], str | None], Mapping[str, Sequence[Tally]]], ...] = (
        field(init=False)
    )
    by_tag: Mapping[str, Sequence[Tally]] = field(init=False)
    each_asker: tuple[
        tuple[Callable[[Outcome | LedgerEntry], str], Sequence[tuple[EachTally, Collection[str]]]], ...
    ] = field(init=False)

    def __post_init__(self) -> None:
        # Where a name of a family has a tally by itself both count in one window that replicas share, so only one may.
        shares = any(tally.is_shared for tally in self.by_id.values())
        found: dict[ScopeKind, dict[str, list[Tally]]] = defaultdict(dict)
        for (kind, name, _, _), tally in self.by_id.items():
            found[kind].setdefault(name, []).append(tally)
        self.by_tag = found.get("tag", {})
        self.by_asker = tuple((name, found[kind]) for kind, name in _COUNTED_BY_ASKER.items() if kind in found)
        self.by_place = tuple((name, found[kind]) for kind, name in _COUNTED_BY_PLACE.items() if kind in found)
        each: dict[ScopeKind, list[tuple[EachTally, Collection[str]]]] = defaultdict(list)
        for account, family in self.each.items():
            each[account[0]].append((family, self._list_singles(account) if shares else ()))
        self.each_asker = tuple((_COUNTED_BY_ASKER[kind], tallies) for kind, tallies in each.items())

    def add(self, outcome: Outcome) -> None:
        """Count what an outcome's calls cost wherever it belongs; takes time for what it counts for, not for all."""
        at_ms, cost_nusd = outcome.at_ms, 0
        for charge in outcome.charges:
            if charge.cost_nusd and charge.kind == "charge":
                cost_nusd += charge.cost_nusd
                self._add_to_place(charge, at_ms, charge.cost_nusd)
        if not cost_nusd:
            return
        for name_scope, tallies in self.by_asker:
            for tally in tallies.get(name_scope(outcome), ()):
                tally.add(at_ms, cost_nusd)
        for name_scope, each in self.each_asker:
            name = name_scope(outcome)
            for family, singles in each:
                if name not in singles:
                    family.add(name, at_ms, cost_nusd)
        if self.by_tag:
            for tag in frozenset(outcome.tags):
                for tally in self.by_tag.get(tag, ()):
                    tally.add(at_ms, cost_nusd)

    def _add_to_place(self, charge: AttemptCharge, at_ms: int, cost_nusd: int) -> None:
        for name_scope, tallies in self.by_place:
            name = name_scope(charge)
            if name is not None:
                for tally in tallies.get(name, ()):
                    tally.add(at_ms, cost_nusd)

    def correct(self, entry: LedgerEntry) -> None:
        """Count a correction of the ledger wherever it belongs; it may be negative."""
        at_ms, cost_nusd = entry.at_ms, entry.cost_nusd
        if not entry.counts or not cost_nusd:
            return
        single: list[Tally] = []
        for name_scope, tallies in self.by_asker:
            single += tallies.get(name_scope(entry), ())
        for name_place, tallies in self.by_place:
            place = name_place(entry)
            single += tallies.get(place, ()) if place is not None else ()
        for tag in frozenset(entry.tags):
            single += self.by_tag.get(tag, ())
        for tally in single:
            tally.correct(at_ms, cost_nusd)
        for name_scope, each in self.each_asker:
            name = name_scope(entry)
            for family, singles in each:
                if name not in singles:
                    family.correct(name, at_ms, cost_nusd)

    def join_names(self) -> None:
        """Names that have a tally by themselves use it in the families, too; call it when these tallies begin."""
        for account, family in self.each.items():
            family.follow_singles(self._list_singles(account))

    def _list_singles(self, account: AccountId) -> dict[str, Tally]:
        kind, _, window, zone = account
        return {
            name: tally
            for (other, name, *when), tally in self.by_id.items()
            if other == kind and name and (window, zone) == tuple(when)
        }

    def list_unknown(self, known: "Tallies") -> "Tallies":
        """Those of them that are not among others."""
        return Tallies(_leave_out(self.by_id, known.by_id), _leave_out(self.each, known.each))

    def join(self, others: "Tallies") -> "Tallies":
        """These and others, together."""
        return Tallies(self.by_id | others.by_id, self.each | others.each)


def _leave_out(tallies: dict[AccountId, One], known: Mapping[AccountId, One]) -> dict[AccountId, One]:
    return {account: tally for account, tally in tallies.items() if account not in known}


def list_tallies(budgets: Sequence[Budget], known: Tallies | None = None, open_one: OpenTally | None = None) -> Tallies:
    """A tally for everything that budgets need; those that are known go on.

    Args:
        budgets: that need them.
        known: the tallies so far.
        open_one: makes the others; without it nobody shares them.
    """
    opens = open_one or _open_alone
    known = known or Tallies({})
    kept = [tally.calendar for tally in known.by_id.values()] + [each.calendar for each in known.each.values()]
    calendars = {(calendar.window, calendar.time_zone): calendar for calendar in kept}
    by_id: dict[AccountId, Tally] = {}
    each: dict[AccountId, EachTally] = {}
    for account in (ALL_TODAY, CLOUD_TODAY, *(one for budget in budgets for one in name_tallies(budget))):
        kind, name, window, zone = account
        calendar = calendars.setdefault((window, zone), Calendar(window, zone))
        if name == EACH and kind in KINDS_FOR_EACH:
            each[account] = each.get(account) or known.each.get(account) or _open_each(calendar, account, opens)
        else:
            by_id[account] = by_id.get(account) or known.by_id.get(account) or opens(calendar, account)
    return Tallies(by_id, each)


def _open_alone(calendar: Calendar, account: AccountId) -> Tally:
    return open_tally(calendar)


def _open_each(calendar: Calendar, account: AccountId, opens: OpenTally) -> EachTally:
    kind, _, window, zone = account
    return EachTally(calendar, open_one=lambda name: opens(calendar, (kind, name, window, zone)))


def name_tallies(budget: Budget) -> tuple[AccountId, AccountId]:
    """The tally of its window, and that of its day."""
    kind, name, zone = budget.scope_kind, budget.scope_name, budget.time_zone
    return (kind, name, budget.window, zone), (kind, name, "day", zone)
