"""No row is lost in silence, none is counted twice, and one bad row costs nothing but itself."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from both_databases import DATABASES, change_stored, new_store
from pointsman.core.routing.ledger_entry import list_entries
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.totals import AgentTotals
from pointsman.storage.database import Database, open_database
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from storage.usage_examples import EXAMPLE, book, charge, fold, make_outcomes, outcomes, read_rows

QUICK = WriterLimits(interval_ms=1, first_retry_ms=5, longest_retry_ms=20)

Work = Callable[[Database, UsageWriter], Awaitable[None]]


def _run(url: str, work: Work, limits: WriterLimits = QUICK) -> tuple[UsageWriter, list[AgentTotals]]:
    """Do the work with a started writer, drain it, and read the totals."""

    async def run() -> tuple[UsageWriter, list[AgentTotals]]:
        database = await open_database(url)
        try:
            writer = UsageWriter(database, limits)
            writer.start()
            await work(database, writer)
            await writer.drain(timeout_ms=30_000)
            return writer, await UsageReader(database).agent_totals()
        finally:
            await database.close()

    return asyncio.run(run())


def _adding(batch: list[Outcome]) -> Work:
    async def add(_database: Database, writer: UsageWriter) -> None:
        for outcome in batch:
            writer.add(outcome)

    return add


async def _wait_until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.002)


def test_a_row_has_what_the_outcome_says(database_url: str) -> None:
    _run(database_url, _adding([EXAMPLE, structs.replace(EXAMPLE, request_id="req_1", usage=None, cost_nusd=None)]))
    first, second = read_rows(database_url)
    assert dict(first) == {
        "seq": 1,
        "request_id": "req_0",
        "at_ms": 1_763_000_000_000,
        "agent": "orchestrator",
        "model": "gpt-4o",
        "provider": "openai",
        "upstream_model": "gpt-4o-2024-11-20",
        "key_id": "key_1",
        "revision": "0123456789ab",
        "status": 200,
        "failure": "",
        "stream": 0,
        "attempts": 1,
        "input_tokens": 100,
        "output_tokens": 20,
        "cached_input_tokens": 10,
        "reasoning_tokens": 5,
        "cost_nusd": 123_456,
        "cost_status": "actual",
        "latency_us": 250_000,
        "first_content_us": None,
        "tags": '["team-a","nightly"]',
        "interaction": "chat",
        "team": "payments",
        "user": "ada",
        "location": "cloud",
        "operation": "chat",
        "task": "",
        "experiment": "",
        "session": "",
        "cache_write_tokens": 0,
    }
    unknown = ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_tokens", "cost_nusd")
    assert {second[name] for name in unknown} == {None}


def test_the_ledger_has_an_entry_for_each_call(database_url: str) -> None:
    outcome = book(EXAMPLE, charge("bi\0g", "far", "cloud", 30), charge("own", "near", "local", 2))
    _run(database_url, _adding([outcome, outcome]))
    rows = read_rows(database_url, "ledger")
    assert [(row["attempt"], row["kind"], row["model"], row["cost_nusd"]) for row in rows] == [
        (1, "charge", "gpt-4o", 123_424),
        (2, "charge", "bi\ufffdg", 30),
        (3, "charge", "own", 2),
    ]
    assert {(row["request_id"], row["team"], row["user"], row["at_ms"]) for row in rows} == {
        ("req_0", "payments", "ada", EXAMPLE.at_ms)
    }
    assert sum(row["cost_nusd"] for row in rows) == EXAMPLE.cost_nusd
    assert (rows[0]["prices"], rows[0]["input_tokens"], rows[1]["input_tokens"]) == ("catalogue 2026-10-12", 100, None)


def test_a_correction_is_an_entry_of_its_own_and_booked_once(database_url: str) -> None:
    (entry,) = list_entries(book(EXAMPLE))
    correction = structs.replace(entry, kind="adjust:1", cost_nusd=-456, booked_at_ms=5)
    booked: list[int] = []

    async def correct(database: Database, writer: UsageWriter) -> None:
        await _adding([book(EXAMPLE)])(database, writer)
        await writer.catch_up()
        booked.extend([await writer.book_entries([correction]), await writer.book_entries([correction])])

    _run(database_url, correct)
    rows = read_rows(database_url, "ledger")
    assert booked == [1, 0]
    assert [(row["kind"], row["cost_nusd"]) for row in rows] == [("charge", 123_456), ("adjust:1", -456)]


@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("database", DATABASES)
@given(batch=st.lists(outcomes, max_size=60), batch_rows=st.integers(1, 7))
def test_totals_are_the_fold_of_the_rows(database: str, batch: list[Outcome], batch_rows: int) -> None:
    """Whatever the batches, and though some request ids come twice."""
    with new_store(database) as url:
        writer, totals = _run(url, _adding(batch), replace(QUICK, batch_rows=batch_rows))
        rows = read_rows(url)
    assert totals == fold(rows)
    assert [row["request_id"] for row in rows] == list(dict.fromkeys(outcome.request_id for outcome in batch))
    assert (writer.written_rows, writer.lost_rows) == (len(batch), 0)


def test_a_bound_belongs_to_its_bucket(database_url: str) -> None:
    _, (totals,) = _run(
        database_url,
        _adding(
            [structs.replace(EXAMPLE, latency_ms=10.0), structs.replace(EXAMPLE, request_id="b", latency_ms=10.001)]
        ),
    )
    assert totals.latencies[:3] == (1, 1, 0)


def test_two_writers_on_one_database_add_up(database_url: str) -> None:
    async def write_beside(_database: Database, writer: UsageWriter) -> None:
        other_database = await open_database(database_url)
        other = UsageWriter(other_database, replace(QUICK, batch_rows=10))
        other.start()
        for mine, others in zip(make_outcomes(300), make_outcomes(300, "other"), strict=True):
            writer.add(mine)
            other.add(others)
            await asyncio.sleep(0)
        await other.drain()
        await other_database.close()

    _, totals = _run(database_url, write_beside, replace(QUICK, batch_rows=10))
    rows = read_rows(database_url)
    assert len(rows) == 600
    assert totals == fold(rows)


@pytest.mark.parametrize(
    "poison", [{"cost_nusd": 2**62}, {"status": None}, {"latency_ms": "fast"}, {"latency_ms": 1e300}]
)
def test_a_poison_row_is_left_out_alone(
    database_url: str, poison: dict[str, object], caplog: pytest.LogCaptureFixture
) -> None:
    batch = make_outcomes(40)
    batch[23] = structs.replace(batch[23], **poison)
    writer, totals = _run(database_url, _adding(batch))
    rows = read_rows(database_url)
    assert [row["request_id"] for row in rows] == [f"req_{number}" for number in range(40) if number != 23]
    assert totals == fold(rows)
    assert (writer.written_rows, writer.lost_rows) == (39, 1)
    assert "request 'req_23' cannot be stored" in caplog.text


def test_rows_wait_while_the_database_fails(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def add_while_it_fails(_database: Database, writer: UsageWriter) -> None:
        change_stored(database_url, "ALTER TABLE usage RENAME TO hidden")
        await _adding(make_outcomes(20))(_database, writer)
        await _wait_until(lambda: caplog.text.count("the database fails") >= 2)
        assert writer.written_rows == 0
        change_stored(database_url, "ALTER TABLE hidden RENAME TO usage")
        await _wait_until(lambda: writer.written_rows == 20)

    writer, totals = _run(database_url, add_while_it_fails)
    assert writer.lost_rows == 0
    assert totals == fold(read_rows(database_url))


def test_a_shutdown_counts_what_it_must_leave_behind(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    async def stop_while_it_fails() -> UsageWriter:
        database = await open_database(database_url)
        change_stored(database_url, "ALTER TABLE usage RENAME TO hidden")
        writer = UsageWriter(database, QUICK)
        writer.start()
        await _adding(make_outcomes(7))(database, writer)
        await writer.drain(timeout_ms=50)
        await database.close()
        return writer

    writer = asyncio.run(stop_while_it_fails())
    assert (writer.written_rows, writer.lost_rows) == (0, 7)
    assert "7 usage row(s) lost" in caplog.text


def test_what_finds_no_room_is_counted_and_logged_once(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)
    writer, _ = _run(database_url, _adding(make_outcomes(15)), replace(QUICK, most_waiting_rows=10))
    assert (writer.written_rows, writer.lost_rows) == (10, 5)
    assert [record.getMessage() for record in caplog.records] == [
        "usage rows are being lost: 10 wait already",
        "5 usage row(s) were lost while the database did not keep up",
    ]


def test_text_that_no_store_takes_is_replaced(database_url: str) -> None:
    odd = structs.replace(EXAMPLE, request_id="a\0b", upstream_model="x\ud800y", tags=("\udfff\0", "ü😀"))
    writer, _ = _run(database_url, _adding([odd]))
    (row,) = read_rows(database_url)
    assert writer.written_rows == 1
    assert (row["request_id"], row["upstream_model"]) == ("a\ufffdb", "x\ufffdy")
    assert json.loads(row["tags"]) == ["\ufffd\ufffd", "ü😀"]
