"""The stores that the suites of this folder run for: each is a URL that every opening uses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from both_databases import new_store
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
    """A database of a test's own; every opening looks at the same one."""

    url: str

    def open(self) -> AbstractAsyncContextManager[Stores]:
        """One more process that uses the place."""
        return open_stores(self.url)

    def run(self, converse: Callable[[Stores], Awaitable[T]]) -> T:
        """What a conversation with a process's stores comes to."""

        async def open_and_converse() -> T:
            async with self.open() as stores:
                return await converse(stores)

        return asyncio.run(open_and_converse())


@asynccontextmanager
async def open_stores(url: str) -> AsyncIterator[Stores]:
    """The stores of a database."""
    database = await open_database(url)
    try:
        yield Stores(ConfigurationStore(database), OverridesStore(database))
    finally:
        await database.close()


@contextmanager
def new_backend(database: str) -> Iterator[Backend]:
    """A store of the caller's own in one kind of database."""
    with new_store(database) as url:
        yield Backend(url)
