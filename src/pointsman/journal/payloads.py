"""What each kind of record carries, and how it is written and read."""

import errno
from collections.abc import Callable, Mapping

import msgspec

from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.outcome import Outcome
from pointsman.journal.records import ADMIT, FORGET, FORMAT, PROGRESS, SENT, SETTLE, Record


class Sent(msgspec.Struct, frozen=True, array_like=True):
    """The first byte of a call went out."""

    request_id: str
    attempt: int


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """So many bytes of content had come of a call's answer."""

    request_id: str
    attempt: int
    content_bytes: int


class Forgotten(msgspec.Struct, frozen=True, array_like=True):
    """These requests were in the ledger for good."""

    request_ids: tuple[str, ...]


Payload = Admitted | Sent | Progress | Outcome | Forgotten


_READERS: Mapping[tuple[int, int], Callable[[bytes], Payload]] = {
    (ADMIT, FORMAT): msgspec.msgpack.Decoder(Admitted).decode,
    (SENT, FORMAT): msgspec.msgpack.Decoder(Sent).decode,
    (PROGRESS, FORMAT): msgspec.msgpack.Decoder(Progress).decode,
    (SETTLE, FORMAT): msgspec.msgpack.Decoder(Outcome).decode,
    (FORGET, FORMAT): msgspec.msgpack.Decoder(Forgotten).decode,
}

_encode = msgspec.msgpack.Encoder().encode


def write_payload(value: object) -> bytes:
    """The payload of a record.

    Raises:
        OSError: when it cannot be written down, such as a number beyond 64 bits.
    """
    try:
        return _encode(value)
    except UnicodeEncodeError:
        # What clients send may hold half of a surrogate pair, which is no text; it is noted as a question mark.
        return _encode(_with_whole_text(msgspec.to_builtins(value)))
    except (OverflowError, TypeError, ValueError) as error:
        raise OSError(errno.EINVAL, f"the journal cannot write it down: {error}") from error


def can_read(record: Record) -> bool:
    """Whether its kind and format are known here; those of a newer version are not."""
    return (record.kind, record.format) in _READERS


def read_payload(record: Record) -> Payload:
    """What a record carries.

    Raises:
        msgspec.MsgspecError, ValueError: when it is not what its kind promises.
    """
    return _READERS[record.kind, record.format](record.payload)


def _with_whole_text(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, Mapping):
        return {_with_whole_text(name): _with_whole_text(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_whole_text(each) for each in value]
    return value
