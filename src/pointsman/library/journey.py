"""One request on its way to a gateway and back, in a thread of its own; ended from any thread."""

import http.client
import re
import socket
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field

from pointsman.library.errors import EngineClosed, GatewayUnreachable, PointsmanError, RequestTimedOut
from pointsman.library.mailbox import Mailbox

PIECE_BYTES = 64 * 1024
MOST_BYTES = 256 * 1024 * 1024
"""Of an answer that is taken whole."""

WANTS_COST = "x-pointsman-usage"
COST = "x-pointsman-cost-usd"
_TOLD_COST = re.compile(rb"\n: x-pointsman-cost-usd ([0-9]{1,12}(?:\.[0-9]{1,9})?)\n\n\Z")
_TAIL_BYTES = 128
"""Of a stream's end, in which it may tell its cost."""

PATIENCE_SECONDS = 600.0
"""How long a reader may take nothing before the call is ended."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What is asked."""

    method: str
    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Journey:
    """A request and its answer.

    Attributes:
        mailbox: where the answer arrives.
        arrived: done once nothing more will come; never an error.
    """

    def __init__(self, url: str, leave: Callable[[], None], *, is_awaited: bool, asks_cost: bool = False) -> None:
        """Nothing is sent before `begin`.

        Args:
            url: of the gateway, for messages.
            leave: called once when the thread has ended.
            is_awaited: whether somebody reads while it arrives; else all of it is held.
            asks_cost: whether the gateway is asked to tell at the end of a stream what it has cost.
        """
        self._room = threading.Event()
        self.mailbox = Mailbox(self._room.set)
        self.arrived: Future[None] = Future()
        self._url = url
        self._leave = leave
        self._is_awaited = is_awaited
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_ended = False
        self._taken_bytes = 0
        self._asks_cost = asks_cost
        self._tail = b""

    def begin(self, connection: http.client.HTTPConnection, letter: Letter) -> None:
        """Send the request, in a new thread."""
        thread = threading.Thread(target=self._travel, args=(connection, letter), name="pointsman call", daemon=True)
        thread.start()

    def end(self) -> None:
        """End it; the gateway sees its client leave, and ends the call upstream. Idempotent, from any thread."""
        with self._lock:
            self._is_ended = True
            if self._socket is not None:
                _hang_up(self._socket)
        self._room.set()

    def _travel(self, connection: http.client.HTTPConnection, letter: Letter) -> None:
        error: Exception | None = None
        try:
            self._carry(connection, letter)
        except Exception as failed:  # Whatever it is, whoever waits for the answer gets it.
            error = self._describe(failed)
        finally:
            with self._lock:
                self._socket = None
            connection.close()
            self._leave()
            self.mailbox.finish(error=error)
            if self.arrived.set_running_or_notify_cancel():
                self.arrived.set_result(None)

    def _carry(self, connection: http.client.HTTPConnection, letter: Letter) -> None:
        connection.connect()
        with self._lock:
            if self._is_ended:
                raise EngineClosed("the call was ended")
            self._socket = connection.sock
        headers = {name: value.encode() for name, value in letter.headers.items()}
        connection.request(letter.method, letter.path, letter.body, headers)
        with connection.getresponse() as response:
            fields = tuple([(name.lower(), value) for name, value in response.getheaders()])
            self.mailbox.put_head(response.status, fields)
            while data := response.read1(PIECE_BYTES):
                self.take(data)
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        self.take_end()

    def take(self, data: bytes) -> None:
        """The next bytes of the answer have come; waits while its reader is behind."""
        if self._asks_cost:
            self._tail = (self._tail + data[-_TAIL_BYTES:])[-_TAIL_BYTES:]
        self.mailbox.put(data)
        if self._is_awaited:
            self._wait_for_room()
            return
        self._taken_bytes += len(data)
        if self._taken_bytes > MOST_BYTES:
            raise PointsmanError(f"the answer has more than {MOST_BYTES // 2**20} MiB; ask for less")

    def take_end(self) -> None:
        """The answer is whole: its cost stands at the very end, where nothing that a provider wrote can stand."""
        told = _TOLD_COST.search(self._tail)
        if told is not None:
            self.mailbox.add_field(COST, told[1].decode())

    def _wait_for_room(self) -> None:
        while self._must_wait():
            self._room.clear()
            if self._must_wait() and not self._room.wait(PATIENCE_SECONDS):
                raise PointsmanError(f"nobody read this answer for {PATIENCE_SECONDS:.0f} s, so the call was ended")

    def _must_wait(self) -> bool:
        return self.mailbox.is_full and not self._is_ended

    def _describe(self, error: Exception) -> Exception:
        if self._is_ended:
            return EngineClosed("the call was ended before its answer had")
        if isinstance(error, TimeoutError):
            return RequestTimedOut(f"the gateway at {self._url} fell silent; see its log")
        if isinstance(error, OSError | http.client.HTTPException):
            what = "broke off" if self.mailbox.status else "cannot be reached"
            reason = getattr(error, "strerror", None) or type(error).__name__
            return GatewayUnreachable(f"the gateway at {self._url} {what} ({reason}); see that it runs, then try again")
        return error


def _hang_up(wire: socket.socket) -> None:
    try:
        wire.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The gateway hung up first; then there is nothing to end.
        return
