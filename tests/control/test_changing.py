"""Changes, overrides and the last good copy over a real database, in the orders that go wrong at night."""

import asyncio
from pathlib import Path

import pytest
from controlling import ANNA, DOCUMENT, WRITER, Control, ending_in_time, run, until

from pointsman.control.changes import ChangeRefused, Signature
from pointsman.control.configuration import load_configuration
from pointsman.control.keeper import LastGoodKeeper
from pointsman.control.last_good import read_last_good
from pointsman.control.sources import gather
from pointsman.core.config.stored_layer import Edit


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pointsman.yaml").write_text(DOCUMENT + WRITER)
    return tmp_path


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
