"""Keeps limits in step with the configuration, and with what keys, teams and users may use, beside the requests."""

import asyncio
import logging
from collections.abc import Callable

from pointsman.control.allotments import Allotments
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot

_log = logging.getLogger(__name__)

RETRY_S = 2.0


class SpendingFollower:
    """Tells the tally of each new snapshot; the newest one counts, and a store that fails is asked again.

    Args:
        spending: what is told.
        now_ms: the time, in milliseconds since the Unix epoch.
        allotments: of keys, teams and users.
    """

    def __init__(self, spending: Spending, now_ms: Callable[[], int], allotments: Allotments) -> None:
        self._spending = spending
        self._now_ms = now_ms
        self._allotments = allotments
        self._snapshot: Snapshot | None = None
        allotments.watch(self._follow_again)
        self._task: asyncio.Task[None] | None = None

    def follow(self, snapshot: Snapshot) -> None:
        """Take over another configuration; returns at once."""
        self._snapshot = snapshot
        if self._task is not None:
            self._task.cancel()
        self._task = asyncio.create_task(self._follow(snapshot), name="follow the budgets")

    def _follow_again(self) -> None:
        if self._snapshot is not None:
            self.follow(self._snapshot)

    async def close(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _follow(self, snapshot: Snapshot) -> None:
        while True:
            try:
                allotments = self._allotments
                await self._spending.follow(snapshot, self._now_ms(), allotments.budgets, allotments.limits)
                return
            except Exception as error:  # The former budgets stay in force until the store answers again.
                _log.error("what budgets have used cannot be read, trying again: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)
