"""Models that operators force for single tasks: found by the task's id in memory, without compiling anything.

They end by the clock that is asked at each request, whether or not anybody has swept them away by then.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.control.changes import ChangeRefused, Signature, StoredLayerLocked
from pointsman.control.current import CurrentConfiguration
from pointsman.control.override_duration import LONGEST_FOR_TASK_MS
from pointsman.control.turns import Turns
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.ports import OverrideRecord, OverrideStore, TooManyOverrides
from pointsman.core.routing.facts import ForcedModel
from pointsman.core.routing.said import MOST_CHARACTERS

BROKEN = "\ufffd"
"""What stands for bytes that are no text, as `%ff` in a path: a request's header could never state them."""


@dataclass(frozen=True, slots=True)
class _Forced:
    """An override as requests find it."""

    record: OverrideRecord
    model: ForcedModel
    expires_at_ms: int


class ForcedTasks:
    """The tasks whose model is forced now.

    Args:
        store: where they survive a restart.
        current: what is in force.
        now_ms: the clock, in milliseconds since the Unix epoch.
    """

    def __init__(self, store: OverrideStore, current: CurrentConfiguration, now_ms: Callable[[], int]) -> None:
        self._store = store
        self._current = current
        self._now_ms = now_ms
        self._by_task: dict[str, _Forced] = {}
        self._turns = Turns()

    async def load(self) -> None:
        """Take up those that are stored and have not ended, in place of what was known."""
        await self._turns.take(self._load())

    def find(self, task_id: str) -> ForcedModel | None:
        """The model that is forced for a task, or `None`."""
        found = self._by_task.get(task_id)
        if found is None or found.expires_at_ms <= self._now_ms() or self._current.snapshot.settings.locked:
            return None
        return found.model

    def list_live(self) -> tuple[OverrideRecord, ...]:
        """Those whose time has not come, the oldest first."""
        now_ms = self._now_ms()
        return tuple(each.record for each in self._by_task.values() if each.expires_at_ms > now_ms)

    async def force(self, task_id: str, model: str, by: Signature, duration_ms: int | None) -> OverrideRecord:
        """Force a model for a task; what was forced for it before ends.

        Raises:
            ChangeRefused: when it is no task's id, nobody serves the model, or it would last too long.
        """
        snapshot = self._current.snapshot
        if snapshot.settings.locked:
            raise StoredLayerLocked
        task_id = check_task_id(task_id)
        check_model(model, snapshot)
        duration_ms = LONGEST_FOR_TASK_MS if duration_ms is None else duration_ms
        if not 0 < duration_ms <= LONGEST_FOR_TASK_MS:
            raise ChangeRefused("an override of a task lasts at most 24h; force the model again after that")
        return await self._turns.take(self._put(task_id, model, by, duration_ms))

    async def cancel(self, override_id: str, by: Signature) -> bool:
        """End one before its time; false when none with this id counts."""
        return await self._turns.take(self._remove(override_id, by))

    def drop_ended(self) -> None:
        """Forget those whose time has come."""
        now_ms = self._now_ms()
        for task_id, each in tuple(self._by_task.items()):
            if each.expires_at_ms <= now_ms:
                del self._by_task[task_id]

    async def finish(self) -> None:
        """Wait until every change that has begun is stored, so that the store can be closed."""
        await self._turns.finish()

    async def _load(self) -> None:
        listed = await self._store.list_live(self._now_ms())
        self._by_task = {record.target: _prepare(record) for record in listed if record.kind == "task"}

    async def _put(self, task_id: str, model: str, by: Signature, duration_ms: int) -> OverrideRecord:
        now_ms = self._now_ms()
        record = OverrideRecord(
            id=f"ovr_{secrets.token_hex(8)}",
            kind="task",
            target=task_id,
            value={"model": model},
            author=by.author,
            reason=by.reason,
            created_at_ms=now_ms,
            expires_at_ms=now_ms + duration_ms,
        )
        try:
            await self._store.add(record)
        except TooManyOverrides as refused:
            raise ChangeRefused(str(refused)) from None
        self._by_task.pop(task_id, None)
        self._by_task[task_id] = _prepare(record)
        return record

    async def _remove(self, override_id: str, by: Signature) -> bool:
        record = next((each for each in self.list_live() if each.id == override_id), None)
        if record is None:
            return False
        # False from the store: its time came meanwhile, so that nobody had to end it.
        found = await self._store.cancel(override_id, by.author, self._now_ms(), by.reason)
        self._by_task.pop(record.target, None)
        return found


def check_task_id(text: str) -> str:
    """The id as requests can state it, without the spaces around it.

    Raises:
        ChangeRefused: when no request could state it, or it looks like a key.
    """
    task_id = text.strip()
    if not 0 < len(task_id) <= MOST_CHARACTERS or not text.isprintable() or BROKEN in text:
        raise ChangeRefused(f"a task's id has 1 to {MOST_CHARACTERS} printable characters; give the task another one")
    if holds_secret(task_id):
        raise ChangeRefused("the task's id holds what looks like a secret; give the task another id")
    return task_id


def check_model(name: str, snapshot: Snapshot) -> None:
    """Let only a model be forced that could serve now.

    Raises:
        ChangeRefused: when nobody serves it, or it is switched off.
    """
    model = snapshot.models.get(name)
    if model is None:
        hint = suggest_name(name, snapshot.models)
        meant = f"; did you mean {quote(hint)}?" if hint else "; add it to the configuration, or name another"
        raise ChangeRefused(f"there is no model {quote(name)}{meant}")
    if not model.enabled:
        raise ChangeRefused(f"the model {quote(name)}, or its provider, is switched off; enable it, or name another")


def _prepare(record: OverrideRecord) -> _Forced:
    ends_ms = record.created_at_ms + LONGEST_FOR_TASK_MS if record.expires_at_ms is None else record.expires_at_ms
    forced = ForcedModel(str(record.value["model"]), record.id, record.author, record.reason)
    return _Forced(record, forced, ends_ms)
