"""Drops decisions whose time is over, a few at a time, so that nothing else waits for it."""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

PRUNE_EVERY_S = 60
PAUSE_S = 0.05

_log = logging.getLogger(__name__)


class PrunedStore(Protocol):
    """Where decisions are kept."""

    async def prune(self, before_ms: int) -> bool:
        """Drop some of those that arrived before a time; says whether there may be more."""


async def prune_decisions(store: PrunedStore, kept_s: int, now_ms: int) -> None:
    """Drop all decisions that are older than they are kept.

    Args:
        store: where they are.
        kept_s: how long they are kept, in seconds.
        now_ms: the time, in milliseconds since the Unix epoch.
    """
    before_ms = now_ms - kept_s * 1_000
    has_more = await store.prune(before_ms)
    while has_more:
        await asyncio.sleep(PAUSE_S)
        has_more = await store.prune(before_ms)


async def prune_in_time(store: PrunedStore, kept_s: Callable[[], int], now_ms: Callable[[], int]) -> None:
    """Drop decisions once a minute, without end."""
    while True:
        try:
            await prune_decisions(store, kept_s(), now_ms())
        except Exception as error:  # Old records are nobody's trouble: they go with the next round.
            _log.error("old decisions could not be dropped: %s", type(error).__name__)
        await asyncio.sleep(PRUNE_EVERY_S)
