"""Runtime overrides: changes with author, reason and duration, above everything written; they end by themselves."""

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Sequence

from pointsman.control.changes import ChangeRefused, Changes, Signature, StoredLayerLocked
from pointsman.control.current import CurrentConfiguration
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.ports import OverrideRecord, OverrideStore, TooManyOverrides

LONGEST_MS = 30 * 24 * 3_600_000
SHORTEST_WAIT_S = 0.01
LONGEST_WAIT_S = 0.5
"""The wall clock says when an override ends, and it may be set, or stand still while a machine sleeps."""

RETRY_S = 0.5

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_log = logging.getLogger(__name__)


def read_override_duration(text: str) -> int:
    """`"30m"`, `"2h"`, `"7d"` in milliseconds.

    Raises:
        ChangeRefused: for anything else, and for more than 30 days.
    """
    match = _DURATION.fullmatch(text)
    duration_ms = int(match[1]) * _UNIT_MS[match[2]] if match else 0
    if not 0 < duration_ms <= LONGEST_MS:
        raise ChangeRefused(
            f"{quote(text)} is no duration of an override; write one such as 30m, 2h or 7d, at most 30d"
        )
    return duration_ms


class Overrides:
    """The overrides that count now.

    Args:
        store: where they survive a restart.
        changes: makes them count.
        current: what is in force.
        now_ms: the clock, in milliseconds since the Unix epoch.
    """

    def __init__(
        self, store: OverrideStore, changes: Changes, current: CurrentConfiguration, now_ms: Callable[[], int]
    ) -> None:
        self._store = store
        self._changes = changes
        self._current = current
        self._now_ms = now_ms
        self._changed = asyncio.Event()
        self._settled: Snapshot | None = None

    def list_live(self) -> tuple[OverrideRecord, ...]:
        """Those that count, the oldest first."""
        return self._current.ingredients.overrides

    def is_settled(self) -> bool:
        """Whether all that is stored as live counts, or may count again."""
        return self._settled is self._current.snapshot

    async def set_agent_model(self, agent: str, model: str, by: Signature, duration_ms: int | None) -> OverrideRecord:
        """Run an agent on another model until the duration has passed, or until it is cancelled.

        Raises:
            ChangeRefused: when there is no such agent, or the agent cannot run on this model.
        """
        if self._current.snapshot.settings.locked:
            raise StoredLayerLocked
        if agent not in self._current.snapshot.agents:
            hint = suggest_name(agent, self._current.snapshot.agents)
            meant = f"; did you mean {quote(hint)}?" if hint else ""
            raise AgentUnknown(f"there is no agent {quote(agent)}{meant}")
        now_ms = self._now_ms()
        record = OverrideRecord(
            id=f"ovr_{secrets.token_hex(8)}",
            kind="agent",
            target=agent,
            value={"model": model},
            author=by.author,
            reason=by.reason,
            created_at_ms=now_ms,
            expires_at_ms=None if duration_ms is None else now_ms + duration_ms,
        )

        def put_in_place(present: tuple[OverrideRecord, ...]) -> tuple[OverrideRecord, ...]:
            return (*(each for each in present if (each.kind, each.target) != ("agent", agent)), record)

        try:
            await self._changes.take_overrides(put_in_place, by, lambda: self._store.add(record))
        except TooManyOverrides as refused:
            raise ChangeRefused(str(refused)) from None
        except Exception:
            # It may have been stored before something failed; it must not come into force with the next start.
            await self._store.cancel(record.id, by.author, now_ms, "it could not be brought into force")
            raise
        self._changed.set()
        return record

    async def cancel(self, override_id: str, by: Signature) -> bool:
        """End an override; false when none with this id counts."""
        if all(each.id != override_id for each in self.list_live()):
            return False

        def leave_out(present: tuple[OverrideRecord, ...]) -> tuple[OverrideRecord, ...]:
            return tuple(each for each in present if each.id != override_id)

        async def persist() -> None:
            await self._store.cancel(override_id, by.author, self._now_ms(), by.reason)

        await self._changes.take_overrides(leave_out, by, persist)
        self._changed.set()
        return True

    async def end_in_time(self) -> None:
        """End each override when its time has come, and for good when its agent has gone; runs until cancelled."""
        while True:
            self._changed.clear()
            await self._end_those_left_behind()
            wait_s = self._seconds_to_next_end()
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                await self._end_those_due()

    def _seconds_to_next_end(self) -> float:
        ends = [each.expires_at_ms for each in self.list_live() if each.expires_at_ms is not None]
        if not ends:
            return LONGEST_WAIT_S
        return min(max((min(ends) - self._now_ms()) / 1_000, SHORTEST_WAIT_S), LONGEST_WAIT_S)

    async def _end_those_left_behind(self) -> None:
        """End what is stored for agents that are gone, so that it does not come back with them at a later start."""
        snapshot = self._current.snapshot
        if self.is_settled() or snapshot.settings.locked:
            return
        try:
            listed = await self._store.list_live(self._now_ms())
            live = {each.id for each in self.list_live()}
            for stored in listed:
                if stored.id not in live and stored.target not in snapshot.agents:
                    await self._store.cancel(stored.id, "pointsman", self._now_ms(), "its agent is gone")
        except Exception as error:  # The override does not count meanwhile; the next look may find the way free.
            _log.error("an override could not be ended, trying again: %s", type(error).__name__)
            return
        self._settled = snapshot

    async def _end_those_due(self) -> None:
        now_ms = self._now_ms()
        if len(select_live(self.list_live(), now_ms)) == len(self.list_live()):
            return
        by = Signature("pointsman", "its time has come")
        try:
            await self._changes.take_overrides(lambda present: select_live(present, now_ms), by, _store_nothing)
        except Exception as error:  # Whatever stands in the way, the next try may find it gone.
            _log.error("an override could not be ended, trying again: %s", type(error).__name__)
            await asyncio.sleep(RETRY_S)


class AgentUnknown(ChangeRefused):
    """The override names an agent that does not exist."""


def select_live(overrides: Sequence[OverrideRecord], now_ms: int) -> tuple[OverrideRecord, ...]:
    """Those whose time has not come."""
    return tuple(each for each in overrides if each.expires_at_ms is None or each.expires_at_ms > now_ms)


async def _store_nothing() -> None:
    """That an override has ended by itself follows from its record."""
