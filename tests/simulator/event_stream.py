"""Reads the binary frames of Amazon's event streams as their documentation says, checking every length and checksum."""

import json
import struct
from typing import Any
from zlib import crc32


def read_frames(data: bytes) -> list[tuple[dict[str, str], Any]]:
    """The headers and the JSON of each frame."""
    frames = []
    while data:
        size, header_size, checksum = struct.unpack(">III", data[:12])
        assert checksum == crc32(data[:8])
        assert struct.unpack(">I", data[size - 4 : size])[0] == crc32(data[: size - 4])
        headers = read_headers(data[12 : 12 + header_size])
        frames.append((headers, json.loads(data[12 + header_size : size - 4])))
        data = data[size:]
    return frames


def read_headers(data: bytes) -> dict[str, str]:
    headers = {}
    while data:
        name_size = data[0]
        name, data = data[1 : 1 + name_size].decode(), data[1 + name_size :]
        kind, value_size = struct.unpack(">BH", data[:3])
        assert kind == 7
        headers[name], data = data[3 : 3 + value_size].decode(), data[3 + value_size :]
    return headers
