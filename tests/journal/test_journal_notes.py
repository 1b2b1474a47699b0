"""What was noted of a request is what is recovered, and its last word counts."""

import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from journal.journal_examples import PRICES, make_admitted, make_charge, make_outcome
from pointsman.core.routing.admitted import book_orphan
from pointsman.core.routing.outcome import CRASHED, AttemptCharge, Outcome
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.open_journal import open_journal
from pointsman.journal.recover import Recovery
from storage.usage_examples import outcomes


def reopen(journal: FileJournal, folder: Path) -> Recovery:
    """What the next run finds."""
    journal.close()
    journal, recovery = open_journal(folder)
    journal.close()
    assert recovery.damage == ()
    return recovery


def test_a_new_journal_is_empty_private_and_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "home" / "journal"
    journal, recovery = open_journal(folder)
    assert recovery == Recovery([], frozenset(), ())
    (path,) = folder.iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not journal.is_full
    journal.close()
    journal.close()
    assert list(folder.iterdir()) == []


def test_a_call_that_was_not_sent_costs_nothing(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a"))
    recovery = reopen(journal, tmp_path)
    assert recovery.outcomes == [book_orphan(make_admitted("a"), sent=False)]
    assert recovery.orphans == {"a"}
    assert recovery.outcomes[0].cost_nusd == 0


def test_a_call_that_was_sent_is_booked_by_its_last_progress(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a"))
    journal.note_sent("a", 1)
    for content_bytes in (100, 4_000):
        journal.note_progress("a", 1, content_bytes)
    (outcome,) = reopen(journal, tmp_path).outcomes
    assert outcome == book_orphan(make_admitted("a"), sent=True, content_bytes=4_000)
    assert outcome.cost_nusd == (1_200 * PRICES.input_nusd + 1_000 * PRICES.output_nusd) // 1_000_000
    assert (outcome.failure, outcome.cost_status) == (CRASHED, "orphan_estimated")


def test_the_highest_call_brings_the_earlier_ones(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    second = make_admitted("a", 2, (make_charge(1, 3_000),))
    for admitted in (make_admitted("a"), second):
        journal.admit(admitted)
        journal.note_sent("a", admitted.attempt)
    (outcome,) = reopen(journal, tmp_path).outcomes
    assert outcome == book_orphan(second, sent=True)
    assert [charge.cost_nusd for charge in outcome.charges] == [3_000, 3_000_000]


def test_calls_side_by_side_are_all_booked(tmp_path: Path) -> None:
    """A hedge begins while the first call goes on, so that what that comes to is not among the earlier ones."""
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a"))
    journal.note_sent("a", 1)
    journal.admit(make_admitted("a", 2))
    journal.note_progress("a", 1, 400)
    (outcome,) = reopen(journal, tmp_path).outcomes
    assert [(charge.attempt, charge.cost_nusd, charge.status) for charge in outcome.charges] == [
        (1, 4_000_000, "orphan_estimated"),
        (2, 0, "none"),
    ]
    assert outcome.cost_nusd == 4_000_000


def test_an_end_beats_everything(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a"))
    journal.settle(make_outcome("a"))
    journal.note_progress("a", 1, 10)
    journal.settle(make_outcome("never admitted"))
    recovery = reopen(journal, tmp_path)
    assert recovery.outcomes == [make_outcome("a"), make_outcome("never admitted")]
    assert recovery.orphans == frozenset()


def test_what_is_forgotten_does_not_come_back(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    for name in "abc":
        journal.admit(make_admitted(name))
    journal.settle(make_outcome("a"))
    journal.forget(["a", "b", "unheard of"])
    assert reopen(journal, tmp_path).orphans == {"c"}
    assert len(list(tmp_path.iterdir())) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(outcome=outcomes)
def test_every_outcome_comes_back_as_it_was(tmp_path: Path, outcome: Outcome) -> None:
    journal, _ = open_journal(tmp_path)
    journal.settle(outcome)
    assert reopen(journal, tmp_path).outcomes == [outcome]
    journal, _ = open_journal(tmp_path)
    journal.forget([outcome.request_id])
    journal.close()


def test_half_a_character_is_noted_as_a_question_mark(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(replace(make_admitted("a"), user="ad\ud800a", tags=("\udfff", "ü")))
    journal.settle(replace(make_outcome("b"), user="ad\ud800a"))
    settled, orphan = reopen(journal, tmp_path).outcomes
    assert (settled.user, orphan.user, orphan.tags) == ("ad?a", "ad?a", ("?", "ü"))
    assert settled == replace(make_outcome("b"), user="ad?a")


def test_what_cannot_be_written_down_is_refused_or_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, _ = open_journal(tmp_path)
    with pytest.raises(OSError, match="cannot write it down"):
        journal.admit(replace(make_admitted("a"), held_nusd=2**64))
    journal.settle(replace(make_outcome("a"), cost_nusd=2**64))
    assert "a call is not in the journal: [Errno 22] the journal cannot write it down" in caplog.text
    assert journal.failed_notes == 1
    with pytest.raises(OSError, match="more than one record may have"):
        journal.admit(replace(make_admitted("a"), user="a" * 2**26))
    assert reopen(journal, tmp_path).outcomes == []


def test_nothing_is_noted_after_the_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a"))
    journal.close()
    with pytest.raises(OSError, match="the journal is closed"):
        journal.admit(make_admitted("b"))
    journal.settle(make_outcome("a"))
    assert "the journal is closed" in caplog.text
    journal, recovery = open_journal(tmp_path)
    assert recovery.orphans == {"a"}
    journal.close()


def test_unknown_prices_stay_unknown(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path)
    journal.admit(replace(make_admitted("a"), prices=None))
    journal.note_sent("a", 1)
    (outcome,) = reopen(journal, tmp_path).outcomes
    assert (outcome.cost_nusd, outcome.cost_status) == (None, "unknown")
    assert type(outcome.charges[0]) is AttemptCharge
