"""One answer between the thread that it arrives in and whoever reads it; holds no more than a reader leaves lying."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock

from pointsman.core.routing.outcome import Outcome

HIGH_WATER_BYTES = 256 * 1024
"""What may wait for the reader before the call is paused."""

LOW_WATER_BYTES = 64 * 1024
"""What may still wait when it goes on."""


class Mailbox:
    """Written by one thread, read by one other.

    Attributes:
        status: as over HTTP; 0 until the head has come.
        headers: names in lower case.
        outcome: what came of the request, once it has ended.
    """

    def __init__(self, make_room: Callable[[], None] | None = None) -> None:
        """Begin empty.

        Args:
            make_room: called, in the reader's thread, when there is room again after there was none.
        """
        self.status = 0
        self.headers: tuple[tuple[str, str], ...] = ()
        self.outcome: Outcome | None = None
        self._lock = Lock()
        self._pieces: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._is_over = False
        self._error: Exception | None = None
        self._waiter: Future[None] | None = None
        self._make_room = make_room

    @property
    def is_full(self) -> bool:
        """Whether as much waits as may."""
        return self._waiting_bytes >= HIGH_WATER_BYTES

    @property
    def has_room(self) -> bool:
        """Whether so little waits that there should be more."""
        return self._waiting_bytes <= LOW_WATER_BYTES

    def put_head(self, status: int, headers: tuple[tuple[str, str], ...]) -> None:
        """The head has come."""
        with self._lock:
            self.headers = headers
            self.status = status
            waiter = self._take_waiter()
        _wake(waiter)

    def add_field(self, name: str, value: str) -> None:
        """What a head would tell if it were not sent first; `name` is in lower case."""
        with self._lock:
            self.headers = (*self.headers, (name, value))

    def put(self, data: bytes) -> None:
        """The next bytes of the body have come."""
        if not data:
            return
        with self._lock:
            self._pieces.append(data)
            self._waiting_bytes += len(data)
            waiter = self._take_waiter()
        _wake(waiter)

    def finish(self, outcome: Outcome | None = None, error: Exception | None = None) -> None:
        """Nothing more will come; `error` is raised for whoever reads on. Only the first call counts."""
        with self._lock:
            if self._is_over:
                return
            self._is_over = True
            self.outcome, self._error = outcome, error
            waiter = self._take_waiter()
        _wake(waiter)

    def await_head(self) -> Future[None] | None:
        """What to wait for before asking again, or `None` once the head is there.

        Raises:
            Exception: that the call ended with, when no head will come.
        """
        with self._lock:
            if self.status:
                return None
            if self._is_over:
                raise self._error or RuntimeError("an answer has ended without a head")
            return self._wait()

    def take(self) -> bytes | Future[None] | None:
        """All that has come, or `None` at the end, or what to wait for before asking again.

        Raises:
            Exception: that the call ended with, once everything before it was taken.
        """
        with self._lock:
            if not self._pieces:
                if not self._is_over:
                    return self._wait()
                if self._error is not None:
                    raise self._error
                return None
            was_full = self._waiting_bytes > LOW_WATER_BYTES
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces.clear()
            self._waiting_bytes = 0
        if was_full and self._make_room is not None:
            self._make_room()
        return data

    def _wait(self) -> Future[None]:
        if self._waiter is None or self._waiter.done():
            self._waiter = Future()
        return self._waiter

    def _take_waiter(self) -> Future[None] | None:
        waiter, self._waiter = self._waiter, None
        return waiter


def _wake(waiter: Future[None] | None) -> None:
    # Whoever gave up waiting has cancelled it.
    if waiter is not None and waiter.set_running_or_notify_cancel():
        waiter.set_result(None)
