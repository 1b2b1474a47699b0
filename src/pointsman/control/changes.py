"""The one way a configuration changes: compile, store, then swap in one assignment; what fails earlier changes nothing.

Files, the stored layer and overrides are compiled together. Changes wait for one another; requests never wait.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.sources import Gathered
from pointsman.core.config.checks.shrinkage import find_shrinkage
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.nodes import to_plain
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.stored_layer import Edit, Stamp, StoredLayer, decode_stored, encode_stored
from pointsman.core.ports import ConfigStore, NewRevision, OverrideRecord, RevisionOrigin, RevisionRecord, StaleRevision

PRUNE_EVERY = 100
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


class Listener(Protocol):
    """Who is told of changes."""

    def apply(self, loaded: Loaded, record: RevisionRecord) -> None:
        """Another configuration is in force."""

    def report(self, problems: Sequence[Problem]) -> None:
        """What is wrong with the files as they are now, `()` once nothing is any more."""


class Changes:
    """Changes the configuration in force, one change at a time.

    Args:
        store: where revisions survive a restart.
        current: what requests run on; replaced here and nowhere else.
        environ: the process's environment variables.
        now_ms: the clock, in milliseconds since the Unix epoch.
        listener: told of what comes into force and what is wrong with files; must not fail.
    """

    def __init__(
        self,
        store: ConfigStore,
        current: CurrentConfiguration,
        environ: Mapping[str, str],
        now_ms: Callable[[], int],
        listener: Listener,
    ) -> None:
        self._store = store
        self._current = current
        self._environ = environ
        self._now_ms = now_ms
        self._listener = listener
        self._lock = asyncio.Lock()
        self._running: set[asyncio.Task[object]] = set()

    async def take_files(self, gathered: Gathered, *, force: bool = False) -> Loaded:
        """Make newly found files count, if what they lead to can be used and differs; else report and stay."""
        return await self._exclusively(self._take_files(gathered, force))

    async def propose(self, edit: Edit, author: str) -> Loaded:
        """What the configuration would be after an edit; nothing changes."""
        return (await self._exclusively(self._compile_edit(edit, Signature(author, ""))))[1]

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
            if base is not None and base != self._current.number:
                raise StaleRevision(self._current.number)
            return await self._commit(await self._edit(edit, by), "api", by, force)

        return await self._exclusively(change())

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
            return await self._commit(replace(self._current.ingredients, stored=stored), "rollback", by, force)

        return await self._exclusively(change())

    async def take_overrides(
        self, select: SelectOverrides, by: Signature, persist: Callable[[], Awaitable[None]]
    ) -> Loaded:
        """Make a list of overrides count in place of the present one.

        Args:
            select: gives all that are to count for those that do when the change's turn has come.
            by: who changed the list, and why.
            persist: stores the change of the list; called once it is certain that it can be used.

        Raises:
            DocumentRefused: when the result has errors; the present overrides stay.
        """

        async def change() -> Loaded:
            present = self._current.ingredients
            wanted, loaded = await self._compile(replace(present, overrides=select(present.overrides)))
            if loaded.snapshot is None:
                raise DocumentRefused(loaded.problems)
            await persist()
            await self._put_into_force(wanted, loaded, "override", by)
            return loaded

        return await self._exclusively(change())

    async def finish(self) -> None:
        """Wait until every change that has begun is in force or has failed, so that the store can be closed."""
        while self._running:
            await asyncio.wait(tuple(self._running))

    async def _exclusively(self, change: Coroutine[None, None, T]) -> T:
        """One change at a time, from start to end: whoever asked for it may leave meanwhile."""

        async def make() -> T:
            async with self._lock:
                return await change

        task = asyncio.create_task(make(), name="change the configuration")
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def _take_files(self, gathered: Gathered, force: bool) -> Loaded:
        wanted, loaded = await self._compile(replace(self._current.ingredients, gathered=gathered))
        if loaded.snapshot is not None and not force:
            loaded = self._refuse_shrinkage(loaded, loaded.snapshot)
        self._current.rejected = loaded.problems if loaded.snapshot is None else ()
        self._listener.report(loaded.problems)
        is_other = gathered.files != self._current.ingredients.gathered.files
        # The same files may mean something else than they did, as when the price of a model holds until yesterday.
        if loaded.snapshot is not None and (is_other or loaded.snapshot.revision != self._current.snapshot.revision):
            await self._put_into_force(wanted, loaded, "file", Signature("file", "the files were edited"))
        return loaded

    async def _compile_edit(self, edit: Edit, by: Signature) -> tuple[Ingredients, Loaded]:
        return await self._compile(await self._edit(edit, by))

    def _refuse_locked(self) -> None:
        if self._current.snapshot.settings.locked:
            raise StoredLayerLocked

    async def _edit(self, edit: Edit, by: Signature) -> Ingredients:
        ingredients = self._current.ingredients
        stamp = Stamp(self._current.number + 1, by.author, by.reason, self._now_ms())
        return replace(ingredients, stored=await asyncio.to_thread(ingredients.stored.edited, edit, stamp))

    async def _commit(self, wanted: Ingredients, origin: RevisionOrigin, by: Signature, force: bool) -> Committed:
        wanted, loaded = await self._compile(wanted)
        if loaded.snapshot is not None and not force:
            loaded = self._refuse_shrinkage(loaded, loaded.snapshot)
        if loaded.snapshot is None:
            raise DocumentRefused(loaded.problems)
        before = self._current.loaded
        return Committed(await self._put_into_force(wanted, loaded, origin, by), loaded, before)

    def _refuse_shrinkage(self, loaded: Loaded, snapshot: Snapshot) -> Loaded:
        problem = find_shrinkage(self._current.snapshot, snapshot, name_main_file(loaded))
        return loaded if problem is None else replace(loaded, snapshot=None, problems=(problem, *loaded.problems))

    async def _compile(self, wanted: Ingredients) -> tuple[Ingredients, Loaded]:
        """Compile off the loop, so that requests go on meanwhile."""
        return await asyncio.to_thread(compile_ingredients, wanted, self._environ, self._current.environment)

    async def _put_into_force(
        self, wanted: Ingredients, loaded: Loaded, origin: RevisionOrigin, by: Signature
    ) -> RevisionRecord:
        """Store the revision, then swap: from here on nothing fails."""
        assert loaded.snapshot is not None, "only what compiles comes into force"
        file_document, stored_layer = await asyncio.to_thread(_write_documents, loaded, wanted.stored)
        record = await self._store.commit(
            self._current.number or None,
            NewRevision(
                author=by.author,
                reason=by.reason,
                at_ms=self._now_ms(),
                id=loaded.snapshot.revision,
                origin=origin,
                file_document=file_document,
                stored_layer=stored_layer,
                environment=loaded.environment,
            ),
        )
        self._current.replace(loaded.snapshot, loaded, wanted, record.number)
        self._listener.apply(loaded, record)
        if record.number % PRUNE_EVERY == 0:
            await self._prune(loaded.snapshot.settings.kept_revisions)
        return record

    async def _prune(self, kept: int) -> None:
        try:
            await self._store.prune(kept)
        except Exception as error:  # The change is in force; old revisions can go with the next one.
            _log.error("old revisions could not be dropped: %s", type(error).__name__)


def _write_documents(loaded: Loaded, stored: StoredLayer) -> tuple[str, str]:
    return describe_files(loaded), encode_stored(stored).decode()


def describe_files(loaded: Loaded) -> str:
    """The files' document as canonical JSON: what they say, without how they are written."""
    layers = loaded.compiled.layers if loaded.compiled else ()
    root = next((layer.root for layer in layers if layer.name == "file"), None)
    return json.dumps(to_plain(root) if root else {}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def name_main_file(loaded: Loaded) -> str:
    """How messages name the first file."""
    return loaded.files[0].file if loaded.files else str(loaded.path)
