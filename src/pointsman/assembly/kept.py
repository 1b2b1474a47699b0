"""What lies in a home directory, opened: its database, the configuration in force, and the books that go on from it."""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from pointsman.assembly.books import Books, Log, keep_books, now_ms
from pointsman.assembly.open_sharing import open_sharing
from pointsman.assembly.settings import ServeSettings, choose_database, find_database_file
from pointsman.control.current import CurrentConfiguration
from pointsman.control.home import hold_database
from pointsman.control.startup import FoundFiles, start_configuration
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import Database, open_database
from pointsman.storage.overrides_store import OverridesStore


@dataclass(frozen=True, slots=True)
class Kept:
    """What a home directory keeps."""

    database: Database
    store: ConfigurationStore
    override_store: OverridesStore
    current: CurrentConfiguration
    books: Books


async def open_kept(stack: AsyncExitStack, settings: ServeSettings, found: FoundFiles, log: Log) -> Kept:
    """Open what a home directory keeps, which must be held by this process; it is closed with the stack.

    Raises:
        ConfigurationRefused: when what is stored does not fit the files.
        HomeRefused, UnusableDatabase: when what lies there cannot be used.
    """
    url = choose_database(settings, found.loaded)
    if file := find_database_file(url):
        stack.enter_context(hold_database(file))
    database = await open_database(url, settings.environ.get("PGPASSWORD"))
    stack.push_async_callback(database.close)
    store, override_store = ConfigurationStore(database), OverridesStore(database)
    is_shared = database.dialect == "postgresql"
    current = await start_configuration(
        found, settings.home, settings.environ, store, override_store, now_ms(), is_shared=is_shared
    )
    sharing = await open_sharing(stack, url, settings, current.snapshot) if is_shared else None
    books = await stack.enter_async_context(
        keep_books(database, log, current, settings.environ, settings.home, sharing)
    )
    return Kept(database, store, override_store, current, books)
