"""The one way a configuration changes: compile, store, then swap in one assignment; what fails earlier changes nothing.

Files, the stored layer and overrides are compiled together. Changes wait for one another; requests never wait. With
other replicas on the same store, each change begins with what those have made of it meanwhile.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.in_force import Cause, InForce, Listener, name_main_file
from pointsman.control.ingredients import Ingredients
from pointsman.control.sources import Gathered
from pointsman.core.config.checks.shrinkage import find_shrinkage
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.stored_layer import Edit, Stamp, decode_stored
from pointsman.core.ports import (
    ConfigStore,
    OverrideRecord,
    OverrideStore,
    RevisionOrigin,
    RevisionRecord,
    StaleRevision,
)

MOST_ATTEMPTS = 10
"""Of a change that names no revision, while other replicas make theirs."""

FILES_EDITED = Cause("file", "file", "the files were edited")
MOST_AUTHOR = 128
MOST_REASON = 1_024

SelectOverrides = Callable[[tuple[OverrideRecord, ...]], tuple[OverrideRecord, ...]]

T = TypeVar("T")
_log = logging.getLogger(__name__)


class ChangeRefused(Exception):
    """Nothing was changed; the message says what to do."""


class DocumentRefused(ChangeRefused):
    """The document that the change would lead to has errors."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("the change would make the configuration unusable; see the problems")
        self.problems = tuple(problems)


class StoredLayerLocked(ChangeRefused):
    """The file says that it alone counts."""

    def __init__(self) -> None:
        super().__init__("`source: file` stands in the configuration, so only the file changes it; edit the file")


class RevisionUnknown(ChangeRefused):
    """There is no such revision, or it is no longer kept."""

    def __init__(self, number: int) -> None:
        super().__init__(f"revision {number} is not kept; `pointsman config history` lists what is")


@dataclass(frozen=True, slots=True)
class Signature:
    """Who changes something, and why; both are cut at their bounds.

    Raises:
        ChangeRefused: when one of them looks like a key: they are kept for good, and shown.
    """

    author: str
    reason: str = ""

    def __post_init__(self) -> None:
        if holds_secret(self.author) or holds_secret(self.reason):
            raise ChangeRefused("author or reason holds what looks like a secret; leave it out and replace that key")
        object.__setattr__(self, "author", self.author[:MOST_AUTHOR])
        object.__setattr__(self, "reason", self.reason[:MOST_REASON])


@dataclass(frozen=True, slots=True)
class Committed:
    """A change that is in force.

    Attributes:
        record: the revision that it made.
        loaded: what it came to, warnings included.
        before: what was in force until then.
    """

    record: RevisionRecord
    loaded: Loaded
    before: Loaded


