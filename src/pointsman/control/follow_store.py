"""Follows what other replicas store: one small question several times a second, and a look where something changed.

A store that fails changes nothing; once it is back, replicas do not all look at the same moment.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping

from pointsman.core.ports import StorageUnavailable
from pointsman.core.tenant_ports import ChangeCounters

LOOK_EVERY_S = 0.3
LONGEST_PAUSE_S = 1.5
"""Before the next look after one that failed."""

LOOK_WITHIN_S = 5.0
SAY_EVERY_S = 60.0
FRESH_S = 0.2

RESOURCES = ("configuration", "overrides")

_log = logging.getLogger(__name__)


class SharedCounters:
    """One question for all who ask at about the same time; the port `ChangeCounters`.

    Args:
        counters: where to ask.
        monotonic_s: a clock that only goes forward.
    """

    def __init__(self, counters: ChangeCounters, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._counters = counters
        self._monotonic_s = monotonic_s
        self._asked_s = float("-inf")
        self._question: asyncio.Task[Mapping[str, int]] | None = None

    async def read_counters(self) -> Mapping[str, int]:
        """How often each resource was changed, as of a fifth of a second ago at most."""
        now_s = self._monotonic_s()
        if self._question is None or now_s - self._asked_s >= FRESH_S:
            self._asked_s = now_s
            self._question = asyncio.create_task(self._ask(), name="read the counters of changes")
            self._question.add_done_callback(_forget_error)
        return await asyncio.shield(self._question)

    async def _ask(self) -> Mapping[str, int]:
        async with asyncio.timeout(LOOK_WITHIN_S):
            return await self._counters.read_counters()


class StoreFollower:
    """Looks at the configuration and the overrides again whenever a counter says that they were changed.

    Args:
        counters: of changes.
        take: takes up what is stored; tried again with the next look when it raises.
        owes: whether `take` has something to store itself.
        return_to: called when the store answers after it did not.
        monotonic_s: a clock that only goes forward.
    """

    def __init__(
        self,
        counters: ChangeCounters,
        take: Callable[[], Awaitable[None]],
        owes: Callable[[], bool],
        return_to: Callable[[], None],
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._counters = counters
        self._take = take
        self._owes = owes
        self._return_to = return_to
        self._monotonic_s = monotonic_s
        self._seen: dict[str, int | None] = {}
        self._is_away = False
        self._said_s: float | None = None

    async def look(self) -> bool:
        """Ask once, and take up what has changed; whether that went well."""
        try:
            counters = await self._counters.read_counters()
            # Before what they count, so that a change between the two is looked at twice, never missed.
            found = {name: counters.get(name) for name in RESOURCES}
            if found != self._seen or self._owes():
                await self._take()
            self._seen = found
        except Exception as error:  # Whatever the store raises, what is in force stays.
            self._is_away = True
            self._say(error)
            return False
        if self._is_away:
            self._is_away, self._said_s = False, None
            self._return_to()
        return True

    def _say(self, error: Exception) -> None:
        now_s = self._monotonic_s()
        if self._said_s is None or now_s - self._said_s >= SAY_EVERY_S:
            self._said_s = now_s
            # Other texts than ours may hold values.
            why = str(error) if isinstance(error, StorageUnavailable) else type(error).__name__
            _log.error("what other replicas change cannot be taken up, so what is in force stays: %s", why)


async def follow_store(look: Callable[[], Awaitable[bool]], every_s: float = LOOK_EVERY_S) -> None:
    """Look again and again, until it is cancelled."""
    while True:
        if await look():
            await asyncio.sleep(every_s)
        else:
            await asyncio.sleep(random.uniform(every_s, LONGEST_PAUSE_S))


def _forget_error(question: "asyncio.Task[Mapping[str, int]]") -> None:
    """Whoever waited was told; nobody may have."""
    if not question.cancelled():
        question.exception()
