"""Answers what a program posts, in the engine's loop, and tells of every request that has ended."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from pointsman.assembly.in_process import InProcess
from pointsman.core.routing.outcome import Outcome
from pointsman.library.delivery import Delivery
from pointsman.library.errors import EngineClosed
from pointsman.library.loop_thread import CLOSING
from pointsman.relay.call import Call
from pointsman.relay.serve import serve
from pointsman.telemetry.metrics import TokenReport

MOST_LISTENERS = 64

Listener = Callable[[Outcome], None]

_log = logging.getLogger(__name__)


class Listeners:
    """Who is told of each outcome; at most `MOST_LISTENERS`, changed by any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._all: tuple[Listener, ...] = ()

    def add(self, listener: Listener) -> None:
        """Tell one more.

        Raises:
            ValueError: when there are as many as there may be.
        """
        with self._lock:
            if len(self._all) >= MOST_LISTENERS:
                raise ValueError(f"there are {MOST_LISTENERS} listeners already; remove one of them")
            self._all = (*self._all, listener)

    def remove(self, listener: Listener) -> None:
        """Tell it no more; one that is not told is left alone."""
        with self._lock:
            self._all = tuple(each for each in self._all if each != listener)

    def tell(self, outcome: Outcome) -> None:
        """Tell everybody, one after the other."""
        for listener in self._all:
            try:
                listener(outcome)
            except Exception as error:  # It is the program's own, and costs it what it wanted to know; nobody else.
                _log.error("a listener of the engine failed: %s", type(error).__name__)


class Desk:
    """Answers calls by a relay; belongs to the loop that the relay was opened in."""

    def __init__(self, inside: InProcess, listeners: Listeners) -> None:
        self.inside = inside
        self._relay = replace(inside.relay, record=self._record)
        self._listeners = listeners
        self._deliveries: dict[str, Delivery] = {}

    async def answer(self, call: Call, delivery: Delivery) -> None:
        """Answer one call; cancelling it ends it upstream at once."""
        self._deliveries[call.request_id] = delivery
        try:
            await serve(self._relay, self.inside.pin(), call, delivery)
        finally:
            del self._deliveries[call.request_id]

    async def report(self) -> TokenReport:
        """What was counted, as `GET /metrics/tokens` gives it."""
        return self.inside.metrics.token_report(datetime.now(UTC))

    async def note(self, outcome: Outcome) -> None:
        """Count a call that did not come by here."""
        self._count(outcome)

    def _record(self, outcome: Outcome) -> None:
        self._count(outcome)
        # Only now may its reader see the end: then all that counts it has counted it.
        self._deliveries[outcome.request_id].mailbox.finish(outcome)

    def _count(self, outcome: Outcome) -> None:
        try:
            self.inside.relay.record(outcome)
        except Exception as error:  # Whichever of the counters it is, it is not to cost the answer that was paid for.
            _log.error("call %s was not counted everywhere: %s", outcome.request_id, type(error).__name__)
        self._listeners.tell(outcome)


def close_with(future: "Future[Any]", delivery: Delivery) -> None:
    """See to it that a reader finds an end, however a call ends."""
    future.add_done_callback(lambda _: delivery.mailbox.finish(error=EngineClosed(CLOSING)))
