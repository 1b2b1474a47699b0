"""Follows what other processes change about keys, teams and users; a store that fails takes no key away."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from typing import Protocol

from pointsman.control.keys import KeyRing
from pointsman.core.tenant_ports import ChangeCounters

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.3
LOOK_WITHIN_S = 5.0
WRITE_EVERY_S = 60.0
SAY_EVERY_S = 60.0


class UseStore(Protocol):
    """Where it is kept when keys were last used."""

    async def note_uses(self, used_at_ms: Mapping[str, int]) -> None:
        """Keep when keys were last used, by id; a later time that is stored already stays."""


class KeyFollower:
    """Reads keys, teams and users again whenever a counter says that they were changed."""

    def __init__(
        self, ring: KeyRing, counters: ChangeCounters, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._ring = ring
        self._counters = counters
        self._monotonic_s = monotonic_s
        self._seen: Mapping[str, int] = {}
        self._said_s: float | None = None

    async def look(self) -> bool:
        """Ask once, and read again what has changed; whether the store answered."""
        try:
            async with asyncio.timeout(LOOK_WITHIN_S):
                await self._look()
        except Exception as error:  # Whatever the store raises: the keys that are known stay good.
            self._say(error)
            return False
        self._said_s = None
        return True

    async def _look(self) -> None:
        # The counters are read before the rows, so that a change between the two is read twice, never missed.
        counters = await self._counters.read_counters()
        if counters.get("tenants") != self._seen.get("tenants"):
            await self._ring.tenants.load()
        if counters.get("keys") != self._seen.get("keys"):
            await self._ring.load()
        self._seen = counters

    def _say(self, error: Exception) -> None:
        now_s = self._monotonic_s()
        if self._said_s is None or now_s - self._said_s >= SAY_EVERY_S:
            self._said_s = now_s
            _log.error("changes of keys cannot be read; those known stay in force: %s", type(error).__name__)


async def follow_keys(follower: KeyFollower, every_s: float = LOOK_EVERY_S) -> None:
    """Look again and again, until it is cancelled."""
    while True:
        await follower.look()
        await asyncio.sleep(every_s)


class KeyUses:
    """Writes down when keys were last used."""

    def __init__(self, ring: KeyRing, store: UseStore) -> None:
        self._ring = ring
        self._store = store
        self._written: dict[str, int] = {}

    async def write(self) -> None:
        """Write what has changed since the last time.

        Raises:
            Exception: what the store raises; then all of it is written the next time.
        """
        used = self._ring.list_used()
        fresh = {key_id: at_ms for key_id, at_ms in used.items() if self._written.get(key_id) != at_ms}
        if fresh:
            await self._store.note_uses(fresh)
        self._written = used


async def keep_uses(uses: KeyUses, every_s: float = WRITE_EVERY_S) -> None:
    """Write them again and again, until it is cancelled; once more then."""
    try:
        while True:
            await asyncio.sleep(every_s)
            await _try_to_write(uses)
    finally:
        await _try_to_write(uses)


async def _try_to_write(uses: KeyUses) -> None:
    try:
        async with asyncio.timeout(LOOK_WITHIN_S):
            await uses.write()
    except Exception as error:  # Whatever the store raises: it is written the next time.
        _log.warning("when keys were last used cannot be written, trying again later: %s", type(error).__name__)
