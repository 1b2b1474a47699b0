"""Files go when nobody needs them, one long stream holds none of them, and what has ended never comes back."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from journal.journal_examples import Standing, Step, expect, make_admitted, make_outcome, names_in, sum_up, take_step
from pointsman.journal import keeper_thread
from pointsman.journal import open_journal as open_journal_module
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.limits import JournalLimits
from pointsman.journal.open_journal import open_journal
from pointsman.journal.payloads import write_payload
from pointsman.journal.records import LEAST_RECORD_BYTES
from pointsman.journal.segment import Segment, list_segments
from pointsman.journal.segments import NEWEST, Segments

TINY = JournalLimits(segment_bytes=1_200, most_bytes=200_000, sync_after_ms=0)


def serve(journal: FileJournal, request_ids: list[str]) -> None:
    """Requests that come and go, and are in the ledger at once."""
    for request_id in request_ids:
        journal.admit(make_admitted(request_id))
        journal.note_sent(request_id, 1)
        journal.settle(make_outcome(request_id))
        journal.forget([request_id])


def many(prefix: str, count: int = 30) -> list[str]:
    return [f"{prefix}_{number}" for number in range(count)]


def copy_now(folder: Path, to: Path) -> None:
    """What a process that is killed now would leave.

    The journal may remove files meanwhile, the oldest first, so that the newest are copied first.
    """
    to.mkdir()
    for path in reversed(list_segments(folder)):
        try:
            shutil.copy(path, to)
        except FileNotFoundError:
            continue


def test_files_go_when_all_of_their_requests_are_forgotten(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, TINY)
    for request_id in many("req", 10):
        journal.admit(make_admitted(request_id))
        journal.settle(make_outcome(request_id))
    before = names_in(tmp_path)
    assert len(before) > 5
    assert journal.total_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    journal.forget(many("req", 5))
    journal.admit(make_admitted("open"))
    total = journal.total_bytes
    journal.close()
    assert before[0] not in names_in(tmp_path)
    assert before[-1] in names_in(tmp_path)
    assert total == sum(path.stat().st_size for path in tmp_path.iterdir())
    journal, recovery = open_journal(tmp_path, TINY)
    assert sum_up(recovery) == {"open": Standing(1)} | {name: Standing(0) for name in many("req", 10)[5:]}
    journal.close()


def test_a_long_stream_holds_no_old_file(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, TINY)
    journal.admit(make_admitted("long"))
    journal.note_sent("long", 1)
    journal.note_progress("long", 1, 400)
    journal.note_progress("long", 1, 800)
    serve(journal, many("req"))
    journal.close()
    names = names_in(tmp_path)
    assert len(names) <= NEWEST + 1
    assert int(names[0].removesuffix(".journal")) >= int(names[-1].removesuffix(".journal")) - NEWEST
    journal, recovery = open_journal(tmp_path, TINY)
    assert sum_up(recovery) == {"long": Standing(1, True, 800)}
    journal.close()


def test_calls_that_do_not_end_take_little_more_than_they_need(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, TINY)
    for request_id in many("open", 100):
        journal.admit(make_admitted(request_id))
    total = journal.total_bytes
    journal.close()
    needed = 100 * (len(write_payload(make_admitted("open_00"))) + LEAST_RECORD_BYTES)
    assert total < 3 * needed
    journal, recovery = open_journal(tmp_path, TINY)
    assert recovery.orphans == set(many("open", 100))
    journal.close()


def test_a_moved_call_that_ends_does_not_come_back(tmp_path: Path) -> None:
    """Its first notes stay in a file that somebody else holds, when those of its end are long gone."""
    journal, _ = open_journal(tmp_path, TINY)
    journal.admit(make_admitted("long"))
    journal.settle(make_outcome("not yet in the ledger"))
    serve(journal, many("first"))
    journal.settle(make_outcome("long"))
    journal.forget(["long"])
    serve(journal, many("second"))
    journal.close()
    assert names_in(tmp_path)[0] == "00000001.journal"
    journal, recovery = open_journal(tmp_path, TINY)
    assert sum_up(recovery) == {"not yet in the ledger": Standing(0)}
    journal.forget(["not yet in the ledger"])
    journal.close()
    assert names_in(tmp_path) == []


def test_what_is_stale_is_what_has_ended_everywhere() -> None:
    """`moved` was noted anew in the newest file: two old ones tell of it, and neither may be called its end."""
    old, between, *others = (Segment(Path(f"{number:08}.journal")) for number in range(1, 4 + NEWEST))
    segments = Segments([old, between, *others])
    old.live |= {"holder", "moved", "ended"}
    between.live |= {"moved", "ended"}
    segments.newest.live |= {"moved"}
    assert segments.end(["ended", "unheard of"]) == {"ended"}
    segments.end_in_old("moved")
    assert segments.list_needless() == [between, *others[:-1]]
    assert segments.find_stale(between) == ["ended"]
    assert segments.end(["moved"]) == {"moved"}
    assert sorted(segments.find_stale(between)) == ["ended", "moved"]
    assert segments.find_stale(old) == []


def test_a_full_journal_admits_nothing_and_still_notes_ends(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, _ = open_journal(tmp_path, JournalLimits(segment_bytes=1_200, most_bytes=12_000, sync_after_ms=0))
    admitted = 0
    while journal.total_bytes < 12_000:
        assert not journal.is_full
        journal.admit(make_admitted(f"req_{admitted}"))
        admitted += 1
    assert journal.is_full
    with pytest.raises(OSError, match="the journal is full"):
        journal.admit(make_admitted("one more"))
    journal.settle(make_outcome("req_0"))
    assert [record.levelname for record in caplog.records if "% of its" in record.message] == ["WARNING"]
    journal.forget(many("req", admitted))
    assert journal.total_bytes < 12_000
    journal.admit(make_admitted("one more"))
    journal.close()
    journal, recovery = open_journal(tmp_path, TINY)
    assert sum_up(recovery) == {"one more": Standing(1)}
    journal.close()


def test_the_next_run_goes_on_and_clears_what_is_needless(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, TINY)
    serve(journal, many("req"))
    journal.admit(make_admitted("left"))
    journal.close()
    (left,) = names_in(tmp_path)[-1:]
    journal, recovery = open_journal(tmp_path, TINY)
    assert recovery.orphans == {"left"}
    journal.forget(["left"])
    journal.admit(make_admitted("new"))
    journal.close()
    (name,) = names_in(tmp_path)
    assert name > left


class JournalMachine(RuleBasedStateMachine):
    """Any order of steps, ends and starts; killed at any time, it would know what a plain list of the steps says."""

    @initialize()
    def begin(self) -> None:
        # Nobody pulls a plug here, and thousands of syncs would take minutes on a busy disk.
        self.patches = pytest.MonkeyPatch()
        self.patches.setattr(keeper_thread, "sync_file", lambda _: None)
        self.patches.setattr(open_journal_module, "sync_file", lambda _: None)
        self.home = TemporaryDirectory()
        self.folder = Path(self.home.name) / "journal"
        self.journal, _ = open_journal(self.folder, TINY)
        self.steps: list[Step] = []
        self.attempts: dict[str, int] = {}
        self.ended: list[str] = []
        self.copies = 0

    @rule(retry=st.booleans(), data=st.data())
    def admit(self, retry: bool, data: st.DataObject) -> None:
        request_id = f"req_{len(self.steps)}"
        if retry and self.attempts:
            request_id = data.draw(st.sampled_from(sorted(self.attempts)))
        self.attempts[request_id] = self.attempts.get(request_id, 0) + 1
        self._take(Step("admit", request_id, self.attempts[request_id]))
        self._take(Step("send", request_id, self.attempts[request_id]))

    @rule(data=st.data(), number=st.integers(1, 1_000))
    def progress(self, data: st.DataObject, number: int) -> None:
        if self.attempts:
            request_id = data.draw(st.sampled_from(sorted(self.attempts)))
            self._take(Step("progress", request_id, self.attempts[request_id], 4 * number))

    @rule(data=st.data(), most=st.integers(1, 4))
    def settle(self, data: st.DataObject, most: int) -> None:
        for _ in range(min(most, len(self.attempts))):
            request_id = data.draw(st.sampled_from(sorted(self.attempts)))
            del self.attempts[request_id]
            self.ended.append(request_id)
            self._take(Step("settle", request_id))

    @rule(data=st.data(), most=st.integers(1, 6))
    def forget(self, data: st.DataObject, most: int) -> None:
        for _ in range(min(most, len(self.ended))):
            request_id = data.draw(st.sampled_from(self.ended))
            self.ended.remove(request_id)
            self._take(Step("forget", request_id))

    @rule(count=st.integers(1, 8))
    def serve_others(self, count: int) -> None:
        serve(self.journal, many(f"other_{len(self.steps)}", count))

    @rule()
    def restart(self) -> None:
        self.journal.close()
        self.journal, recovery = open_journal(self.folder, TINY)
        assert recovery.damage == ()
        # Those under way are over now, and wait for the ledger.
        self.ended.extend(self.attempts)
        self.attempts.clear()

    @invariant()
    def a_killed_one_would_know(self) -> None:
        self.copies += 1
        copy = Path(self.home.name) / str(self.copies)
        copy_now(self.folder, copy)
        journal, recovery = open_journal(copy, TINY)
        journal.close()
        assert recovery.damage == ()
        assert sum_up(recovery) == expect(self.steps)
        shutil.rmtree(copy)

    def teardown(self) -> None:
        self.journal.close()
        self.home.cleanup()
        self.patches.undo()

    def _take(self, step: Step) -> None:
        take_step(self.journal, step)
        self.steps.append(step)


JournalMachine.TestCase.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
TestJournalMachine = JournalMachine.TestCase
