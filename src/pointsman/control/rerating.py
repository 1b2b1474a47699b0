"""Books what charges would be once prices were corrected; whoever asks sees the difference first.

Nothing is booked twice: a correction's number is the next free one of its call, and the ledger holds each once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pointsman.core.config.snapshot import Model
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.core.routing.rerate import BookedCharge, ModelFinder, correct_charge, find_cost
from pointsman.core.tenant_ports import ChangeNote

PAGES_PER_STEP = 20
"""How much one step goes through, so that each ends soon and others get their turn in between."""


class ChargeStore(Protocol):
    """Where charges are read from."""

    async def list_charges(
        self, since_ms: int, until_ms: int, model: str | None, after_seq: int
    ) -> Sequence[BookedCharge]:
        """The next charges of requests that arrived in a stretch of time; none when there are no more."""

    async def find_booked(self, entries: Sequence[LedgerEntry]) -> Sequence[LedgerEntry]:
        """Those of some entries that are in the ledger as they are here."""

    async def note_rerating(self, note: ChangeNote, subject: str, details: dict[str, object]) -> None:
        """Keep in the audit what is about to be booked, by whom and why."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Which charges are meant.

    Attributes:
        since_ms: when their requests arrived at the earliest, in milliseconds since the Unix epoch.
        until_ms: the first moment after.
        model: our name of the only model, or `None` for all.
        after_seq: where the step before ended, or 0.
    """

    since_ms: int
    until_ms: int
    model: str | None = None
    after_seq: int = 0


@dataclass(slots=True)
class ModelDifference:
    """What a model's charges come to, and would come to.

    Attributes:
        entries: upstream calls.
        changed: those of them that would cost something else.
        unknown: those whose cost is unknown now.
        still_unknown: those of them whose cost would stay so: no price, or no usage to go by.
        booked_nusd: what all known ones come to.
        would_be_nusd: what they would come to, with those that would become known.
    """

    entries: int = 0
    changed: int = 0
    unknown: int = 0
    still_unknown: int = 0
    booked_nusd: int = 0
    would_be_nusd: int = 0

    @property
    def difference_nusd(self) -> int:
        """What would be booked."""
        return self.would_be_nusd - self.booked_nusd


@dataclass(slots=True)
class Rerated:
    """What a step came to.

    Attributes:
        models: by their names.
        booked: corrections that are in the ledger now and were not before.
        next_seq: where the next step goes on, or `None` when there is nothing more.
    """

    models: dict[str, ModelDifference] = field(default_factory=dict)
    booked: int = 0
    next_seq: int | None = None


class Booking(Protocol):
    """Writes corrections into the ledger, with all that is folded from it, in one transaction."""

    async def book_entries(self, entries: Sequence[LedgerEntry]) -> int:
        """Book entries; answers how many were not there before."""


class Rerating:
    """Goes through charges step by step; belongs to one event loop.

    Args:
        store: where charges are read from.
        booking: where corrections go.
        count: adds corrections to what is counted in memory, such as budgets; told of those that are new.
        find_models: the models of the configuration in force, with their prices.
    """

    def __init__(
        self,
        store: ChargeStore,
        booking: Booking,
        count: Callable[[Sequence[LedgerEntry]], None],
        find_models: Callable[[], Mapping[str, Model]],
    ) -> None:
        self._store = store
        self._booking = booking
        self._count = count
        self._find_models = find_models
        self._turn = asyncio.Lock()

    async def preview(self, stretch: Stretch) -> Rerated:
        """What would change; changes nothing."""
        step, _ = await self._go_through(stretch, 0)
        return step

    async def apply(self, stretch: Stretch, note: ChangeNote) -> Rerated:
        """Book what would change; a step that was booked already has nothing left to book."""
        async with self._turn:
            step, corrections = await self._go_through(stretch, note.at_ms)
            if corrections:
                await self._store.note_rerating(note, stretch.model or "all models", _list_details(stretch, step))
                step.booked = await self._booking.book_entries(corrections)
                is_whole = step.booked == len(corrections)
                self._count(corrections if is_whole else await self._store.find_booked(corrections))
        return step

    async def _go_through(self, stretch: Stretch, booked_at_ms: int) -> tuple[Rerated, list[LedgerEntry]]:
        finder, step, corrections = ModelFinder(self._find_models()), Rerated(), list[LedgerEntry]()
        seq = stretch.after_seq
        for _ in range(PAGES_PER_STEP):
            charges = await self._store.list_charges(stretch.since_ms, stretch.until_ms, stretch.model, seq)
            if not charges:
                return step, corrections
            for charge in charges:
                correction = _compare(charge, finder, step, booked_at_ms)
                if correction is not None:
                    corrections.append(correction)
            seq = charges[-1].seq
        step.next_seq = seq
        return step, corrections


def _list_details(stretch: Stretch, step: Rerated) -> dict[str, object]:
    return {
        "since_ms": stretch.since_ms,
        "until_ms": stretch.until_ms,
        "after": stretch.after_seq,
        "changed": sum(model.changed for model in step.models.values()),
        "difference_nusd": sum(model.difference_nusd for model in step.models.values()),
    }


def _compare(charge: BookedCharge, finder: ModelFinder, step: Rerated, booked_at_ms: int) -> LedgerEntry | None:
    prices = finder.find_prices(charge.entry)
    cost = find_cost(charge, prices)
    model = step.models.setdefault(charge.entry.model, ModelDifference())
    model.entries += 1
    model.booked_nusd += charge.booked_nusd or 0
    # What cannot be computed any more stays as it was booked.
    model.would_be_nusd += (charge.booked_nusd or 0) if cost is None else cost
    if charge.booked_nusd is None:
        model.unknown += 1
        model.still_unknown += cost is None
    correction = correct_charge(charge, prices, booked_at_ms)
    model.changed += correction is not None
    return correction
