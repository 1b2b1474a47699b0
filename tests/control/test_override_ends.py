"""Each end of an override stands in the audit once, with the time when it came, whatever ran or failed meanwhile."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from controlling import ANNA, DOCUMENT, WRITER, Control, ending_in_time, run, until

from pointsman.control.changes import Signature
from pointsman.core.ports import OverrideRecord

START_MS = 1_000_000
HOUR_MS = 3_600_000
BOB = Signature("bob", "over")
FULL = "CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the audit is full'); END"

End = tuple[int, str, str, str]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pointsman.yaml").write_text(DOCUMENT + WRITER)
    return tmp_path


@contextmanager
def look_into(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(folder / "home" / "pointsman.db")) as connection, connection:
        yield connection


def write(folder: Path, statement: str) -> None:
    """Change the database beside the gateway; off its loop, which may be about to write itself."""
    with look_into(folder) as connection:
        connection.execute(statement)


def list_ends(folder: Path) -> list[End]:
    """Time, subject, author and reason of each end in the audit, the earliest first."""
    told = "SELECT at_ms, subject, author, reason FROM audit WHERE action = 'override.end' ORDER BY at_ms, subject"
    with look_into(folder) as connection:
        return [(at_ms, subject, author, reason) for at_ms, subject, author, reason in connection.execute(told)]


def end_of(record: OverrideRecord) -> End:
    return (record.expires_at_ms or 0, f"{record.kind}:{record.target}", "pointsman", "its time has come")


async def make_each(control: Control) -> list[OverrideRecord]:
    """One of each kind; they end an hour, two and three from now."""
    made = (
        await control.overrides.force_task_model("t", "small", ANNA, HOUR_MS),
        await control.overrides.set_agent_model("writer", "small", ANNA, 2 * HOUR_MS),
        await control.overrides.set_strategy("balanced", ANNA, 3 * HOUR_MS),
    )
    return [each.record for each in made]


def test_each_kind_is_put_down_when_its_time_has_come(folder: Path) -> None:
    async def script(control: Control) -> None:
        async with ending_in_time(control):
            made = await make_each(control)
            for count in range(1, len(made) + 1):
                control.now_ms += HOUR_MS
                await until(lambda count=count: len(list_ends(folder)) == count)  # type: ignore[misc]
                assert list_ends(folder) == [end_of(each) for each in made[:count]]
        with look_into(folder) as connection:
            ids = connection.execute(
                "SELECT details FROM audit WHERE action = 'override.end' ORDER BY at_ms"
            ).fetchall()
        assert ids == [(f'{{"id":"{each.id}"}}',) for each in made]

    asyncio.run(run(folder, script))


def test_what_ran_out_while_nothing_ran_is_put_down_at_the_next_start(folder: Path) -> None:
    record = OverrideRecord("ovr_1", "agent", "writer", {"model": "small"}, "anna", "", 1, START_MS - 1)
    others = (replace(record, id="ovr_2", kind="task", target="t"), replace(record, id="ovr_3", kind="strategy"))

    async def leave(control: Control) -> None:
        for each in (record, *others):
            await control.store.add(each)

    async def start(control: Control) -> None:
        await control.overrides.load()
        assert sorted(list_ends(folder)) == sorted(map(end_of, (record, *others)))
        async with ending_in_time(control):
            control.now_ms += HOUR_MS
            await until(control.overrides.is_settled)

    for script in (leave, start, start):
        asyncio.run(run(folder, script))
    assert len(list_ends(folder)) == 3


def test_what_was_ended_or_replaced_before_its_time_does_not_end_again(folder: Path) -> None:
    async def script(control: Control) -> None:
        async with ending_in_time(control):
            first = await make_each(control)
            second = await make_each(control)
            for record in (*first, *second):
                assert await control.overrides.cancel(record.id, BOB) is (record in second)
            last = (await control.overrides.force_task_model("u", "small", ANNA, 4 * HOUR_MS)).record
            control.now_ms += 4 * HOUR_MS
            await until(lambda: bool(list_ends(folder)))
            assert list_ends(folder) == [end_of(last)]

    asyncio.run(run(folder, script))


def test_one_that_is_replaced_after_its_time_before_anybody_looked_is_put_down(folder: Path) -> None:
    async def script(control: Control) -> None:
        made = await make_each(control)
        control.now_ms += 3 * HOUR_MS
        await make_each(control)
        async with ending_in_time(control):
            await until(lambda: len(list_ends(folder)) == 3)
        assert list_ends(folder) == [end_of(each) for each in made]

    asyncio.run(run(folder, script))


def test_nothing_is_put_down_while_it_counts_still(folder: Path) -> None:
    async def script(control: Control) -> None:
        record = (await control.overrides.set_agent_model("writer", "small", ANNA, HOUR_MS)).record
        control.now_ms += HOUR_MS
        await control.overrides.load()
        assert list_ends(folder) == [] and control.current.snapshot.agents["writer"].model == "small"
        async with ending_in_time(control):
            await until(lambda: bool(list_ends(folder)))
        assert list_ends(folder) == [end_of(record)] and control.current.snapshot.agents["writer"].model == "large"

    asyncio.run(run(folder, script))


def test_an_end_that_could_not_be_put_down_is_tried_again(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def script(control: Control) -> None:
        async with ending_in_time(control):
            record = (await control.overrides.force_task_model("t", "small", ANNA, HOUR_MS)).record
            await asyncio.to_thread(write, folder, FULL)
            control.now_ms += HOUR_MS
            await until(lambda: "could not be put down" in caplog.text)
            assert list_ends(folder) == [] and control.overrides.find_forced("t") is None
            await asyncio.to_thread(write, folder, "DROP TRIGGER full")
            await until(lambda: bool(list_ends(folder)))
            assert list_ends(folder) == [end_of(record)]

    asyncio.run(run(folder, script))
