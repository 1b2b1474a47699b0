"""Brings what was compiled into force: stored first, then swapped in one assignment; requests never wait.

With other replicas on the same store, what those have stored is brought under the files here.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.newest import Newest, compare_files, look_for_newer, refuse_to_follow
from pointsman.core.config.nodes import to_plain
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import StoredLayer, encode_stored
from pointsman.core.ports import (
    ConfigStore,
    NewRevision,
    OverrideStore,
    RevisionOrigin,
    RevisionRecord,
)

PRUNE_EVERY = 100

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cause:
    """What brings a configuration into force.

    Attributes:
        origin: the kind of change.
        author: who made it.
        reason: why.
        is_by_itself: whether it comes everywhere at the same time without anybody's doing.
    """

    origin: RevisionOrigin
    author: str
    reason: str
    is_by_itself: bool = False


class Listener(Protocol):
    """Who is told of changes."""

    def apply(self, loaded: Loaded, record: RevisionRecord) -> None:
        """Another configuration is in force."""

    def report(self, problems: Sequence[Problem]) -> None:
        """What is wrong with the files as they are now, `()` once nothing is any more."""


class InForce:
    """Replaces what requests run on; one caller at a time.

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
        self._environ = environ
        self._now_ms = now_ms
        self._listener = listener
        self._shared = shared
        self._newest: Newest | None = None
        self._owed: Cause | None = None

    @property
    def number(self) -> int:
        """The newest revision that is known."""
        return self._newest.record.number if self._newest else self._current.number

    @property
    def ingredients(self) -> Ingredients:
        """What changes are made to: what is in force, unless that could not follow what is stored."""
        present = self._current.ingredients
        return self._newest.bring_to(present) if self._newest else present

    @property
    def owes(self) -> bool:
        """Whether something ended of which no revision could be made yet."""
        return self._owed is not None

    @property
    def is_shared(self) -> bool:
        """Whether other replicas may change what is stored."""
        return self._shared is not None

    async def catch_up(self) -> None:
        """See what others have stored, and put it into force under the files here; nothing is stored.

        Raises:
            StorageUnavailable: when the store does not answer; all stays as it is.
        """
        if self._shared is None:
            return
        present = self._current.ingredients
        newest = await look_for_newer(self._store, self._shared, self._newest, present.overrides, self._now_ms())
        if newest is None:
            return
        wanted, loaded = await self.compile(newest.bring_to(present))
        self._newest = newest
        if loaded.snapshot is None:
            self._note_unlike(refuse_to_follow(name_main_file(self._current.loaded), newest.record))
            return
        await self._adopt(wanted, loaded)

    async def _adopt(self, wanted: Ingredients, loaded: Loaded) -> None:
        """Run what comes of the newest revision here, which may not be what it was where it was made."""
        newest = self._newest
        assert newest is not None and loaded.snapshot is not None, "only what is stored and compiles is adopted"
        document = await asyncio.to_thread(describe_files, loaded)
        is_other = loaded.snapshot.revision != self._current.snapshot.revision
        self._newest = replace(newest, overrides=wanted.overrides)
        self._current.replace(loaded.snapshot, loaded, wanted, newest.record.number)
        self._note_unlike(compare_files(name_main_file(loaded), document, newest.record))
        if is_other:
            self._listener.apply(loaded, newest.record)

    def _note_unlike(self, problem: Problem | None) -> None:
        former, self._current.unlike = self._current.unlike, problem
        if problem is not None and problem != former:
            self._listener.report((problem,))

    async def pay_debts(self) -> None:
        """Make the revision that could not be made when something ended, unless another replica has."""
        owed, self._owed = self._owed, None
        if owed is not None and self._current.unlike is None:
            try:
                await self.settle(self._current.ingredients, self._current.loaded, owed)
            except BaseException:
                self._owed = owed
                raise

    async def compile(self, wanted: Ingredients) -> tuple[Ingredients, Loaded]:
        """Compile off the loop, so that requests go on meanwhile."""
        return await asyncio.to_thread(compile_ingredients, wanted, self._environ, self._current.environment)

    async def settle(self, wanted: Ingredients, loaded: Loaded, cause: Cause) -> None:
        """Put into force, with a revision unless another replica has made it, or is to make it."""
        if await self._is_others(wanted, loaded, cause):
            await self._adopt(wanted, loaded)
        else:
            await self.commit(wanted, loaded, cause)

    async def _is_others(self, wanted: Ingredients, loaded: Loaded, cause: Cause) -> bool:
        assert loaded.snapshot is not None, "only what compiles comes into force"
        if self._newest is None:
            return False
        if cause.is_by_itself and self._current.unlike is not None:
            return True
        record = self._newest.record
        if record.id != loaded.snapshot.revision:
            return False
        documents = await asyncio.to_thread(_write_documents, loaded, wanted.stored)
        return documents == (record.file_document, record.stored_layer)

    async def commit(self, wanted: Ingredients, loaded: Loaded, cause: Cause) -> RevisionRecord:
        """Store the revision, then swap: from here on nothing fails.

        Raises:
            StaleRevision: when another replica was faster.
            StorageUnavailable: when the store does not answer.
        """
        assert loaded.snapshot is not None, "only what compiles comes into force"
        record = await self._store.commit(self.number or None, await self._describe(wanted, loaded, cause))
        if self._shared is not None:
            listed = self._newest.listed if self._newest else ()
            self._newest = Newest(record, wanted.stored, listed, wanted.overrides)
        self._current.replace(loaded.snapshot, loaded, wanted, record.number)
        if cause.origin == "file":
            self._current.unlike = None
        self._listener.apply(loaded, record)
        if record.number % PRUNE_EVERY == 0:
            await self._prune(loaded.snapshot.settings.kept_revisions)
        return record

    async def bring_unstored(self, wanted: Ingredients, loaded: Loaded, cause: Cause) -> None:
        """Swap while the store does not answer; the revision is made once it does."""
        assert loaded.snapshot is not None, "only what compiles comes into force"
        new = await self._describe(wanted, loaded, cause)
        self._owed = cause
        self._current.replace(loaded.snapshot, loaded, wanted, self._current.number)
        self._listener.apply(loaded, _number(new, self._current.number))

    async def _describe(self, wanted: Ingredients, loaded: Loaded, cause: Cause) -> NewRevision:
        assert loaded.snapshot is not None, "only what compiles comes into force"
        file_document, stored_layer = await asyncio.to_thread(_write_documents, loaded, wanted.stored)
        if self._newest is not None and self._current.unlike is not None and cause.origin != "file":
            # Only an edit of files here makes them count for others.
            file_document = self._newest.record.file_document
        return NewRevision(
            author=cause.author,
            reason=cause.reason,
            at_ms=self._now_ms(),
            id=loaded.snapshot.revision,
            origin=cause.origin,
            file_document=file_document,
            stored_layer=stored_layer,
            environment=loaded.environment,
        )

    async def _prune(self, kept: int) -> None:
        try:
            await self._store.prune(kept)
        except Exception as error:  # The change is in force; old revisions can go with the next one.
            _log.error("old revisions could not be dropped: %s", type(error).__name__)


def _number(new: NewRevision, number: int) -> RevisionRecord:
    """A revision that is not stored, on top of one that is."""
    return RevisionRecord(
        number=number,
        parent=number,
        author=new.author,
        reason=new.reason,
        at_ms=new.at_ms,
        id=new.id,
        origin=new.origin,
        environment=new.environment,
        file_document=new.file_document,
        stored_layer=new.stored_layer,
    )


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
