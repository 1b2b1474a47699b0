"""How a segment and its records look on the disk; nothing is believed whose checksum does not fit.

Numbers are big-endian. A segment begins with magic, version, marker, the sequence of its first record and a checksum.
A record is the segment's marker, the payload's length, a checksum, sequence, kind, format and the payload. The checksum
is the payload's CRC-32, begun with kind, format and the lower half of the sequence, so that it covers those as well.
"""

import struct
import zlib
from typing import NamedTuple

MAGIC = b"PMJOURNL"
VERSION = 1
MARKER_BYTES = 4
LARGEST_SEGMENT_BYTES = 64 * 1_048_576
"""No file is read that is larger; none is written that is."""

_HEADER = struct.Struct(">8sH4sQ")
_CHECKSUM = struct.Struct(">I")
_RECORD = struct.Struct(">4sIIQBB")
_pack_record, _crc32 = _RECORD.pack, zlib.crc32
"""Looked up once: every request goes through these."""

HEADER_BYTES = _HEADER.size + _CHECKSUM.size
LEAST_RECORD_BYTES = _RECORD.size
MOST_MISSING = 2**31
"""A sequence that is further ahead than this is damaged in its upper half."""

ADMIT, SENT, PROGRESS, SETTLE, FORGET = 1, 2, 3, 4, 5
"""The kinds of records; a number that was used once is never given to another kind."""

FORMAT = 1
"""How payloads are written. It is raised when an older reader could misunderstand one, such as when fields of
`Admitted` change their places; new fields at its end, and new ones of `Outcome` with a default, are no such change."""


class Header(NamedTuple):
    """What a segment says of itself.

    Attributes:
        version: of the layout; only `VERSION` can be read.
        marker: four random bytes that each of its records begins with. Nobody outside knows them, so that no text that
            a client sends can pass for a record when a damaged file is searched for the next one.
        first_sequence: of its first record.
    """

    version: int
    marker: bytes
    first_sequence: int


class Record(NamedTuple):
    """One record whose checksum fits.

    Attributes:
        offset: where in its segment it begins.
        end: where the next one does.
        sequence: its number; they rise by one through all segments.
        kind: one of those above, unless a newer version wrote it.
        format: of its payload.
        payload: in MessagePack.
    """

    offset: int
    end: int
    sequence: int
    kind: int
    format: int
    payload: bytes


def write_header(marker: bytes, first_sequence: int) -> bytes:
    """How a segment begins."""
    fields = _HEADER.pack(MAGIC, VERSION, marker, first_sequence)
    return fields + _CHECKSUM.pack(zlib.crc32(fields))


def read_header(data: bytes) -> Header | None:
    """What a segment says of itself, or `None` when that cannot be trusted."""
    if len(data) < HEADER_BYTES:
        return None
    magic, version, marker, first_sequence = _HEADER.unpack_from(data)
    (checksum,) = _CHECKSUM.unpack_from(data, _HEADER.size)
    if magic != MAGIC or checksum != zlib.crc32(data[: _HEADER.size]):
        return None
    return Header(version, marker, first_sequence)


def is_begun_header(data: bytes) -> bool:
    """Whether the file is the beginning of a header whose writer was stopped."""
    known = MAGIC + VERSION.to_bytes(2)
    return len(data) < HEADER_BYTES and known.startswith(data[: len(known)])


def write_record(marker: bytes, sequence: int, kind: int, payload: bytes) -> bytes:
    """A record as it is added to a segment."""
    checksum = _crc32(payload, sequence ^ kind << 24 ^ FORMAT << 16)
    return _pack_record(marker, len(payload), checksum, sequence, kind, FORMAT) + payload


def read_record(data: bytes, offset: int, marker: bytes) -> Record | None:
    """The record at that place, or `None` when none is, whole and undamaged."""
    start = offset + LEAST_RECORD_BYTES
    if start > len(data):
        return None
    found, length, checksum, sequence, kind, form = _RECORD.unpack_from(data, offset)
    end = start + length
    if found != marker or end > len(data):
        return None
    payload = data[start:end]
    if _crc32(payload, sequence ^ kind << 24 ^ form << 16) != checksum:
        return None
    return Record(offset, end, sequence, kind, form, payload)


def is_begun_record(data: bytes, offset: int, marker: bytes) -> bool:
    """Whether what is left is the beginning of a record whose writer was stopped."""
    rest = data[offset:]
    if not marker.startswith(rest[:MARKER_BYTES]):
        return False
    if len(rest) < LEAST_RECORD_BYTES:
        return True
    _, length, checksum, sequence, kind, form = _RECORD.unpack_from(rest)
    payload = rest[LEAST_RECORD_BYTES:]
    # A whole record whose length is damaged looks alike, but for its checksum.
    return bool(length > len(payload) and _crc32(payload, sequence ^ kind << 24 ^ form << 16) != checksum)
