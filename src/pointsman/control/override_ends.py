"""Overrides end by the clock alone; that one has ended is put down once, with the time when it did.

What ran out while nothing ran is put down at the next start.
"""

import logging
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from pointsman.control.changes import Signature
from pointsman.core.ports import OverrideRecord, OverrideStore

TIME_HAS_COME = Signature("pointsman", "its time has come")
"""Who ends overrides that nobody ends, and why."""

_log = logging.getLogger(__name__)


@runtime_checkable
class EndingStore(Protocol):
    """A store that puts down which overrides ended by themselves; each end comes with its audit row."""

    async def end_due(self, now_ms: int, author: str, reason: str) -> int | None:
        """Put down the end of overrides whose time has come, as many as fit in one transaction.

        Args:
            now_ms: in milliseconds since the Unix epoch; each one ended at the time that it was given.
            author: who ends them.
            reason: why.

        Returns:
            When the next one ends, likewise; it may be over already. `None` when there is none.

        Raises:
            ValueError: when a text is longer than any that is kept.
        """


class OverrideEnds:
    """Has the store put down each end, soon after it and once.

    Args:
        store: where overrides survive a restart.
        now_ms: the clock, in milliseconds since the Unix epoch.
    """

    def __init__(self, store: OverrideStore, now_ms: Callable[[], int]) -> None:
        assert isinstance(store, EndingStore), "a store of overrides puts their ends down"
        self._store = store
        self._now_ms = now_ms
        # The first look shows what ended while nothing ran.
        self._next_ms: int | None = 0

    def expect(self, record: OverrideRecord) -> None:
        """Take note of when a new override ends."""
        self._next_ms = _pick_earlier(self._next_ms, record.expires_at_ms)

    async def record_due(self) -> None:
        """Put down what has ended since the last look; what fails is tried again at the next one."""
        while self._next_ms is not None and self._next_ms <= self._now_ms():
            asked_ms, self._next_ms = self._next_ms, None
            try:
                next_ms = await self._store.end_due(self._now_ms(), TIME_HAS_COME.author, TIME_HAS_COME.reason)
            except Exception as error:  # It does not count any more; that this stands in the audit too can wait.
                _log.error("the end of an override could not be put down, trying again: %s", type(error).__name__)
                self._next_ms = asked_ms
                return
            self._next_ms = _pick_earlier(self._next_ms, next_ms)


def _pick_earlier(one_ms: int | None, other_ms: int | None) -> int | None:
    return min((each for each in (one_ms, other_ms) if each is not None), default=None)
