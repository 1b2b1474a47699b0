"""Reads a segment as far as it can be believed; whatever cannot is told with its place, never passed over."""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.journal.records import (
    HEADER_BYTES,
    MARKER_BYTES,
    MOST_MISSING,
    VERSION,
    Header,
    Record,
    is_begun_header,
    is_begun_record,
    read_header,
    read_record,
)

NEWER = "written by a newer version"


@dataclass(frozen=True, slots=True)
class Damage:
    """Something in the journal that cannot be read.

    Attributes:
        segment: the name of the file.
        offset: where in it.
        why: what is wrong there.
    """

    segment: str
    offset: int
    why: str

    def __str__(self) -> str:
        return f"{self.segment} at byte {self.offset:,}: {self.why}"


@dataclass(frozen=True, slots=True)
class SegmentContent:
    """What a segment holds.

    Attributes:
        records: those that can be believed, by rising sequence.
        damage: what cannot.
        torn_at: where a record begins that was never finished, or `None`; what follows is no record.
        first_sequence: of its first record, as its header says, or `None` when that is not known.
        is_newer: whether all of it is for a newer version to read.
    """

    records: tuple[Record, ...] = ()
    damage: tuple[Damage, ...] = ()
    torn_at: int | None = None
    first_sequence: int | None = None
    is_newer: bool = False


def read_segment(name: str, data: bytes) -> SegmentContent:
    """Read the bytes of one segment."""
    header = read_header(data)
    if header is None:
        return _read_without_header(name, data)
    if header.version != VERSION:
        damage = Damage(name, 0, f"{NEWER}; start that one to have it read")
        return SegmentContent(damage=(damage,), is_newer=True)
    return _read_records(name, data, header)


def _read_without_header(name: str, data: bytes) -> SegmentContent:
    if is_begun_header(data):
        return SegmentContent(torn_at=0)
    marker = data[HEADER_BYTES : HEADER_BYTES + MARKER_BYTES]
    first = read_record(data, HEADER_BYTES, marker)
    damage = Damage(name, 0, "its header is damaged")
    if first is None:
        return SegmentContent(damage=(damage,))
    content = _read_records(name, data, Header(VERSION, marker, first.sequence))
    return SegmentContent(content.records, (damage, *content.damage), content.torn_at)


def _read_records(name: str, data: bytes, header: Header) -> SegmentContent:
    records: list[Record] = []
    damage: list[Damage] = []
    expected, offset, torn_at = header.first_sequence, HEADER_BYTES, None
    is_whole = True
    while offset < len(data):
        record = _next_record(data, offset, header.marker, expected)
        if record is None and is_begun_record(data, offset, header.marker):
            torn_at = offset
            break
        reached = record.offset if record is not None else len(data)
        if reached > offset:
            damage.append(Damage(name, offset, f"{reached - offset:,} bytes are no record"))
            is_whole = False
        if record is None:
            break
        if record.sequence > expected and is_whole:
            damage.append(Damage(name, record.offset, f"{record.sequence - expected:,} records before it are missing"))
        records.append(record)
        expected, offset, is_whole = record.sequence + 1, record.end, True
    return SegmentContent(tuple(records), tuple(damage), torn_at, header.first_sequence)


def _next_record(data: bytes, offset: int, marker: bytes, expected: int) -> Record | None:
    """The first record from there on that comes after those before it."""
    for place in _find_marker(data, offset, marker):
        record = read_record(data, place, marker)
        if record is not None and expected <= record.sequence < expected + MOST_MISSING:
            return record
    return None


def _find_marker(data: bytes, offset: int, marker: bytes) -> Iterator[int]:
    place = data.find(marker, offset)
    while place >= 0:
        yield place
        place = data.find(marker, place + 1)
