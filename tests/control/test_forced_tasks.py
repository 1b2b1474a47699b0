"""Models forced for tasks: by the clock, over restarts, and in any order of what may happen to them."""

import asyncio
from pathlib import Path

import pytest
from controlling import ANNA, DOCUMENT, WRITER, Control, ending_in_time, run, until
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pointsman.control.changes import ChangeRefused, Signature

DAY_MS = 24 * 3_600_000
HOUR_MS = 3_600_000

Step = tuple[str, str, str, int | None]
STEPS = st.one_of(
    st.tuples(
        st.just("force"),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["large", "small"]),
        st.sampled_from([HOUR_MS, 3 * HOUR_MS, None]),
    ),
    st.tuples(st.just("cancel"), st.sampled_from(["a", "b"]), st.just(""), st.none()),
    st.tuples(st.just("wait"), st.just(""), st.just(""), st.sampled_from([1, HOUR_MS, 30 * HOUR_MS])),
    st.tuples(st.just("restart"), st.just(""), st.just(""), st.none()),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pointsman.yaml").write_text(DOCUMENT + WRITER)
    return tmp_path


def found_model(control: Control, task_id: str) -> str | None:
    found = control.overrides.find_forced(task_id)
    return found.model if found else None


def test_it_ends_to_the_millisecond_before_anybody_sweeps(folder: Path) -> None:
    async def script(control: Control) -> None:
        made = (await control.overrides.force_task_model("t", "small", ANNA, HOUR_MS)).record
        found = control.overrides.find_forced("t")
        assert found is not None
        assert (found.model, found.id, found.author, found.reason) == ("small", made.id, "anna", "a test")
        control.now_ms += HOUR_MS - 1
        assert found_model(control, "t") == "small" and control.overrides.list_live() == (made,)
        control.now_ms += 1
        assert found_model(control, "t") is None and control.overrides.list_live() == ()
        assert not await control.overrides.cancel(made.id, ANNA)
        assert await control.overrides.list_ended(10) == [made]

    asyncio.run(run(folder, script))


def test_a_day_is_the_longest(folder: Path) -> None:
    async def script(control: Control) -> None:
        for duration_ms in (0, -1, DAY_MS + 1):
            with pytest.raises(ChangeRefused, match="at most 24h"):
                await control.overrides.force_task_model("t", "small", ANNA, duration_ms)
        made = (await control.overrides.force_task_model("t", "small", ANNA, None)).record
        assert made.expires_at_ms == control.now_ms + DAY_MS

    asyncio.run(run(folder, script))


def test_those_that_have_ended_are_forgotten(folder: Path) -> None:
    async def script(control: Control) -> None:
        def is_forgotten() -> bool:
            control.now_ms -= HOUR_MS
            found = found_model(control, "t")
            control.now_ms += HOUR_MS
            return found is None

        async with ending_in_time(control):
            await control.overrides.force_task_model("t", "small", ANNA, HOUR_MS)
            control.now_ms += HOUR_MS
            await until(is_forgotten)

    asyncio.run(run(folder, script))


def test_what_has_begun_is_stored_though_its_caller_leaves(folder: Path) -> None:
    async def begin(control: Control) -> None:
        caller = asyncio.create_task(control.overrides.force_task_model("t", "small", ANNA, None))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        caller.cancel()
        await control.overrides.finish()
        assert found_model(control, "t") == "small"

    async def look(control: Control) -> None:
        await control.overrides.load()
        assert found_model(control, "t") == "small"

    asyncio.run(run(folder, begin))
    asyncio.run(run(folder, look))


def test_of_several_at_once_the_one_that_is_stored_last_counts(folder: Path) -> None:
    async def script(control: Control) -> None:
        forcing = (
            control.overrides.force_task_model("t", model, Signature("anna", str(at)), None)
            for at, model in enumerate(("large", "small", "large", "small"))
        )
        await asyncio.gather(*forcing)
        (live,) = control.overrides.list_live()
        found = control.overrides.find_forced("t")
        assert found is not None and (found.id, found.reason) == (live.id, live.reason)
        await control.overrides.load()
        assert control.overrides.list_live() == (live,)

    asyncio.run(run(folder, script))


def test_an_override_of_a_task_is_no_part_of_the_document(folder: Path) -> None:
    async def begin(control: Control) -> None:
        await control.overrides.force_task_model("writer", "small", ANNA, None)
        assert control.told.origins == []

    async def look(control: Control) -> None:
        # A task that is called like an agent is not taken for one, neither at the start nor by the sweeper.
        assert control.current.ingredients.overrides == ()
        async with ending_in_time(control):
            await control.overrides.load()
            await until(control.overrides.is_settled)
        assert [each.kind for each in control.overrides.list_live()] == ["task"]
        assert control.current.snapshot.agents["writer"].model == "large"

    asyncio.run(run(folder, begin))
    asyncio.run(run(folder, look))


def test_nothing_is_forced_where_the_file_alone_counts(folder: Path) -> None:
    async def begin(control: Control) -> None:
        await control.overrides.force_task_model("t", "small", ANNA, None)

    async def look(control: Control) -> None:
        await control.overrides.load()
        assert found_model(control, "t") is None

    asyncio.run(run(folder, begin))
    path = folder / "pointsman.yaml"
    path.write_text(f"source: file\n{path.read_text()}")
    asyncio.run(run(folder, look))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=12))
def test_whatever_happens_the_last_word_counts(tmp_path_factory: pytest.TempPathFactory, steps: list[Step]) -> None:
    folder = tmp_path_factory.mktemp("tasks")
    (folder / "pointsman.yaml").write_text(DOCUMENT + WRITER)

    async def script(control: Control) -> None:
        expected: dict[str, tuple[str, int]] = {}
        for what, task_id, model, duration_ms in steps:
            if what == "force":
                made = (await control.overrides.force_task_model(task_id, model, ANNA, duration_ms)).record
                expected[task_id] = (model, control.now_ms + (duration_ms or DAY_MS))
                assert made.expires_at_ms == expected[task_id][1]
            elif what == "cancel":
                for each in control.overrides.list_live():
                    if each.target == task_id:
                        assert await control.overrides.cancel(each.id, ANNA)
                expected.pop(task_id, None)
            elif what == "wait":
                control.now_ms += duration_ms or 0
            elif what == "restart":
                control.forget()
                await control.overrides.load()
            live = {name: said for name, (said, ends_ms) in expected.items() if ends_ms > control.now_ms}
            assert {name: found_model(control, name) for name in ("a", "b")} == {n: live.get(n) for n in ("a", "b")}
            assert {each.target for each in control.overrides.list_live()} == set(live)

    asyncio.run(run(folder, script))
