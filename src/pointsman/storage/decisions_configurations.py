"""The configurations that decisions saw, each put down once, when the first decision of it is written."""

import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
from sqlalchemy import ColumnElement, Connection, case, update
from sqlalchemy.dialects import postgresql, sqlite

from pointsman.core.config.recorded_configuration import RecordedConfiguration
from pointsman.core.config.snapshot import Snapshot
from pointsman.storage.tables import decision_configurations as configurations

MOST_FOLLOWED = 16
"""Configurations that came into force last; a request that saw an older one is recorded without it."""

_last_at_ms = configurations.c.last_at_ms


@dataclass(frozen=True, slots=True)
class _Packed:
    digest: bytes
    content: bytes


class _Followed:
    """One configuration; it is put down when that is asked for first, and then what it was put down from is let go."""

    def __init__(self, snapshot: Snapshot, put_down: Callable[[], RecordedConfiguration]) -> None:
        self.snapshot = snapshot
        self._put_down: Callable[[], RecordedConfiguration] | None = put_down
        self._packed: _Packed | None = None

    def pack(self) -> _Packed:
        if self._packed is None:
            assert self._put_down is not None, "it is let go of only once it is packed"
            self._packed = _pack(self._put_down())
            self._put_down = None
        return self._packed


class FollowedConfigurations:
    """Those that came into force last. `follow` belongs to the event loop, all else to the database's thread."""

    def __init__(self) -> None:
        self._last: deque[_Followed] = deque(maxlen=MOST_FOLLOWED)

    def follow(self, snapshot: Snapshot, put_down: Callable[[], RecordedConfiguration]) -> None:
        """Remember what has come into force.

        Args:
            snapshot: as requests pin it.
            put_down: tells what it follows from; called in the database's thread, once, and only if it is needed.
        """
        self._last.append(_Followed(snapshot, put_down))

    def store(self, connection: Connection, snapshot: Snapshot, at_ms: int) -> int | None:
        """Keep the configuration of a snapshot for as long as a decision of `at_ms` is kept; answers its row.

        `None` for a snapshot that came into force too long ago.
        """
        # The deque grows on another thread, and must not while it is gone through.
        found = next((each for each in reversed(tuple(self._last)) if each.snapshot is snapshot), None)
        return None if found is None else _store(connection, found.pack(), at_ms)


def unpack_configuration(content: bytes) -> RecordedConfiguration:
    """Read what is stored of a configuration.

    Raises:
        msgspec.MsgspecError, zlib.error: when it is anything else.
    """
    return msgspec.json.decode(zlib.decompress(content), type=RecordedConfiguration)


def _pack(recorded: RecordedConfiguration) -> _Packed:
    encoded = msgspec.json.encode(recorded)
    return _Packed(blake2b(encoded, digest_size=16).digest(), zlib.compress(encoded))


def _store(connection: Connection, packed: _Packed, at_ms: int) -> int:
    known = update(configurations).where(configurations.c.digest == packed.digest)
    known = known.values(last_at_ms=_choose_later(at_ms))
    number: int | None = connection.scalar(known.returning(configurations.c.id))
    return number if number is not None else _insert(connection, packed, at_ms)


def _insert(connection: Connection, packed: _Packed, at_ms: int) -> int:
    """A new row, or the one that another replica has just made."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(configurations).values(digest=packed.digest, last_at_ms=at_ms, content=packed.content)
    known = new.on_conflict_do_update(index_elements=["digest"], set_={"last_at_ms": _choose_later(at_ms)})
    number: int = connection.execute(known.returning(configurations.c.id)).scalar_one()
    return number


def _choose_later(at_ms: int) -> ColumnElement[int]:
    return case((_last_at_ms < at_ms, at_ms), else_=_last_at_ms)
