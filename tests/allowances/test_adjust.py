"""Corrections of what was booked for a request whose gateway was believed dead."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st
from test_leases import admit

from pointsman.core.chat.usage import Usage
from pointsman.core.routing.adjust import adjust, join_orphans
from pointsman.core.routing.admitted import book_orphan
from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import AttemptCharge, Outcome


def end(request_id: str, *costs: int | None) -> Outcome:
    """How a request really ended."""
    charges = tuple(
        AttemptCharge(
            *(number, "large", "cloudy", "large-1", "cloud", "answer", Usage(10, 5)),
            *(cost, "unknown" if cost is None else "actual"),
        )
        for number, cost in enumerate(costs, 1)
    )
    orphan = book_orphan(admit(request_id), sent=True)
    return msgspec.structs.replace(orphan, charges=charges, failure="")


def total(entries: list[LedgerEntry]) -> int:
    return sum(each.cost_nusd or 0 for each in entries if each.counts)


@given(st.integers(0, 400), st.integers(0, 10_000))
def test_the_ledger_comes_to_the_real_cost_however_often_it_is_told(content_bytes: int, cost: int) -> None:
    booked = list(list_entries(book_orphan(admit("1"), sent=True, content_bytes=content_bytes)))
    booked += adjust(booked, end("1", cost), 7)
    assert total(booked) == cost
    assert [each.kind for each in booked] == ["charge", "adjust:1"]
    assert booked[-1].booked_at_ms == 7
    assert adjust(booked, end("1", cost), 8) == []


def test_a_call_that_nobody_had_listed_is_a_charge() -> None:
    booked = list(list_entries(book_orphan(admit("1"), sent=True)))
    assert [(each.attempt, each.kind) for each in adjust(booked, end("1", 5, 6), 7)] == [(1, "adjust:1"), (2, "charge")]


def test_a_guess_corrects_nothing_and_unknown_takes_nothing_back() -> None:
    booked = list(list_entries(end("1", 5)))
    assert adjust(booked, book_orphan(admit("1"), sent=True), 7) == []
    guessed = list(list_entries(book_orphan(admit("1"), sent=True)))
    assert adjust(guessed, end("1", None), 7) == []
    assert adjust(guessed, book_orphan(admit("1"), sent=True, content_bytes=99), 7) == []


def test_a_cost_that_nobody_could_guess_is_added_whole() -> None:
    unpriced = msgspec.structs.replace(admit("1"), prices=None)
    booked = list(list_entries(book_orphan(unpriced, sent=True)))
    assert total(booked) == 0
    assert total(adjust(booked, end("1", 42), 7)) == 42


def test_corrections_follow_those_that_others_made() -> None:
    booked = list(list_entries(book_orphan(admit("1"), sent=True)))
    booked.append(msgspec.structs.replace(booked[0], kind="adjust:1", cost_nusd=3))
    (correction,) = adjust(booked, end("1", 42), 7)
    assert (correction.kind, total([*booked, correction])) == ("adjust:2", 42)


def test_calls_of_one_request_at_the_same_time_are_one_outcome() -> None:
    first = book_orphan(admit("1"), sent=True, content_bytes=4)
    known = end("1", 9).charges
    second = book_orphan(msgspec.structs.replace(admit("1", 2), earlier=known), sent=True)
    joined = join_orphans([second, first])
    assert [(charge.attempt, charge.cost_nusd) for charge in joined.charges] == [(1, 9), (2, 10)]
    assert (joined.cost_nusd, joined.cost_status, joined.attempts) == (19, "orphan_estimated", 2)
    unpriced = book_orphan(msgspec.structs.replace(admit("1", 3), prices=None), sent=True)
    assert join_orphans([joined, unpriced]).cost_nusd is None
