"""The configuration and every way to change it, wired: files, API, overrides, and who is told of what came of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from pointsman.assembly.books import Books, now_ms
from pointsman.assembly.herald import Herald
from pointsman.assembly.kept import Kept
from pointsman.assembly.settings import ServeSettings
from pointsman.control.allotments import Allotments
from pointsman.control.changes import Changes
from pointsman.control.current import CurrentConfiguration
from pointsman.control.decision_retention import prune_in_time
from pointsman.control.follow import Follower
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.overrides import Overrides
from pointsman.control.spending_follower import SpendingFollower
from pointsman.recognition.on_demand import NamesOnDemand
from pointsman.storage.configuration_store import ConfigurationStore


@dataclass(frozen=True, slots=True)
class Control:
    """The configuration, and every way to change it."""

    current: CurrentConfiguration
    store: ConfigurationStore
    changes: Changes
    overrides: Overrides
    follower: Follower
    herald: Herald

    def find_kept_decisions_s(self) -> int:
        """How long decisions are kept on record now, in seconds."""
        return self.current.snapshot.settings.kept_decisions_s

    def tell_start(self) -> None:
        """Tell of the files as they were found, and keep them for the next start when they are in force."""
        self.herald.report(self.current.rejected)
        if not self.current.rejected:
            self.herald.keeper.keep(self.current.loaded)


async def take_control(
    stack: AsyncExitStack, settings: ServeSettings, kept: Kept, names: NamesOnDemand, allotments: Allotments
) -> Control:
    """Wire the control plane; what it holds is let go of with the stack."""
    store, current, books = kept.store, kept.current, kept.books
    keeper = LastGoodKeeper(settings.home, settings.config)
    stack.push_async_callback(keeper.finish)
    budgets = SpendingFollower(books.spending, now_ms, allotments)
    stack.push_async_callback(budgets.close)
    budgets.follow(current.snapshot)
    follower = Follower(settings.config, lambda gathered: changes.take_files(gathered))
    herald = Herald(books, keeper, follower.look_now, names, budgets, settings.environ)
    # Other replicas may be on the same server; a SQLite file has one process.
    is_shared = kept.database.dialect == "postgresql"
    shared = kept.override_store if is_shared else None
    changes = Changes(store, current, settings.environ, now_ms, herald, shared)
    stack.push_async_callback(changes.finish)
    overrides = Overrides(kept.override_store, changes, current, now_ms, is_shared=is_shared)
    await overrides.load()
    stack.push_async_callback(overrides.finish)
    return Control(current, store, changes, overrides, follower, herald)


@asynccontextmanager
async def keep_in_time(control: Control, books: Books) -> AsyncIterator[None]:
    """End overrides and drop old decisions in time."""
    pruning = prune_in_time(books.decisions, control.find_kept_decisions_s, now_ms)
    tasks = [
        asyncio.create_task(control.overrides.end_in_time(), name="end overrides in time"),
        asyncio.create_task(pruning, name="drop old decisions"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
