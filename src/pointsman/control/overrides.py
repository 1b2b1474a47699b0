"""Runtime overrides: changes with author, reason and duration, above everything written; they end by themselves."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pointsman.control.changes import ChangeRefused, Changes, DocumentRefused, Signature, StoredLayerLocked
from pointsman.control.current import CurrentConfiguration
from pointsman.control.forced_tasks import ForcedTasks
from pointsman.control.override_ends import TIME_HAS_COME, OverrideEnds
from pointsman.control.override_warnings import list_warnings, warn_of_task
from pointsman.core.config.problems import Problem, quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.ports import OverrideKind, OverrideRecord, OverrideStore, StorageUnavailable, TooManyOverrides
from pointsman.core.routing.facts import ForcedModel

SHORTEST_WAIT_S = 0.01
LONGEST_WAIT_S = 0.5
"""The wall clock says when an override ends, and it may be set, or stand still while a machine sleeps."""

RETRY_S = 0.5

ROUTING = "routing"
"""What an override of the strategy is for: there is one strategy for all."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NewOverride:
    """An override that has come into force.

    Attributes:
        record: of it.
        warnings: what it leads to that its author may not have had in mind, as sentences.
    """

    record: OverrideRecord
    warnings: tuple[str, ...] = ()


class Overrides:
    """The overrides that count now.

    Args:
        store: where they survive a restart.
        changes: makes them count.
        current: what is in force.
        now_ms: the clock, in milliseconds since the Unix epoch.
        is_shared: whether other replicas change what is stored, too.
    """

    def __init__(
        self,
        store: OverrideStore,
        changes: Changes,
        current: CurrentConfiguration,
        now_ms: Callable[[], int],
        *,
        is_shared: bool = False,
    ) -> None:
        self._store = store
        self._changes = changes
        self._current = current
        self._now_ms = now_ms
        self._tasks = ForcedTasks(store, current, now_ms)
        self._ends = OverrideEnds(store, now_ms)
        self._is_shared = is_shared
        self._withdrawn: dict[str, OverrideRecord] = {}
        self._changed = asyncio.Event()
        self._settled: Snapshot | None = None

    async def load(self) -> None:
        """Take up the tasks whose model is forced, and put down what ended while nothing ran.

        All other overrides are part of what is in force already.
        """
        await self._tasks.load()
        await self._record_ends()

    async def follow(self) -> None:
        """Take up what other replicas have made of overrides and of all else that is stored.

        Raises:
            StorageUnavailable: when the store does not answer; all stays as it is.
        """
        await self._changes.follow()
        await self._tasks.load()
        for each in self.list_live():
            self._ends.expect(each)
        self._changed.set()

    def find_forced(self, task_id: str) -> ForcedModel | None:
        """The model that is forced for a task, or `None`; asked by every request that names its task."""
        return self._tasks.find(task_id)

    def list_live(self) -> tuple[OverrideRecord, ...]:
        """Those that count, the oldest first."""
        live = (*self._current.ingredients.overrides, *self._tasks.list_live())
        return tuple(sorted(live, key=lambda each: each.created_at_ms))

    async def list_ended(self, limit: int) -> Sequence[OverrideRecord]:
        """Those that have ended, the last one first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        return await self._store.list_ended(self._now_ms(), limit)

    def is_settled(self) -> bool:
        """Whether all that is stored as live counts, or may count again."""
        return self._settled is self._current.snapshot

    async def set_agent_model(self, agent: str, model: str, by: Signature, duration_ms: int | None) -> NewOverride:
        """Run an agent on another model until the duration has passed, or until it is cancelled.

        Raises:
            ChangeRefused: when there is no such agent, or the agent cannot run on this model.
        """
        self._refuse_locked()
        if agent not in self._current.snapshot.agents:
            hint = suggest_name(agent, self._current.snapshot.agents)
            meant = f"; did you mean {quote(hint)}?" if hint else ""
            raise AgentUnknown(f"there is no agent {quote(agent)}{meant}")
        return await self._put_in_place(self._record("agent", agent, {"model": model}, by, duration_ms), by)

    async def set_strategy(self, strategy: str, by: Signature, duration_ms: int | None) -> NewOverride:
        """Let another strategy order the candidates until the duration has passed, or until it is cancelled.

        Callers that it leaves without any model are refused meanwhile, which the warnings say.

        Raises:
            ChangeRefused: when there is no such strategy.
        """
        self._refuse_locked()
        return await self._put_in_place(self._record("strategy", ROUTING, {"strategy": strategy}, by, duration_ms), by)

    async def force_task_model(self, task_id: str, model: str, by: Signature, duration_ms: int | None) -> NewOverride:
        """Force a model for the requests of one task, for a day at most.

        Raises:
            ChangeRefused: when it is no task's id, nobody serves the model, or it would last too long.
        """
        record = await self._tasks.force(task_id, model, by, duration_ms)
        self._ends.expect(record)
        return NewOverride(record, tuple(warn_of_task(record, self._current.snapshot)))

    async def cancel(self, override_id: str, by: Signature) -> bool:
        """End an override; false when none with this id counts."""
        if all(each.id != override_id for each in self._current.ingredients.overrides):
            return await self._tasks.cancel(override_id, by)

        def leave_out(present: tuple[OverrideRecord, ...]) -> tuple[OverrideRecord, ...]:
            return tuple(each for each in present if each.id != override_id)

        async def persist() -> None:
            await self._store.cancel(override_id, by.author, self._now_ms(), by.reason)

        await self._changes.take_overrides(leave_out, by, persist)
        self._changed.set()
        return True

    async def finish(self) -> None:
        """Wait until every change that has begun is stored; `Changes.finish` waits for those of the configuration."""
        await self._tasks.finish()

    async def end_in_time(self) -> None:
        """End each override when its time has come, and for good when its agent has gone; runs until cancelled."""
        while True:
            self._changed.clear()
            self._tasks.drop_ended()
            await self._record_ends()
            await self._withdraw()
            await self._end_those_left_behind()
            wait_s = self._seconds_to_next_end()
            try:
                await asyncio.wait_for(self._changed.wait(), wait_s)
            except TimeoutError:
                await self._end_those_due()

    def _refuse_locked(self) -> None:
        if self._current.snapshot.settings.locked:
            raise StoredLayerLocked

    def _record(
        self, kind: OverrideKind, target: str, value: Mapping[str, object], by: Signature, duration_ms: int | None
    ) -> OverrideRecord:
        now_ms = self._now_ms()
        return OverrideRecord(
            id=f"ovr_{secrets.token_hex(8)}",
            kind=kind,
            target=target,
            value=value,
            author=by.author,
            reason=by.reason,
            created_at_ms=now_ms,
            expires_at_ms=None if duration_ms is None else now_ms + duration_ms,
        )

    async def _put_in_place(self, record: OverrideRecord, by: Signature) -> NewOverride:
        """Bring an override into force; it ends the one for the same target."""
        subject = (record.kind, record.target)

        def put(present: tuple[OverrideRecord, ...]) -> tuple[OverrideRecord, ...]:
            return (*(each for each in present if (each.kind, each.target) != subject), record)

        try:
            loaded = await self._changes.take_overrides(put, by, lambda: self._store.add(record))
        except TooManyOverrides as refused:
            raise ChangeRefused(str(refused)) from None
        except DocumentRefused as refused:
            raise OverrideRefused(refused.problems) from None
        except Exception:
            # It may have been stored before something failed; it must not come into force later.
            self._withdrawn[record.id] = record
            await self._withdraw()
            raise
        self._ends.expect(record)
        self._changed.set()
        return NewOverride(record, tuple(list_warnings(record, loaded)))

    async def _withdraw(self) -> None:
        """End what was stored and could not be brought into force; what fails is tried again."""
        for override_id, record in tuple(self._withdrawn.items()):
            why = "it could not be brought into force"
            try:
                await self._store.cancel(override_id, record.author, record.created_at_ms, why)
            except StorageUnavailable as error:
                _log.error("an override that failed could not be ended, trying again: %s", error)
                return
            self._withdrawn.pop(override_id, None)

    def _seconds_to_next_end(self) -> float:
        layers = self._current.ingredients.overrides
        ends = [each.expires_at_ms for each in layers if each.expires_at_ms is not None]
        if not ends:
            return LONGEST_WAIT_S
        return min(max((min(ends) - self._now_ms()) / 1_000, SHORTEST_WAIT_S), LONGEST_WAIT_S)

    async def _end_those_left_behind(self) -> None:
        """End what is stored for agents that are gone, so that it does not come back with them at a later start."""
        if self.is_settled() or self._current.snapshot.settings.locked:
            return
        try:
            listed = await self._store.list_live(self._now_ms())
            if self._is_shared:
                # After the list was read: whoever gave an agent its override had the agent by then.
                await self._changes.follow()
            snapshot = self._current.snapshot
            # With files of its own, this replica does not know what agents there are.
            if self._current.unlike is None:
                await self._end_without_agent(listed, snapshot)
        except Exception as error:  # The override does not count meanwhile; the next look may find the way free.
            _log.error("an override could not be ended, trying again: %s", type(error).__name__)
            return
        self._settled = snapshot

    async def _end_without_agent(self, listed: Sequence[OverrideRecord], snapshot: Snapshot) -> None:
        live = {each.id for each in self._current.ingredients.overrides}
        for stored in listed:
            if stored.kind == "agent" and stored.id not in live and stored.target not in snapshot.agents:
                await self._store.cancel(stored.id, "pointsman", self._now_ms(), "its agent is gone")

    async def _record_ends(self) -> None:
        """Put down which overrides have ended, once none of them counts any more."""
        if not self._has_overdue(self._now_ms()):
            await self._ends.record_due()

    def _has_overdue(self, now_ms: int) -> bool:
        """Whether something is part of what is in force though its time has come."""
        layers = self._current.ingredients.overrides
        return len(select_live(layers, now_ms)) < len(layers)

    async def _end_those_due(self) -> None:
        now_ms = self._now_ms()
        if not self._has_overdue(now_ms):
            return

        def select(present: tuple[OverrideRecord, ...]) -> tuple[OverrideRecord, ...]:
            return select_live(present, now_ms)

        try:
            await self._changes.take_overrides(select, TIME_HAS_COME, _store_nothing, is_by_itself=True)
        except StorageUnavailable:
            await self._changes.end_unstored(select, TIME_HAS_COME)
        except Exception as error:  # Whatever stands in the way, the next try may find it gone.
            _log.error("an override could not be ended, trying again: %s", type(error).__name__)
            await asyncio.sleep(RETRY_S)


class AgentUnknown(ChangeRefused):
    """The override names an agent that does not exist."""


class OverrideRefused(DocumentRefused):
    """The document would have errors with the override in it; the message says the first of them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__([each for each in problems if each.severity == "error"])
        first = self.problems[0]
        meant = f"; did you mean {quote(first.suggestion)}?" if first.suggestion else ""
        self.args = (f"the configuration could not be used with this override: {first.message}{meant}",)


def select_live(overrides: Sequence[OverrideRecord], now_ms: int) -> tuple[OverrideRecord, ...]:
    """Those whose time has not come."""
    return tuple(each for each in overrides if each.expires_at_ms is None or each.expires_at_ms > now_ms)


async def _store_nothing() -> None:
    """That an override has ended is put down once it counts no more."""
