"""A store that replicas share, as simply as it can be said: sums over lists, and answers that can be made to cross."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pointsman.core.limits.shared_rates import find_burst
from pointsman.core.money_ports import (
    AccountId,
    Granted,
    RateGrant,
    RateWish,
    Share,
    Spent,
    StoreUnavailable,
    WindowState,
)
from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import Outcome

WindowId = tuple[AccountId, int]


@dataclass
class SharedMemory:
    """What all replicas see.

    Attributes:
        entries: the ledger.
        ends: the windows that are open.
        slices: by window and node.
        places: by limit and node.
        is_away: whether nothing is answered.
        asked: how often something was taken.
    """

    entries: list[LedgerEntry] = field(default_factory=list)
    ends: dict[WindowId, int] = field(default_factory=dict)
    slices: defaultdict[tuple[WindowId, str], int] = field(default_factory=lambda: defaultdict(int))
    places: defaultdict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    permits: dict[tuple[str, str], int] = field(default_factory=dict)
    is_away: bool = False
    asked: int = 0

    def spent(self, window: WindowId) -> int:
        """What the ledger has for a window."""
        (kind, name, _, _), start_ms = window
        end_ms = self.ends[window]
        mine = [one for one in self.entries if start_ms <= one.at_ms < end_ms and (kind, name) in list_scopes(one)]
        return sum(one.cost_nusd or 0 for one in mine if one.counts)

    def shared_out(self, window: WindowId) -> int:
        """What replicas hold of it."""
        return sum(amount for (one, _), amount in self.slices.items() if one == window)

    def book(self, node: str, entries: Iterable[LedgerEntry]) -> None:
        """A transaction of the ledger."""
        for entry in entries:
            self.entries.append(entry)
            for window, end_ms in self.ends.items():
                (kind, name, _, _), start_ms = window
                if entry.counts and start_ms <= entry.at_ms < end_ms and (kind, name) in list_scopes(entry):
                    part = self.slices[window, node]
                    self.slices[window, node] = max(0, part - max(0, entry.cost_nusd or 0))

    def book_outcomes(self, node: str, outcomes: Iterable[Outcome]) -> None:
        """The same for all calls of requests."""
        self.book(node, [entry for outcome in outcomes for entry in list_entries(outcome)])


class MemoryAllowances:
    """One replica's view of it; the port `AllowanceStore`.

    Attributes:
        before, after: run once when parts are asked for, before and after they are given.
        is_known: whether an operator has not had the replica forgotten.
    """

    def __init__(self, shared: SharedMemory, node: str) -> None:
        self.shared = shared
        self.node = node
        self.before: Callable[[], None] | None = None
        self.after: Callable[[], None] | None = None
        self.is_known = True
        # What is given back is so whether or not the store answers.
        self._owed: list[tuple[WindowId, int]] = []
        self._owed_places: list[tuple[str, int]] = []

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        self._ask()
        run_once(self, "before")
        granted = [self._grant(wish) for wish in wishes]
        run_once(self, "after")
        return granted

    async def give_back(self, parts: Mapping[WindowId, int]) -> None:
        assert all(amount > 0 for amount in parts.values())
        self._owed += parts.items()
        self._ask()

    async def read(self, windows: Sequence[Share]) -> Sequence[WindowState]:
        self._ask()
        return [self._state(share) for share in windows]

    async def renew(self) -> bool:
        self._ask()
        return self.is_known

    async def note_spent(self, windows: Sequence[Spent]) -> None:
        raise AssertionError("that is the writer's to call")

    async def take_rates(self, wishes: Sequence[RateWish]) -> Sequence[RateGrant]:
        self._ask()
        return [self._give_permits(wish) for wish in wishes]

    async def return_permits(self, wish: RateWish, permits: int, stamp: int) -> None:
        self._ask()
        self.shared.permits[wish.name, wish.unit] += permits

    async def return_places(self, name: str, places: int) -> None:
        assert 0 < places <= self.shared.places[name, self.node]
        self._owed_places.append((name, places))
        self._ask()

    def _ask(self) -> None:
        self.shared.asked += 1
        if self.shared.is_away:
            raise StoreUnavailable("the store is away; start it")
        for window, amount in self._owed:
            self.shared.slices[window, self.node] = max(0, self.shared.slices[window, self.node] - amount)
        for name, places in self._owed_places:
            self.shared.places[name, self.node] -= places
        self._owed.clear()
        self._owed_places.clear()

    def _grant(self, wish: Share) -> Granted:
        state = self._state(wish)
        left = wish.limit - state.spent - state.shared_out
        amount = min(left, wish.wish) if left >= max(1, wish.least) else 0
        self.shared.slices[(wish.account, wish.start_ms), self.node] += amount
        return Granted(amount, self._state(wish))

    def _state(self, share: Share) -> WindowState:
        step_ms = share.end_ms - share.start_ms
        for start_ms in range(share.since_ms, share.end_ms, step_ms):
            self.shared.ends.setdefault((share.account, start_ms), start_ms + step_ms)
        counted = [one for one in self.shared.ends if one[0] == share.account and one[1] >= share.since_ms]
        if share.since_ms == share.start_ms:
            counted = [(share.account, share.start_ms)]
        return WindowState(sum(map(self.shared.spent, counted)), sum(map(self.shared.shared_out, counted)))

    def _give_permits(self, wish: RateWish) -> RateGrant:
        if wish.unit == "calls":
            held = sum(places for (name, _), places in self.shared.places.items() if name == wish.name)
            places = min(wish.wish, wish.limit - held) if wish.limit - held >= wish.least else 0
            self.shared.places[wish.name, self.node] += places
            return RateGrant(places, 120_000)
        key = wish.name, wish.unit
        left = self.shared.permits.setdefault(key, find_burst(wish.unit, wish.limit))
        permits = min(wish.wish, left) if left >= wish.least else 0
        self.shared.permits[key] -= permits
        return RateGrant(permits, 1_000, 0 if permits else 2_000, 7)


def list_scopes(entry: LedgerEntry) -> list[tuple[str, str]]:
    """Whose spending an entry is."""
    return list(_list_scopes(entry))


def _list_scopes(entry: LedgerEntry) -> Iterator[tuple[str, str]]:
    yield "total", ""
    yield from [("cloud", "")] if entry.location == "cloud" else []
    for kind, name in (("team", entry.team), ("user", entry.user), ("model", entry.model), ("key", entry.key_id)):
        if name:
            yield kind, name


def run_once(store: MemoryAllowances, when: Literal["before", "after"]) -> None:
    """What is done in the meantime."""
    work = store.before if when == "before" else store.after
    setattr(store, when, None)
    if work is not None:
        work()
