"""Changes, overrides and the last good copy over a real database, in the orders that go wrong at night."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from pointsman.control.changes import ChangeRefused, Changes, Signature
from pointsman.control.configuration import Loaded, load_configuration
from pointsman.control.current import CurrentConfiguration
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.last_good import read_last_good
from pointsman.control.overrides import Overrides
from pointsman.control.sources import gather
from pointsman.control.startup import find_usable_files, start_configuration
from pointsman.core.config.problems import Problem
from pointsman.core.config.stored_layer import Edit
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

    def __init__(self, changes: Changes, overrides: Overrides, current: CurrentConfiguration, told: Told) -> None:
        self.changes, self.overrides, self.current, self.told = changes, overrides, current, told
        self.now_ms = 1_000_000


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
        control = Control(changes, Overrides(override_store, changes, current, now_ms), current, told)
        await script(control)
    finally:
        await database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pointsman.yaml").write_text(DOCUMENT + WRITER)
    return tmp_path


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
    async with asyncio.timeout(10):
        while not reached():
            await asyncio.sleep(0.005)


def test_what_has_begun_is_in_force_before_the_store_closes(folder: Path) -> None:
    async def script(control: Control) -> None:
        caller = asyncio.create_task(control.changes.commit(Edit({"agents": {"reader": {"model": "small"}}}), ANNA))
        await asyncio.sleep(0)
        caller.cancel()
        await control.changes.finish()
        assert control.current.snapshot.agents["reader"].model == "small"
        assert control.told.origins == ["api"]

    asyncio.run(run(folder, script))


def test_a_change_tells_what_was_in_force_just_before_it(folder: Path) -> None:
    async def script(control: Control) -> None:
        edits = [Edit({"agents": {name: {"model": "small"}}}) for name in ("reader", "writer")]
        first, second = await asyncio.gather(*(control.changes.commit(edit, ANNA) for edit in edits))
        assert second.before is first.loaded and second.loaded is control.current.loaded

    asyncio.run(run(folder, script))


def test_nobody_signs_with_a_key() -> None:
    for fields in ({"author": "sk-" + "a1" * 20}, {"author": "anna", "reason": "replaced gsk_" + "b2" * 20}):
        with pytest.raises(ChangeRefused, match="secret") as refused:
            Signature(**fields)
        assert "a1a1" not in str(refused.value) and "b2b2" not in str(refused.value)


def test_the_same_files_count_again_when_they_mean_something_else(folder: Path) -> None:
    path = folder / "pointsman.yaml"
    path.write_text(path.read_text().replace("version: 1", "version: 1\ntelemetry: {level: basic}"))

    async def script(control: Control) -> None:
        gathered = gather(path)
        await control.changes.take_files(gathered)
        assert control.told.origins == []
        # As after midnight, when what the catalogue knows has changed: what is in force is not what these files mean.
        older = load_configuration(path, {"POINTSMAN_ENV": "staging"})
        assert older.snapshot is not None
        control.current.snapshot = older.snapshot
        await control.changes.take_files(gathered)
        assert control.told.origins == ["file"]

    asyncio.run(run(folder, script))


def test_an_override_whose_caller_leaves_is_not_lost_over_the_next_one(folder: Path) -> None:
    async def script(control: Control) -> None:
        leaver = asyncio.create_task(control.overrides.set_agent_model("reader", "small", ANNA, None))
        await asyncio.sleep(0)
        leaver.cancel()
        await control.overrides.set_agent_model("writer", "small", ANNA, None)
        assert {each.target for each in control.overrides.list_live()} == {"reader", "writer"}
        agents = control.current.snapshot.agents
        assert (agents["reader"].model, agents["writer"].model) == ("small", "small")

    asyncio.run(run(folder, script))


def test_an_override_ends_when_the_clock_is_set_forward(folder: Path) -> None:
    async def script(control: Control) -> None:
        async with ending_in_time(control):
            await control.overrides.set_agent_model("writer", "small", ANNA, 7_200_000)
            assert control.current.snapshot.agents["writer"].model == "small"
            await asyncio.sleep(0.05)
            control.now_ms += 7_200_000
            await until(lambda: control.current.snapshot.agents["writer"].model == "large")

    asyncio.run(run(folder, script))


def test_an_override_of_an_agent_that_was_gone_does_not_come_back(folder: Path) -> None:
    path = folder / "pointsman.yaml"

    async def remove(control: Control) -> None:
        async with ending_in_time(control):
            await control.overrides.set_agent_model("writer", "small", ANNA, None)
            path.write_text(DOCUMENT)
            await control.changes.take_files(gather(path))
            assert control.overrides.list_live() == ()
            await until(control.overrides.is_settled)

    async def bring_back(control: Control) -> None:
        assert control.current.snapshot.agents["writer"].model == "large"

    asyncio.run(run(folder, remove))
    path.write_text(DOCUMENT + WRITER)
    asyncio.run(run(folder, bring_back))


def test_files_that_come_and_go_while_the_disk_is_busy_are_not_kept(folder: Path) -> None:
    path, home = folder / "pointsman.yaml", folder / "home"
    home.mkdir()
    loaded = []
    for text in (DOCUMENT, DOCUMENT + WRITER):
        path.write_text(text)
        loaded.append(load_configuration(path, {}))

    async def script() -> None:
        keeper = LastGoodKeeper(home, path)
        keeper.keep(loaded[0])
        await keeper.finish()
        for each in (loaded[1], loaded[0]):
            keeper.keep(each)
        await keeper.finish()

    asyncio.run(script())
    assert read_last_good(home, path, "production").files == loaded[0].files
