"""Corrections of what was booked for a request when its gateway was believed dead; nothing that was booked is changed.

A known end corrects an estimate of ours; an estimate corrects nothing.
"""

from collections.abc import Iterable, Sequence

import msgspec

from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import CRASHED, Outcome

ADJUST = "adjust:"


def adjust(stored: Sequence[LedgerEntry], outcome: Outcome, booked_at_ms: int) -> list[LedgerEntry]:
    """The entries that a request's real end adds to those that the ledger has for it already.

    Args:
        stored: all entries of the request, in the order they were booked.
        outcome: how it really ended.
        booked_at_ms: now, in milliseconds since the Unix epoch.

    Returns:
        A correction for each call that was booked as an orphan and came to something else, and a charge for each call
        that nobody had listed; nothing when the same outcome comes again.
    """
    entries: list[LedgerEntry] = []
    for real in list_entries(outcome, booked_at_ms):
        of_call = [entry for entry in stored if entry.attempt == real.attempt]
        if not of_call:
            entries.append(real)
        elif _corrects(real, of_call) and (correction := _correct(real, of_call)) is not None:
            entries.append(correction)
    return entries


def join_orphans(outcomes: Sequence[Outcome]) -> Outcome:
    """One outcome for a request of which several calls were under way at the same time.

    Args:
        outcomes: what `book_orphan` makes of each of them; at least one.
    """
    last = max(outcomes, key=lambda outcome: outcome.attempts)
    # What a call came to is known to those that began after its end; the others have only what was guessed.
    every = [charge for outcome in outcomes for charge in outcome.charges]
    charges = {charge.attempt: charge for charge in sorted(every, key=lambda charge: charge.failure != CRASHED)}
    ordered = tuple(charges[attempt] for attempt in sorted(charges))
    known = [charge.cost_nusd for charge in ordered if charge.kind == "charge"]
    if None in known:
        return msgspec.structs.replace(last, charges=ordered, cost_nusd=None, cost_status="unknown")
    is_guessed = any(charge.status == "orphan_estimated" for charge in ordered)
    status = "orphan_estimated" if is_guessed else last.cost_status
    cost_nusd = sum(cost or 0 for cost in known)
    return msgspec.structs.replace(last, charges=ordered, cost_nusd=cost_nusd, cost_status=status)


def _corrects(real: LedgerEntry, of_call: Iterable[LedgerEntry]) -> bool:
    """Whether a call was booked by a guess, and what comes now is none."""
    return real.failure != CRASHED and any(entry.failure == CRASHED for entry in of_call)


def _correct(real: LedgerEntry, of_call: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """What is missing, or too much; `None` when that is known already, or not even now."""
    corrections = [entry for entry in of_call if entry.kind.startswith(ADJUST)]
    if any(_says_the_same(entry, real) for entry in corrections):
        return None
    booked_nusd = sum(entry.cost_nusd or 0 for entry in of_call if entry.counts)
    if real.cost_nusd is None:
        # What was guessed stays: unknown is not zero. Nothing can be subtracted from it either.
        return None
    # A difference of 0 is noted, too: it says that what was guessed is known now.
    difference_nusd = (real.cost_nusd if real.counts else 0) - booked_nusd
    number = 1 + max((_read_number(entry.kind) for entry in corrections), default=0)
    return msgspec.structs.replace(real, kind=f"{ADJUST}{number}", cost_nusd=difference_nusd)


def _says_the_same(booked: LedgerEntry, real: LedgerEntry) -> bool:
    return (booked.usage, booked.status, booked.failure) == (real.usage, real.status, real.failure)


def _read_number(kind: str) -> int:
    text = kind.removeprefix(ADJUST)
    return int(text) if text.isdigit() else 0
