"""A damaged file costs what was in the damaged place, is told of, and never makes a request up."""

import os
import zlib
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journal.journal_examples import SMALL, Standing, Step, expect, make_admitted, names_in, sum_up, take_step
from pointsman.journal.limits import JournalLimits
from pointsman.journal.open_journal import open_journal
from pointsman.journal.payloads import can_read, read_payload
from pointsman.journal.read_segment import read_segment
from pointsman.journal.records import (
    ADMIT,
    HEADER_BYTES,
    MARKER_BYTES,
    SENT,
    VERSION,
    Record,
    is_begun_header,
    read_header,
    write_header,
    write_record,
)
from pointsman.journal.recover import Recollection, Recovery
from pointsman.journal.segment import MOST_DAMAGED

STEPS = (
    Step("admit", "a"),
    Step("send", "a"),
    Step("admit", "b"),
    Step("progress", "a", 1, 800),
    Step("settle", "a"),
    Step("send", "b"),
    Step("admit", "b", 2),
    Step("forget", "a"),
)
NAME = "00000001.journal"
PACKED = st.recursive(st.integers(0, 2**63), st.lists, max_leaves=9).map(msgspec.msgpack.encode)
FUZZING = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a small journal."""
    folder = tmp_path_factory.mktemp("written")
    journal, _ = open_journal(folder)
    for step in STEPS:
        take_step(journal, step)
    journal.close()
    return (folder / NAME).read_bytes()


def remember(data: bytes) -> Recovery:
    """What a journal of one file says."""
    recollection = Recollection()
    recollection.take_in(NAME, read_segment(NAME, data), follows=False)
    return recollection.conclude()


def recover(folder: Path, data: bytes) -> Recovery:
    """The same from the disk; nothing else is left there afterwards."""
    for path in folder.iterdir():
        path.unlink()
    (folder / NAME).write_bytes(data)
    journal, recovery = open_journal(folder)
    journal.close()
    return recovery


def records_of(data: bytes) -> tuple[Record, ...]:
    return read_segment(NAME, data).records


def test_cut_at_every_byte(written: bytes) -> None:
    ends = [record.end for record in records_of(written)]
    for cut in range(len(written) + 1):
        recovery = remember(written[:cut])
        whole = sum(end <= cut for end in ends)
        assert recovery.damage == ()
        assert sum_up(recovery) == expect(STEPS[:whole])


def test_what_is_cut_short_is_cut_off(written: bytes, tmp_path: Path) -> None:
    for whole, record in enumerate(records_of(written)[:5]):
        for cut in (record.offset, record.offset + 1, record.end - 1):
            recovery = recover(tmp_path, written[:cut])
            assert recovery.damage == ()
            assert sum_up(recovery) == expect(STEPS[:whole])
            assert not whole or (tmp_path / NAME).stat().st_size == record.offset


@FUZZING
@given(data=st.data(), mask=st.integers(1, 255))
def test_any_damaged_byte(written: bytes, data: st.DataObject, mask: int) -> None:
    place = data.draw(st.integers(0, len(written) - 1))
    damaged = bytearray(written)
    damaged[place] ^= mask
    check_one_lost(written, bytes(damaged), place)
    assert remember(bytes(damaged)).damage != ()


def test_every_byte_of_every_record(written: bytes) -> None:
    for place in range(len(written)):
        damaged = bytearray(written)
        damaged[place] ^= 0xFF
        check_one_lost(written, bytes(damaged), place)


def check_one_lost(written: bytes, damaged: bytes, place: int) -> None:
    """The damage is told of, and all records are read but the one that it hit."""
    content = read_segment(NAME, damaged)
    assert content.damage != () and content.torn_at is None
    payloads = [record.payload for record in content.records]
    assert payloads == [record.payload for record in records_of(written) if not record.offset <= place < record.end]


@FUZZING
@given(noise=st.binary(max_size=4_096))
def test_random_bytes_are_no_journal(noise: bytes) -> None:
    recovery = remember(noise)
    assert recovery.outcomes == []
    assert bool(recovery.damage) != is_begun_header(noise)


@FUZZING
@given(noise=st.binary(max_size=200), kind=st.integers(0, 255), form=st.integers(0, 255))
def test_random_bytes_behind_good_ones(written: bytes, noise: bytes, kind: int, form: int) -> None:
    header = read_header(written)
    assert header is not None
    sequence = header.first_sequence + len(STEPS)
    for tail in (noise, header.marker + noise, write_record(header.marker, sequence, kind, noise)):
        known = sum_up(remember(written + tail))
        assert {"b": known.get("b")} == expect(STEPS)


@FUZZING
@given(noise=st.binary(max_size=60) | PACKED)
def test_a_payload_is_understood_or_told_of(noise: bytes) -> None:
    for kind in range(7):
        record = Record(0, 0, 1, kind, 1, noise)
        if not can_read(record):
            continue
        try:
            payload = read_payload(record)
        except (msgspec.MsgspecError, ValueError):
            continue
        assert msgspec.msgpack.encode(payload)


def test_what_a_client_sends_never_passes_for_a_record(tmp_path: Path) -> None:
    """A whole journal within a name, in a file that is damaged just before it."""
    inner = write_header(b"1234", 1) + write_record(b"1234", 2, SENT, b"\x92\xa5forge\x01")
    journal, _ = open_journal(tmp_path)
    journal.admit(make_admitted("a" + inner.decode("latin-1")))
    journal.note_sent("b", 1)
    journal.close()
    data = bytearray((tmp_path / NAME).read_bytes())
    data[HEADER_BYTES + MARKER_BYTES + 1] ^= 1
    assert [record.kind for record in records_of(bytes(data))] == [SENT]


def test_records_of_a_newer_version(written: bytes, tmp_path: Path) -> None:
    header = read_header(written)
    assert header is not None
    sequence = header.first_sequence + len(STEPS)
    newer = b"".join(write_record(header.marker, sequence + more, 99, b"?") for more in range(3))
    recovery = recover(tmp_path, written + newer)
    assert sum_up(recovery) == expect(STEPS)
    (damage,) = recovery.damage
    assert damage.offset == len(written)
    assert "3 records are written by a newer version (kind 99" in damage.why


def test_a_file_of_a_newer_version_is_left_alone(written: bytes, tmp_path: Path) -> None:
    later = bytearray(written)
    later[9] += 1
    later[:HEADER_BYTES] = _sign(bytes(later[: HEADER_BYTES - 4]))
    recovery = recover(tmp_path, bytes(later))
    assert recovery.outcomes == []
    assert str(recovery.damage[0]).startswith(f"{NAME} at byte 0: written by a newer version")
    assert (tmp_path / NAME).read_bytes() == later


def _sign(fields: bytes) -> bytes:
    assert int.from_bytes(fields[8:10]) == VERSION + 1
    return fields + zlib.crc32(fields).to_bytes(4)


def test_a_missing_record_is_told_of(written: bytes, tmp_path: Path) -> None:
    second = records_of(written)[1]
    recovery = recover(tmp_path, written[: second.offset] + written[second.end :])
    assert [damage.why for damage in recovery.damage] == ["1 records before it are missing"]


def test_a_call_whose_beginning_is_lost_is_told_of(written: bytes, tmp_path: Path) -> None:
    first = records_of(written)[0]
    recovery = recover(tmp_path, written[: first.offset] + bytes(first.end) + written[first.end :][:60])
    assert recovery.outcomes == []
    assert "'a'" in recovery.damage[-1].why


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
def test_what_is_no_file_is_told_of(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / NAME)
    journal, recovery = open_journal(tmp_path)
    journal.close()
    assert [str(damage) for damage in recovery.damage] == [
        f"{NAME} at byte 0: the file cannot be read: it is not a plain file"
    ]


def test_damaged_files_are_put_aside_and_not_many_of_them(written: bytes, tmp_path: Path) -> None:
    for number in range(1, MOST_DAMAGED + 4):
        (tmp_path / f"{number:08}.journal").write_bytes(b"?" * number)
    journal, recovery = open_journal(tmp_path)
    journal.close()
    assert len(recovery.damage) == MOST_DAMAGED + 3
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"{number:08}.damaged" for number in range(4, MOST_DAMAGED + 4)
    ]
    journal, recovery = open_journal(tmp_path)
    assert recovery.damage == ()
    assert names_in(tmp_path) == [f"{MOST_DAMAGED + 4:08}.journal"]
    journal.close()


def test_a_file_cut_short_before_others_is_told_of(tmp_path: Path) -> None:
    journal, _ = open_journal(tmp_path, JournalLimits(segment_bytes=2_000))
    for number in range(12):
        journal.admit(make_admitted(f"req_{number}"))
    journal.close()
    first = tmp_path / NAME
    os.truncate(first, first.stat().st_size - 5)
    journal, recovery = open_journal(tmp_path, SMALL)
    journal.close()
    whys = [damage.why for damage in recovery.damage]
    assert whys == ["its last record is cut short, and other files follow", "1 records before it are missing"]
    assert len(recovery.orphans) == 11


def test_kinds_keep_their_numbers_and_calls_their_places() -> None:
    """A change here is one that older files would be misread after: raise `FORMAT` with it, and read both."""
    assert ADMIT == 1
    assert " ".join(type(make_admitted("a")).__struct_fields__).startswith(
        "request_id attempt at_ms agent interaction task team user key_id tags experiment session revision operation "
        "stream label model provider upstream_model location input_tokens held_nusd prices earlier"
    )
    assert sum_up(Recovery([], frozenset(), ())) == {} != {"a": Standing(0)}
