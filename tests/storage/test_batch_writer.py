"""A writer waits for its database, tells who asked what became of rows, and never loses one in silence."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from both_databases import read_stored
from pointsman.storage.batch_writer import USUAL_BATCH_ROWS, BatchWriter, RowKind, WriterLimits
from pointsman.storage.database import open_database
from pointsman.storage.tables import usage_endings
from pointsman.storage.writer_hooks import WriterHooks
from real_postgres import query, start_server

QUICK = WriterLimits(interval_ms=1, first_retry_ms=5, longest_retry_ms=50)

Writer = BatchWriter[object]


def _write(batch: Sequence[object], connection: Connection) -> None:
    rows = [{"agent": item, "failure": "", "requests": 1} for item in batch]
    connection.execute(usage_endings.insert(), rows)


def _kind(hooks: WriterHooks[object] | None = None, write: Callable[..., None] = _write) -> RowKind[object]:
    return RowKind("ending", write, str, hooks or WriterHooks())


async def _run(
    url: str, kind: RowKind[object], limits: WriterLimits, work: Callable[[Writer], Awaitable[None]]
) -> Writer:
    database = await open_database(url)
    try:
        writer = Writer(database, kind, limits)
        writer.start()
        await work(writer)
        await writer.drain()
        return writer
    finally:
        await database.close()


def _adding(*items: object) -> Callable[[Writer], Awaitable[None]]:
    async def add(writer: Writer) -> None:
        for item in items:
            writer.add(item)

    return add


async def _wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


def _read(url: str) -> list[str]:
    return sorted(agent for (agent,) in read_stored(url, "SELECT agent FROM usage_endings"))


def test_each_batch_is_told_of_after_its_commit(database_url: str) -> None:
    told: list[tuple[Sequence[object], int]] = []

    def note(batch: Sequence[object]) -> None:
        told.append((batch, len(_read(database_url))))

    items = [f"{number:02}" for number in range(25)]
    hooks = WriterHooks(on_written=note)
    asyncio.run(_run(database_url, _kind(hooks), replace(QUICK, batch_rows=10), _adding(*items)))
    assert told == [(items[:10], 10), (items[10:20], 20), (items[20:], 25)]


@pytest.mark.parametrize("poison", ["\ud800", 7, None, "a"])
def test_a_row_that_can_never_be_written_is_told_of_and_costs_itself_alone(
    database_url: str, poison: object, caplog: pytest.LogCaptureFixture
) -> None:
    refused: list[object] = []
    written: list[object] = []
    hooks = WriterHooks(on_refused=refused.append, on_written=written.extend)
    # SQLite turns numbers into text, so there only the others are refused.
    takes_all = poison == 7 and database_url.startswith("sqlite")
    writer = asyncio.run(_run(database_url, _kind(hooks), QUICK, _adding("a", "b", poison, "c")))
    assert written == (["a", "b", 7, "c"] if takes_all else ["a", "b", "c"])
    assert refused == ([] if takes_all else [poison])
    assert writer.lost_rows == len(refused)
    assert _read(database_url) == (["7", "a", "b", "c"] if takes_all else ["a", "b", "c"])
    assert ("cannot be stored" in caplog.text) is not takes_all


def test_a_table_that_is_missing_is_nobodys_fault_so_that_rows_wait(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def break_it_for_a_while(writer: Writer) -> None:
        await query(postgres_url, "ALTER TABLE usage_endings RENAME TO hidden")
        await _adding("a", "b")(writer)
        await _wait_until(lambda: caplog.text.count("2 ending(s) wait, the database fails") >= 2)
        await query(postgres_url, "ALTER TABLE hidden RENAME TO usage_endings")

    writer = asyncio.run(_run(postgres_url, _kind(), QUICK, break_it_for_a_while))
    assert (writer.written_rows, writer.lost_rows) == (2, 0)
    assert _read(postgres_url) == ["a", "b"]


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_rows_wait_for_a_server_that_is_away_and_are_all_there_once(
    ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    with start_server() as server:
        server.execute("postgres", "CREATE DATABASE own")

        async def add_all_the_time(writer: Writer) -> None:
            await _adding(*(f"before {number:03}" for number in range(300)))(writer)
            await _wait_until(lambda: writer.written_rows >= 20)
            await asyncio.to_thread(getattr(server, ending))
            await _adding(*(f"while {number:03}" for number in range(300)))(writer)
            await _wait_until(lambda: "the database fails" in caplog.text)
            await asyncio.to_thread(server.start)
            await _adding(*(f"after {number:03}" for number in range(300)))(writer)

        url = server.url("own")
        writer = asyncio.run(_run(url, _kind(write=_write_once), replace(QUICK, batch_rows=20), add_all_the_time))
        assert (writer.written_rows, writer.lost_rows) == (900, 0)
        assert _read(url) == [f"{when} {number:03}" for when in ("after", "before", "while") for number in range(300)]


def _write_once(batch: Sequence[object], connection: Connection) -> None:
    """As writers must be: a commit that nobody heard of is done again."""
    rows = [{"agent": item, "failure": "", "requests": 1} for item in batch]
    connection.execute(postgresql.insert(usage_endings).on_conflict_do_nothing(), rows)


def test_what_finds_no_room_goes_to_who_keeps_it_and_comes_again(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    kept: list[object] = []
    writers: list[Writer] = []

    def add_again() -> None:
        items, kept[:] = list(kept), []
        for item in items:
            writers[0].add(item)

    async def add(writer: Writer) -> None:
        writers.append(writer)
        await _adding(*(f"{number:02}" for number in range(15)))(writer)
        assert len(kept) == 5

    hooks = WriterHooks(on_overflow=kept.append, on_room=add_again)
    writer = asyncio.run(_run(database_url, _kind(hooks), replace(QUICK, most_waiting_rows=10), add))
    assert (writer.written_rows, writer.lost_rows, writer.left_rows) == (15, 0, 5)
    assert _read(database_url) == [f"{number:02}" for number in range(15)]
    assert [record.getMessage() for record in caplog.records] == [
        "endings are put aside until the database keeps up: 10 wait already",
        "5 ending(s) were put aside while the database did not keep up",
    ]


def test_what_a_shutdown_leaves_goes_to_who_keeps_it(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    kept: list[object] = []

    def fail(_batch: Sequence[object], _connection: Connection) -> None:
        raise RuntimeError("the disk is full")

    async def stop() -> Writer:
        database = await open_database(database_url)
        writer = Writer(database, _kind(WriterHooks(on_overflow=kept.append), fail), QUICK)
        writer.start()
        await _adding("a", "b")(writer)
        await writer.drain(timeout_ms=50)
        await database.close()
        return writer

    writer = asyncio.run(stop())
    assert (kept, writer.lost_rows, writer.left_rows) == (["a", "b"], 0, 2)
    assert "2 ending(s) are left for the next start" in caplog.text


def test_a_hook_that_fails_stops_no_writer_and_what_it_did_not_keep_is_lost(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_told: object) -> None:
        raise LookupError("the journal is closed")

    hooks = WriterHooks(on_written=fail, on_overflow=fail)
    items = [f"{number:02}" for number in range(15)]
    limits = replace(QUICK, most_waiting_rows=10, batch_rows=3)
    writer = asyncio.run(_run(database_url, _kind(hooks), limits, _adding(*items)))
    assert (writer.written_rows, writer.lost_rows, writer.left_rows) == (10, 5, 0)
    assert "the journal is closed" in caplog.text and "5 ending(s) were lost" in caplog.text


def test_batches_are_as_large_as_is_best_for_the_database(database_url: str) -> None:
    sizes: list[int] = []

    def note(batch: Sequence[object], connection: Connection) -> None:
        sizes.append(len(batch))

    async def add_many(writer: Writer) -> None:
        await _adding(*map(str, range(2_500)))(writer)

    asyncio.run(_run(database_url, _kind(write=note), QUICK, add_many))
    most = USUAL_BATCH_ROWS["sqlite" if database_url.startswith("sqlite") else "postgresql"]
    assert sizes == [most] * (2_500 // most) + ([2_500 % most] if 2_500 % most else [])
