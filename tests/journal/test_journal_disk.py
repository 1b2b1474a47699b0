"""A full or failing disk: calls are refused, nothing that was noted becomes unreadable, and the loop never waits."""

import logging
import os
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from journal.journal_examples import Standing, make_admitted, make_outcome, names_in, sum_up
from pointsman.journal import keeper_thread
from pointsman.journal.file_journal import FileJournal
from pointsman.journal.limits import JournalLimits
from pointsman.journal.open_journal import open_journal
from pointsman.journal.sparing_log import PAUSE_S, SparingLog

PATIENCE_S = 10


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Writes beyond are cut short, and then refused, as by a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def fill(journal: FileJournal) -> int:
    """Admit until the disk has no room; how many calls were admitted."""
    for number in count():
        try:
            journal.admit(make_admitted(f"req_{number}"))
        except OSError:
            return number
    raise AssertionError


def refuse(*_: object) -> None:
    raise OSError(5, "Input/output error")


def test_a_full_disk_refuses_calls_and_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    journal, _ = open_journal(tmp_path)
    with files_end_at(3_000):
        admitted = fill(journal)
        with pytest.raises(OSError, match=r"room|large"):
            journal.admit(make_admitted("refused"))
        journal.settle(make_outcome("req_0"))
        journal.note_progress("req_1", 1, 10)
    assert 3 < admitted < 30
    assert journal.failed_notes >= 1
    assert [record.message[:30] for record in caplog.records] == ["a call is not in the journal: "]
    journal.settle(make_outcome("req_1"))
    journal.close()
    journal, recovery = open_journal(tmp_path)
    assert recovery.damage == ()
    known = sum_up(recovery)
    assert known["req_1"] == Standing(0) and known["req_0"] == Standing(1)
    assert sorted(known) == sorted(f"req_{number}" for number in range(admitted))
    journal.close()


def test_no_room_for_another_file(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, JournalLimits(segment_bytes=900))
    for name in "abc":
        journal.admit(make_admitted(name))
    names = names_in(tmp_path)
    with files_end_at(10):
        assert fill(journal) == 0
        assert names_in(tmp_path) == names
    journal.admit(make_admitted("d"))
    journal.close()
    journal, recovery = open_journal(tmp_path)
    assert recovery.damage == ()
    assert recovery.orphans == set("abcd")
    journal.close()


def test_half_a_record_that_cannot_be_taken_back_ends_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal, _ = open_journal(tmp_path)
    with monkeypatch.context() as patched, files_end_at(1_000):
        patched.setattr(os, "ftruncate", refuse)
        admitted = fill(journal)
    journal.admit(make_admitted("next"))
    journal.close()
    assert (tmp_path / names_in(tmp_path)[0]).stat().st_size == 1_000
    journal, recovery = open_journal(tmp_path)
    journal.close()
    assert [damage.why for damage in recovery.damage] == ["its last record is cut short, and other files follow"]
    assert recovery.orphans == {"next"} | {f"req_{number}" for number in range(admitted)}


def test_the_disk_is_asked_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[str] = []
    was_asked = threading.Event()

    def sync(descriptor: int) -> None:
        threads.append(threading.current_thread().name)
        os.fdatasync(descriptor)
        was_asked.set()

    monkeypatch.setattr(keeper_thread, "sync_file", sync)
    journal, _ = open_journal(tmp_path, JournalLimits(sync_after_ms=0))
    assert threads == []
    for name in "ab":
        was_asked.clear()
        journal.admit(make_admitted(name))
        assert was_asked.wait(PATIENCE_S)
    journal.close()
    assert set(threads) == {"journal"}


def test_notes_share_a_sync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    monkeypatch.setattr(keeper_thread, "sync_file", syncs.append)
    journal, _ = open_journal(tmp_path, JournalLimits(sync_after_ms=60_000))
    for number in range(200):
        journal.admit(make_admitted(f"req_{number}"))
    journal.close()
    # One for all of them, and one when the file is closed.
    assert len(syncs) == 2


def test_a_disk_that_does_not_keep_is_told_of_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(keeper_thread, "sync_file", refuse)
    journal, _ = open_journal(tmp_path, JournalLimits(segment_bytes=900, sync_after_ms=0))
    for name in "abcdefgh":
        journal.admit(make_admitted(name))
    journal.forget("abc")
    journal.close()
    assert journal.failed_syncs > 1
    assert len([record for record in caplog.records if "does not keep the journal" in record.message]) == 1
    # No file goes when nobody knows whether those that make it needless are kept.
    assert names_in(tmp_path)[0] == "00000001.journal"
    assert "a file of the journal cannot be removed" in caplog.text
    assert journal.total_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())


def test_a_file_that_could_not_be_removed_goes_first_the_next_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_tried = threading.Event()

    def fail(*_: object, **__: object) -> None:
        was_tried.set()
        refuse()

    journal, _ = open_journal(tmp_path, JournalLimits(segment_bytes=900, sync_after_ms=0))
    with monkeypatch.context() as patched:
        patched.setattr(keeper_thread, "discard", fail)
        for name in "abcdefgh":
            journal.admit(make_admitted(name))
        journal.forget("abc")
        assert was_tried.wait(PATIENCE_S)
    journal.forget("def")
    journal.close()
    assert journal.total_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert names_in(tmp_path)[0] > "00000002.journal"


def test_a_hanging_disk_does_not_hold_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answer = threading.Event()
    monkeypatch.setattr(keeper_thread, "sync_file", lambda _: answer.wait(PATIENCE_S))
    journal, _ = open_journal(tmp_path, JournalLimits(sync_after_ms=0, close_timeout_ms=50))
    journal.admit(make_admitted("a"))
    journal.close()
    assert "the disk does not keep the journal in time" in caplog.text
    answer.set()
    journal, recovery = open_journal(tmp_path)
    assert recovery.orphans == {"a"}
    journal.close()


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        open_journal(tmp_path / "file")


def test_the_same_trouble_is_told_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    times = iter((1_000.0, 1_000.5, 1_000.0 + PAUSE_S - 0.1, 1_000.0 + PAUSE_S))
    trouble = SparingLog(logging.getLogger("disk"), "no room: %s (%d)", clock=lambda: next(times))
    for _ in range(4):
        trouble.complain(OSError("full"))
    assert [record.message for record in caplog.records] == ["no room: full (1)", "no room: full (4)"]
    assert trouble.count == 4
