"""Connections by origin: the last one used is used first, none stays idle for long, and there are never too many."""

import asyncio
from dataclasses import dataclass
from weakref import WeakValueDictionary

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.connection import Connection
from pointsman.upstream.dial import Dialer
from pointsman.upstream.origin import Origin
from pointsman.wire.outbox import Outbox

MOST_OPEN = 1024
"""Connections per origin, those being opened included."""
MOST_IDLE = 256
"""Idle connections kept per origin."""
MOST_IDLE_S = 55.0
"""Idle time after which a connection is closed: many servers and load balancers close theirs after 60 s."""
RECEIVE_BUFFER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class ConnectionCounts:
    """Connections to one origin: `idle` ones wait in the pool, `active` ones carry a request or are closing."""

    idle: int
    active: int


class Lane:
    """The connections to one origin."""

    __slots__ = ("__weakref__", "_idle", "_open_count", "_opening_count", "_pool", "origin")

    def __init__(self, origin: Origin, pool: "Pool") -> None:
        self.origin = origin
        self._pool = pool
        self._idle: list[Connection] = []
        self._open_count = 0
        self._opening_count = 0

    @property
    def receive_buffer(self) -> memoryview:
        """Where connections put what arrives, until it is parsed a moment later."""
        return self._pool.receive_buffer

    @property
    def outbox(self) -> Outbox:
        """What connections write their requests through."""
        return self._pool.outbox

    def take_idle(self) -> Connection | None:
        """The connection that was used last, or `None`."""
        return self._idle.pop() if self._idle else None

    async def open(self, timeout_s: float) -> Connection:
        """Open one more connection.

        Raises:
            UpstreamFailure: when it cannot be had in time, is forbidden, or would be one too many.
        """
        self._check_room()
        self._opening_count += 1
        try:
            connection = await self._pool.dialer.dial(self.origin, lambda: Connection(self), timeout_s)
        finally:
            self._opening_count -= 1
        if not self._pool.is_running:
            connection.abort()
            raise _not_running()
        if connection.is_closing():
            raise UpstreamFailure(FailureKind.UNREACHABLE, f"{self.origin} hung up before the request", sent=False)
        return connection

    def count(self) -> ConnectionCounts:
        """How many there are now."""
        return ConnectionCounts(len(self._idle), self._open_count - len(self._idle))

    def admit(self, connection: Connection) -> None:
        """A connection has opened."""
        self._open_count += 1
        self._pool.add(connection)

    def keep(self, connection: Connection) -> bool:
        """Take a connection back for the next request, unless there are enough."""
        if len(self._idle) >= MOST_IDLE or not self._pool.is_running:
            return False
        self._idle.append(connection)
        return True

    def withdraw(self, connection: Connection) -> None:
        """Never hand this connection out again."""
        if connection in self._idle:
            self._idle.remove(connection)

    def forget(self, connection: Connection) -> None:
        """A connection is gone."""
        self.withdraw(connection)
        self._open_count -= 1
        self._pool.discard(connection)

    def _check_room(self) -> None:
        if not self._pool.is_running:
            raise _not_running()
        if self._open_count + self._opening_count >= MOST_OPEN:
            detail = f"all {MOST_OPEN} connections to {self.origin} are in use"
            raise UpstreamFailure(FailureKind.UNREACHABLE, detail, sent=False)


class Pool:
    """All connections of the process to providers.

    Args:
        dialer: opens them; closed with the pool.
    """

    def __init__(self, dialer: Dialer) -> None:
        self.dialer = dialer
        self.is_running = False
        # One for all connections of the loop: what a read puts there is parsed before the next read begins.
        self.receive_buffer = memoryview(bytearray(RECEIVE_BUFFER_BYTES))
        self.outbox = Outbox()
        # A lane lives as long as a request head or a connection refers to it: old configurations leave nothing behind.
        self._lanes: WeakValueDictionary[Origin, Lane] = WeakValueDictionary()
        self._connections: set[Connection] = set()
        self._is_empty = asyncio.Event()
        self._is_empty.set()

    def find_lane(self, origin: Origin) -> Lane:
        """The one lane to an origin."""
        lane = self._lanes.get(origin)
        if lane is None:
            self._lanes[origin] = lane = Lane(origin, self)
        return lane

    def start(self) -> None:
        """Connections may be opened from now on."""
        self.is_running = True

    def sweep(self, now_s: float) -> None:
        """Hold every connection to its deadlines."""
        for connection in tuple(self._connections):
            connection.expire(now_s, MOST_IDLE_S)

    async def close(self) -> None:
        """Interrupt every request, end every connection, and wait until they are gone."""
        self.is_running = False
        self.dialer.close()
        for connection in tuple(self._connections):
            connection.interrupt()
        await self._is_empty.wait()

    def add(self, connection: Connection) -> None:
        """Hold a new connection to its deadlines from now on."""
        self._connections.add(connection)
        self._is_empty.clear()

    def discard(self, connection: Connection) -> None:
        """A connection is gone."""
        self._connections.discard(connection)
        if not self._connections:
            self._is_empty.set()

    def list_descriptors(self) -> list[int]:
        """The file descriptors of all connections."""
        return [number for connection in tuple(self._connections) if (number := connection.fileno()) >= 0]

    def count(self) -> dict[Origin, ConnectionCounts]:
        """Connections now, per origin."""
        return {origin: lane.count() for origin, lane in self._lanes.items()}


def _not_running() -> UpstreamFailure:
    return UpstreamFailure(FailureKind.UNREACHABLE, "the client is not running", sent=False)
