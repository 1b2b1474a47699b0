"""Keeps the tally of spending in step with the configuration in force, beside the requests."""

import asyncio
import logging
from collections.abc import Callable

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot

_log = logging.getLogger(__name__)

RETRY_S = 2.0


class SpendingFollower:
    """Tells the tally of each new snapshot; the newest one counts, and a store that fails is asked again."""

    def __init__(self, spending: Spending, now_ms: Callable[[], int]) -> None:
        self._spending = spending
        self._now_ms = now_ms
        self._task: asyncio.Task[None] | None = None

    def follow(self, snapshot: Snapshot) -> None:
        """Take over another configuration; returns at once."""
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._follow(snapshot), name="follow the budgets")

    async def close(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self, snapshot: Snapshot) -> None:
        while True:
            try:
                await self._spending.follow(snapshot, self._now_ms())
                return
            except Exception as error:  # The former budgets stay in force until the store answers again.
                _log.error("what budgets have used cannot be read, trying again: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)