class Changes:
    """Changes the configuration in force, one change at a time.

    Args:
        store: where revisions survive a restart.
        current: what requests run on; replaced here and nowhere else.
        environ: the process's environment variables.
        now_ms: the clock, in milliseconds since the Unix epoch.
        listener: told of what comes into force and what is wrong with files; must not fail.
        shared: the overrides of the store when other replicas change both, `None` where this process is alone.
    """

    def __init__(
        self,
        store: ConfigStore,
        current: CurrentConfiguration,
        environ: Mapping[str, str],
        now_ms: Callable[[], int],
        listener: Listener,
        shared: OverrideStore | None = None,
    ) -> None:
        self._store = store
        self._current = current
        self._now_ms = now_ms
        self._listener = listener
        self._in_force = InForce(store, current, environ, now_ms, listener, shared)
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()

    async def take_files(self, gathered: Gathered, *, force: bool = False) -> Loaded:
        """Make newly found files count, if what they lead to can be used and differs; else report and stay."""
        return await self._exclusively(lambda: self._take_files(gathered, force))

    async def propose(self, edit: Edit, author: str) -> Loaded:
        """What the configuration would be after an edit; nothing changes."""
        return (await self._exclusively(lambda: self._compile_edit(edit, Signature(author, ""))))[1]

    async def commit(self, edit: Edit, by: Signature, *, base: int | None = None, force: bool = False) -> Committed:
        """Change the stored layer.

        Args:
            edit: what to set and unset.
            by: who makes the change, and why.
            base: the revision that the author saw, or `None` for whatever is the newest.
            force: accept that more than half of the agents and models vanish.

        Raises:
            StaleRevision: when another revision was made since `base`.
            DocumentRefused: when the result has errors.
            StoredLayerLocked: when the file alone counts.
            InvalidEdit: when the edit does not fit what is stored.
        """

        async def change() -> Committed:
            self._refuse_locked()
            if base is not None and base != self._in_force.number:
                raise StaleRevision(self._in_force.number)
            return await self._commit(await self._edit(edit, by), "api", by, force)

        return await self._exclusively(change, may_repeat=base is None)

    async def roll_back(self, number: int, by: Signature, *, force: bool = False) -> Committed:
        """Restore the stored layer of a revision; files stay as they are, and so do overrides.

        Raises:
            RevisionUnknown: when it is not kept.
            DocumentRefused, StoredLayerLocked: as for `commit`.
        """

        async def change() -> Committed:
            self._refuse_locked()
            record = await self._store.get(number)
            if record is None:
                raise RevisionUnknown(number)
            stored = await asyncio.to_thread(decode_stored, record.stored_layer.encode())
            return await self._commit(replace(self._in_force.ingredients, stored=stored), "rollback", by, force)

        return await self._exclusively(change)

    async def take_overrides(
        self,
        select: SelectOverrides,
        by: Signature,
        persist: Callable[[], Awaitable[None]],
        *,
        is_by_itself: bool = False,
    ) -> Loaded:
        """Make a list of overrides count in place of the present one.

        Args:
            select: gives all that are to count for those that do when the change's turn has come.
            by: who changed the list, and why.
            persist: stores the change of the list; called once it is certain that it can be used.
            is_by_itself: whether the list changes in all replicas at the same time.

        Raises:
            DocumentRefused: when the result has errors; the present overrides stay.
        """

        is_stored = False

        async def change() -> Loaded:
            nonlocal is_stored
            present = self._in_force.ingredients
            wanted, loaded = await self._in_force.compile(replace(present, overrides=select(present.overrides)))
            if loaded.snapshot is None:
                raise DocumentRefused(loaded.problems)
            if not is_stored:
                await persist()
                is_stored = True
            await self._in_force.settle(wanted, loaded, Cause("override", by.author, by.reason, is_by_itself))
            return loaded

        return await self._exclusively(change)

    async def end_unstored(self, select: SelectOverrides, by: Signature) -> None:
        """End overrides while the store does not answer; the revision of it is made once it does."""

        async def change() -> None:
            present = self._current.ingredients
            wanted, loaded = await self._in_force.compile(replace(present, overrides=select(present.overrides)))
            if loaded.snapshot is None:
                raise DocumentRefused(loaded.problems)
            cause = Cause("override", by.author, by.reason, is_by_itself=True)
            await self._in_force.bring_unstored(wanted, loaded, cause)

        await self._exclusively(change, is_offline=True)

    async def follow(self) -> None:
        """Put into force what other replicas have made of the stored layer and the overrides.

        Raises:
            StorageUnavailable: when the store does not answer; all stays as it is.
        """
        await self._exclusively(self._in_force.pay_debts)

    @property
    def owes(self) -> bool:
        """Whether something ended of which no revision could be made yet."""
        return self._in_force.owes

    async def finish(self) -> None:
        """Wait until every change that has begun is in force or has failed, so that the store can be closed."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def _exclusively(
        self, change: Callable[[], Awaitable[T]], *, may_repeat: bool = True, is_offline: bool = False
    ) -> T:
        """One change at a time, from start to end: whoever asked for it may leave meanwhile."""

        async def make() -> T:
            async with self._lock:
                if is_offline or not self._in_force.is_shared:
                    return await change()
                return await self._change_in_step(change, MOST_ATTEMPTS if may_repeat else 1)

        task = asyncio.create_task(make(), name="change the configuration")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _change_in_step(self, change: Callable[[], Awaitable[T]], attempts: int) -> T:
        while True:
            attempts -= 1
            await self._in_force.catch_up()
            try:
                return await change()
            except StaleRevision:
                # Another replica was faster; a change that names no revision is made on top of that one.
                if not attempts:
                    raise

    async def _take_files(self, gathered: Gathered, force: bool) -> Loaded:
        wanted, loaded = await self._in_force.compile(replace(self._in_force.ingredients, gathered=gathered))
        if loaded.snapshot is not None and not force:
            loaded = self._refuse_shrinkage(loaded, loaded.snapshot)
        self._current.rejected = loaded.problems if loaded.snapshot is None else ()
        self._listener.report(loaded.problems)
        is_asked_for = force and self._current.unlike is not None
        is_other = is_asked_for or gathered.files != self._current.ingredients.gathered.files
        # The same files may mean something else than they did, as when the price of a model holds until yesterday.
        if loaded.snapshot is not None and (is_other or loaded.snapshot.revision != self._current.snapshot.revision):
            await self._in_force.settle(wanted, loaded, replace(FILES_EDITED, is_by_itself=not is_other))
        return loaded

    async def _compile_edit(self, edit: Edit, by: Signature) -> tuple[Ingredients, Loaded]:
        return await self._in_force.compile(await self._edit(edit, by))

    def _refuse_locked(self) -> None:
        if self._current.snapshot.settings.locked:
            raise StoredLayerLocked

    async def _edit(self, edit: Edit, by: Signature) -> Ingredients:
        ingredients = self._in_force.ingredients
        stamp = Stamp(self._in_force.number + 1, by.author, by.reason, self._now_ms())
        return replace(ingredients, stored=await asyncio.to_thread(ingredients.stored.edited, edit, stamp))

    async def _commit(self, wanted: Ingredients, origin: RevisionOrigin, by: Signature, force: bool) -> Committed:
        wanted, loaded = await self._in_force.compile(wanted)
        if loaded.snapshot is not None and not force:
            loaded = self._refuse_shrinkage(loaded, loaded.snapshot)
        if loaded.snapshot is None:
            raise DocumentRefused(loaded.problems)
        before = self._current.loaded
        cause = Cause(origin, by.author, by.reason)
        return Committed(await self._in_force.commit(wanted, loaded, cause), loaded, before)

    def _refuse_shrinkage(self, loaded: Loaded, snapshot: Snapshot) -> Loaded:
        problem = find_shrinkage(self._current.snapshot, snapshot, name_main_file(loaded))
        return loaded if problem is None else replace(loaded, snapshot=None, problems=(problem, *loaded.problems))
