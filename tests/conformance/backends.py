"""The stores that the suites of this folder run for; another one is another line of `BACKENDS`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from pointsman.control.override_ends import EndingStore
from pointsman.core.ports import ConfigStore, OverrideStore
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.overrides_store import OverridesStore

T = TypeVar("T")


class Overrides(OverrideStore, EndingStore, Protocol):
    """All that is asked of a store of overrides."""


@dataclass(frozen=True)
class Stores:
    """What is kept in one place, as one process sees it."""

    configurations: ConfigStore
    overrides: Overrides


@dataclass(frozen=True)
class Backend:
    """One kind of store, with a place of its own; every opening looks at the same place."""

    open_at: Callable[[Path], AbstractAsyncContextManager[Stores]]
    folder: Path

    def open(self) -> AbstractAsyncContextManager[Stores]:
        """One more process that uses the place."""
        return self.open_at(self.folder)

    def run(self, converse: Callable[[Stores], Awaitable[T]]) -> T:
        """What a conversation with a process's stores comes to."""

        async def open_and_converse() -> T:
            async with self.open() as stores:
                return await converse(stores)

        return asyncio.run(open_and_converse())


@asynccontextmanager
async def open_sqlite(folder: Path) -> AsyncIterator[Stores]:
    """The stores in one file of the folder."""
    database = await open_database(f"sqlite:///{folder / 'pointsman.db'}")
    try:
        yield Stores(ConfigurationStore(database), OverridesStore(database))
    finally:
        await database.close()


BACKENDS = {"sqlite": open_sqlite}
