"""The parts of a running gateway that change its configuration, over a real database, with a clock that tests set."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pointsman.control.changes import Changes, Signature
from pointsman.control.configuration import Loaded
from pointsman.control.current import CurrentConfiguration
from pointsman.control.overrides import Overrides
from pointsman.control.startup import find_usable_files, start_configuration
from pointsman.core.config.problems import Problem
from pointsman.core.ports import RevisionRecord
from pointsman.storage.configuration_store import ConfigurationStore
from pointsman.storage.database import open_database
from pointsman.storage.overrides_store import OverridesStore

DOCUMENT = """\
version: 1
providers:
  house: {base_url: "http://127.0.0.1:9/v1"}
models:
  large: {provider: house}
  small: {provider: house}
agents:
  reader: {model: large}
"""
WRITER = "  writer: {model: large}\n"
ANNA = Signature("anna", "a test")


class Told:
    """What a listener was told."""

    def __init__(self) -> None:
        self.origins: list[str] = []

    def apply(self, loaded: Loaded, record: RevisionRecord) -> None:
        self.origins.append(record.origin)

    def report(self, problems: Sequence[Problem]) -> None: ...


class Control:
    """The parts of a running gateway that change its configuration."""

    def __init__(self, store: OverridesStore, changes: Changes, current: CurrentConfiguration, told: Told) -> None:
        self.store, self.changes, self.current, self.told = store, changes, current, told
        self.now_ms = 1_000_000
        self.forget()

    def forget(self) -> None:
        """Know no more of overrides than what is in force, as a new process."""
        self.overrides = Overrides(self.store, self.changes, self.current, lambda: self.now_ms)


async def run(folder: Path, script: Callable[[Control], Awaitable[None]], environ: Mapping[str, str] = {}) -> None:
    """Start on the folder as a gateway does, and run a script over it."""
    path, home = folder / "pointsman.yaml", folder / "home"
    home.mkdir(exist_ok=True)
    database = await open_database(f"sqlite:///{home / 'pointsman.db'}")
    try:
        store, override_store, told = ConfigurationStore(database), OverridesStore(database), Told()
        found = find_usable_files(path, home, environ)
        current = await start_configuration(found, home, environ, store, override_store, 1_000_000)

        def now_ms() -> int:
            return control.now_ms

        changes = Changes(store, current, environ, now_ms, told)
        control = Control(override_store, changes, current, told)
        await script(control)
    finally:
        await database.close()


@asynccontextmanager
async def ending_in_time(control: Control) -> AsyncIterator[None]:
    """Overrides end meanwhile, as in a running gateway."""
    task = asyncio.create_task(control.overrides.end_in_time())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def until(reached: Callable[[], bool]) -> None:
    """Wait for what happens beside; fails after a while."""
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)
