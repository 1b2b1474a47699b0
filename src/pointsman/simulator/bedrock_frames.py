"""Writes the binary frames of Amazon's event streams: lengths, their checksum, headers, payload, checksum of it all."""

import struct
from zlib import crc32

STRING_TYPE = 7

EVENT_STREAM_TYPE = ("content-type", "application/vnd.amazon.eventstream")


def write_frame(headers: tuple[tuple[str, str], ...], payload: bytes) -> bytes:
    """One frame whose headers are all strings.

    Args:
        headers: names (at most 255 bytes) and values (at most 65,535 bytes), in order.
        payload: the bytes that it carries.
    """
    fields = b"".join(_write_header(name.encode(), value.encode()) for name, value in headers)
    prelude = struct.pack(">II", 16 + len(fields) + len(payload), len(fields))
    frame = prelude + struct.pack(">I", crc32(prelude)) + fields + payload
    return frame + struct.pack(">I", crc32(frame))


def _write_header(name: bytes, value: bytes) -> bytes:
    return bytes([len(name)]) + name + struct.pack(">BH", STRING_TYPE, len(value)) + value


def write_event_frame(kind: str, payload: bytes) -> bytes:
    """An event such as `contentBlockDelta`; its payload is JSON."""
    headers = ((":event-type", kind), (":content-type", "application/json"), (":message-type", "event"))
    return write_frame(headers, payload)


def write_exception_frame(kind: str, payload: bytes) -> bytes:
    """An error in the middle of a stream, such as `throttlingException`; its payload is JSON."""
    headers = ((":exception-type", kind), (":content-type", "application/json"), (":message-type", "exception"))
    return write_frame(headers, payload)
