"""The configuration and every way to change it, wired: files, API, overrides, and who is told of what came of it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pointsman.assembly.books import Books, now_ms
from pointsman.assembly.herald import Herald
from pointsman.assembly.settings import ServeSettings
from pointsman.control.changes import Changes
from pointsman.control.current import CurrentConfiguration
from pointsman.control.follow import Follower
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.overrides import Overrides
from pointsman.control.spending_follower import SpendingFollower
from pointsman.core.ports import OverrideStore
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
    stack: AsyncExitStack,
    settings: ServeSettings,
    current: CurrentConfiguration,
    store: ConfigurationStore,
    override_store: OverrideStore,
    books: Books,
    names: NamesOnDemand,
) -> Control:
    """Wire the control plane; what it holds is let go of with the stack."""
    keeper = LastGoodKeeper(settings.home, settings.config)
    stack.push_async_callback(keeper.finish)
    budgets = SpendingFollower(books.spending, now_ms)
    stack.push_async_callback(budgets.close)
    follower = Follower(settings.config, lambda gathered: changes.take_files(gathered))
    herald = Herald(books, keeper, follower.look_now, names, budgets, settings.environ)
    changes = Changes(store, current, settings.environ, now_ms, herald)
    stack.push_async_callback(changes.finish)
    overrides = Overrides(override_store, changes, current, now_ms)
    await overrides.load()
    stack.push_async_callback(overrides.finish)
    return Control(current, store, changes, overrides, follower, herald)
