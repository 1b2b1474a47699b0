"""Makes past decisions again from what was recorded of them, and says whether the same comes out, bit for bit."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import pointsman
from pointsman.control.configuration import Loaded, build_surroundings, list_time_zones, load_catalog
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.chat.usage import Usage
from pointsman.core.config.compilation import Surroundings
from pointsman.core.config.recorded_configuration import (
    RecordedConfiguration,
    compile_recorded,
    record_configuration,
)
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.conceal import has_concealed
from pointsman.core.routing.decide import decide
from pointsman.core.routing.describe import ExplanationView, describe
from pointsman.core.routing.describe_record import describe_record
from pointsman.core.routing.explain import explain
from pointsman.core.routing.record import Decided, DecisionRow, Recorded, sum_up

Follow = Callable[[Snapshot, Callable[[], RecordedConfiguration]], None]

MOST_COMPILED = 4
"""Configurations that stay compiled: those that were asked for last."""

UNREADABLE = "what is recorded was written by another version of Pointsman, and this one cannot read it"
NOT_KEPT = "the configuration that it saw is not on record: it was replaced long before the request ended"
LEFT_OUT = "the caller sent what looks like a key, and that was left out of the record"
IN_SENTENCES = "a sentence or score differs, while the models, their order and all names are the same"


class DecisionStore(Protocol):
    """Where decisions survive a restart."""

    async def find(self, request_id: str, since_ms: int) -> DecisionRow | None:
        """The decision of a request by either of its ids, if it arrived at `since_ms` or later."""

    async def list_decisions(
        self, limit: int, since_ms: int, before: int | None = None, caller: str | None = None
    ) -> Sequence[DecisionRow]:
        """Those below seq `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """

    async def read_configuration(self, configuration: bytes) -> RecordedConfiguration | None:
        """A configuration that decisions saw, or `None` where there is none to be had."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a replay came to otherwise; `part` is a field of `Decided`."""

    part: str
    recorded: object
    replayed: object


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of making a decision again.

    Attributes:
        identical: whether the same came out, bit for bit.
        reason: why not; `""` when it did.
        differences: what came out otherwise; none where the decision could not be made again.
        explanation: of the decision made again; of what is recorded where that could not be.
    """

    identical: bool
    reason: str
    differences: tuple[Difference, ...]
    explanation: ExplanationView


class PastDecisions:
    """Finds past decisions and makes them again.

    Args:
        store: where they are.
        kept_s: how long they are kept now, in seconds.
        now_ms: the clock, in milliseconds since the Unix epoch.
        find_catalog: what is known of providers and models now.
    """

    def __init__(
        self,
        store: DecisionStore,
        kept_s: Callable[[], int],
        now_ms: Callable[[], int],
        find_catalog: Callable[[], Catalog] = load_catalog,
    ) -> None:
        self._store = store
        self._find_catalog = find_catalog
        self._kept_s = kept_s
        self._now_ms = now_ms
        self._compiled: OrderedDict[bytes, Snapshot | str] = OrderedDict()
        self._lock = asyncio.Lock()

    @property
    def kept_s(self) -> int:
        """How long decisions are kept now, in seconds."""
        return self._kept_s()

    async def find(self, request_id: str) -> DecisionRow | None:
        """The decision of a request by either of its ids, or `None` when none is kept."""
        return await self._store.find(request_id, self._find_oldest())

    async def list_decisions(self, limit: int, before: int | None, caller: str | None) -> Sequence[DecisionRow]:
        """Those below seq `before`, or all, newest first.

        Raises:
            ValueError: when `limit` is not 1 to `MOST_LISTED`.
        """
        return await self._store.list_decisions(limit, self._find_oldest(), before, caller)

    async def replay(self, row: DecisionRow) -> Replay:
        """Make a decision again, under the configuration that it saw."""
        if row.recorded is None:
            return Replay(False, UNREADABLE, (), describe_record(row))
        snapshot = await self._compile(row)
        if isinstance(snapshot, str):
            return Replay(False, snapshot, (), describe_record(row))
        used = row.spent.of_one_call if row.spent is not None else None
        return await asyncio.to_thread(replay_under, snapshot, row.recorded, used)

    def _find_oldest(self) -> int:
        return self._now_ms() - self._kept_s() * 1_000

    async def _compile(self, row: DecisionRow) -> Snapshot | str:
        """The snapshot that a decision saw, or why it cannot be had."""
        if row.configuration is None:
            return NOT_KEPT
        # One at a time: a large configuration takes a second of the machine that requests are served by.
        async with self._lock:
            known = self._compiled.get(row.configuration)
            if known is None:
                recorded = await self._store.read_configuration(row.configuration)
                if recorded is None:
                    return UNREADABLE
                known = await asyncio.to_thread(lambda: compile_again(recorded, self._find_catalog()))
            self._compiled[row.configuration] = known
            self._compiled.move_to_end(row.configuration)
            while len(self._compiled) > MOST_COMPILED:
                self._compiled.popitem(last=False)
        return known


def follow_configuration(follow: Follow, loaded: Loaded, environ: Mapping[str, str]) -> None:
    """Tell whoever records decisions what has come into force, so that they can be made again under it.

    Args:
        follow: takes the snapshot, and what tells later what that follows from.
        loaded: what is in force.
        environ: the process's environment variables.
    """
    if loaded.snapshot is not None:
        surroundings = build_surroundings(environ, loaded.environment, loaded.catalog)
        follow(loaded.snapshot, partial(put_down, loaded, surroundings))


def put_down(loaded: Loaded, surroundings: Surroundings) -> RecordedConfiguration:
    """What a configuration in force follows from."""
    assert loaded.snapshot is not None, "it is in force"
    assert loaded.compiled is not None, "what has a snapshot was compiled"
    assert loaded.compiled.effective is not None, "and so it could be read"
    return record_configuration(loaded.snapshot, loaded.compiled.effective, surroundings, pointsman.__version__)


def compile_again(recorded: RecordedConfiguration, catalog: Catalog) -> Snapshot | str:
    """The snapshot that a record follows to, or why that is not the one that it was."""
    snapshot = compile_recorded(recorded, catalog, list_time_zones)
    if snapshot.revision == recorded.revision:
        return snapshot
    if recorded.program != pointsman.__version__:
        return f"Pointsman {recorded.program} decided it; {pointsman.__version__} reads the configuration otherwise"
    if recorded.catalogue != catalog.version:
        return f"the catalogue was {recorded.catalogue} then and is {catalog.version} now"
    return f"the recorded configuration comes to revision {snapshot.revision} now, not {recorded.revision}"


def replay_under(snapshot: Snapshot, recorded: Recorded, used: Usage | None = None) -> Replay:
    """Decide again and compare; `used` is what the call came to, for costs where nobody had looked at its length."""
    decided = sum_up(decide(snapshot, recorded.facts, recorded.live))
    explanation = describe(explain(snapshot, recorded.facts, recorded.live), used)
    if decided.digest == recorded.decided.digest:
        return Replay(True, "", (), explanation)
    differences = tuple(_list_differences(recorded.decided, decided))
    parts = ", ".join(each.part for each in differences)
    reason = f"it comes to something else now: {parts}" if differences else IN_SENTENCES
    if has_concealed(recorded.facts):
        reason = LEFT_OUT
    return Replay(False, reason, differences, explanation)


def _list_differences(before: Decided, after: Decided) -> list[Difference]:
    parts = [name for name in Decided.__struct_fields__ if name != "digest"]
    return [
        Difference(name, getattr(before, name), getattr(after, name))
        for name in parts
        if getattr(before, name) != getattr(after, name)
    ]
