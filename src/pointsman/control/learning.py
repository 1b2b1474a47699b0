"""What was learned of how long prompts and answers are survives a restart: saved every minute and at the end.

Nothing depends on it: where the store fails, estimates are as they were before anything was learned.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from pointsman.core.routing.learned_tokens import LearnedTokens, StoredHistory

SAVE_EVERY_S = 60.0

_log = logging.getLogger(__name__)


class HistoryStore(Protocol):
    """Where histories survive a restart."""

    async def load(self) -> Sequence[StoredHistory]:
        """All of them, the latest first."""

    async def save(self, histories: Sequence[StoredHistory], now_ms: int) -> None:
        """Replace what is stored of these."""


class Learning:
    """One process's learned estimates and where they are kept; belongs to one event loop.

    Attributes:
        tokens: what was learned.
    """

    def __init__(self, store: HistoryStore, now_ms: Callable[[], int]) -> None:
        self.tokens = LearnedTokens()
        self._store = store
        self._now_ms = now_ms

    async def load(self) -> None:
        """Take over what was stored; once, at the start."""
        try:
            self.tokens.restore(await self._store.load())
        except Exception as error:  # Whatever is wrong with the store: what it held can be learned anew.
            _log.warning("learned estimates cannot be read (%s); they are learned anew", type(error).__name__)

    async def save(self) -> None:
        """Store what has changed; what cannot be stored is tried again with the next call. Call it at the end, too."""
        changed = self.tokens.list_changed()
        if not changed:
            return
        try:
            await self._store.save(changed, self._now_ms())
        except BaseException as error:
            self.tokens.mark_changed(changed)
            if not isinstance(error, Exception):
                raise
            # Whatever is wrong with the store: estimates lose no more than some of what was learned.
            _log.warning("learned estimates cannot be saved (%s); trying again", type(error).__name__)

    async def save_in_time(self, every_s: float = SAVE_EVERY_S) -> None:
        """Save once a minute, without end."""
        while True:
            await asyncio.sleep(every_s)
            await self.save()
