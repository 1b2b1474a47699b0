"""Cuts an Amazon event stream into its binary frames, whatever way it was cut on its way; every checksum is checked.

A frame is: its length, the length of its headers, a CRC-32 of these two, headers, payload, a CRC-32 of all before.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from pointsman.core.chat.failures import FailureKind, UpstreamFailure

MOST_FRAME_BYTES = 1024 * 1024
_PRELUDE = struct.Struct(">III")
_CHECKSUM = struct.Struct(">I")
_LENGTH = struct.Struct(">H")
_LEAST_FRAME_BYTES = _PRELUDE.size + _CHECKSUM.size
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of a header's value by its type: true, false, byte, short, integer, long, timestamp, UUID."""
_BYTES, _STRING = 6, 7


class Frame(NamedTuple):
    """One frame: its headers that are strings, by name, and its payload."""

    headers: dict[str, str]
    payload: bytes


class FrameSplitter:
    """Holds the torn rest of a stream. Memory is bounded by `MOST_FRAME_BYTES` and what one `split` is given."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def split(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes; yield the frames that are whole now.

        Raises:
            UpstreamFailure: BAD_RESPONSE at a frame that is none, or too large.
        """
        rest = self._rest
        rest += data
        while len(rest) >= _PRELUDE.size:
            length, headers_length, checksum = _PRELUDE.unpack_from(rest)
            if zlib.crc32(rest[:8]) != checksum:
                raise _fail("a frame of the stream has a wrong checksum")
            if length > MOST_FRAME_BYTES:
                raise _fail(f"a frame has more than {MOST_FRAME_BYTES} bytes")
            if length < _LEAST_FRAME_BYTES + headers_length:
                raise _fail("a frame of the stream is shorter than its headers")
            if len(rest) < length:
                return
            frame = bytes(rest[:length])
            del rest[:length]
            yield _read_frame(frame, headers_length)


def _read_frame(frame: bytes, headers_length: int) -> Frame:
    end = len(frame) - _CHECKSUM.size
    if zlib.crc32(frame[:end]) != _CHECKSUM.unpack_from(frame, end)[0]:
        raise _fail("a frame of the stream has a wrong checksum")
    start = _PRELUDE.size + headers_length
    try:
        headers = _read_headers(frame[_PRELUDE.size : start])
    except (struct.error, IndexError, KeyError, UnicodeDecodeError):
        raise _fail("a frame of the stream has headers that cannot be read") from None
    return Frame(headers, frame[start:end])


def _read_headers(data: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    at = 0
    while at < len(data):
        value = at + 1 + data[at]
        name = data[at + 1 : value].decode()
        kind = data[value]
        value += 1
        if kind in (_BYTES, _STRING):
            length = _LENGTH.unpack_from(data, value)[0]
            value += _LENGTH.size
        else:
            length = _SIZES[kind]
        at = value + length
        if at > len(data):
            raise IndexError("a header is longer than all headers")
        if kind == _STRING:
            headers[name] = data[value:at].decode()
    return headers


def _fail(detail: str) -> UpstreamFailure:
    return UpstreamFailure(FailureKind.BAD_RESPONSE, detail, sent=True)
