"""Sums over a window hold exactly its rows, and are read without going through what came before."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from sqlalchemy import Connection, event

from pointsman.core.limits.scopes import CostQuestion, Scope
from pointsman.core.routing.outcome import Outcome
from pointsman.storage.database import open_database
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.usage_writer import UsageWriter
from storage.usage_examples import EXAMPLE, book, charge

SINCE, UNTIL = 1_000, 2_000


def _ask(url: str, outcomes: Sequence[Outcome], *scopes: Scope, last: str | None = None) -> list[dict[str, int]]:
    """Write the outcomes and ask for one scope at a time."""
    questions = [CostQuestion(kind, frozenset((name,)), SINCE, UNTIL) for kind, name in scopes]

    async def run() -> list[dict[str, int]]:
        database = await open_database(url)
        try:
            writer = UsageWriter(database)
            writer.start()
            for outcome in outcomes:
                writer.add(outcome if outcome.charges else book(outcome))
            await writer.drain()
            return await SpendingReader(database).sum_costs(questions, last)
        finally:
            await database.close()

    return asyncio.run(run())


def _outcome(name: str, at_ms: int, cost_nusd: int | None, **fields: object) -> Outcome:
    return replace(EXAMPLE, request_id=name, at_ms=at_ms, cost_nusd=cost_nusd, **fields)


AROUND = [
    _outcome("late", 1_999, 1),
    _outcome("before", 999, 10),
    _outcome("first", 1_000, 100),
    _outcome("after", 2_000, 1_000),
    _outcome("unknown", 1_500, None),
]


def test_a_window_has_its_first_millisecond_and_not_the_next_ones(database_url: str) -> None:
    assert _ask(database_url, AROUND, ("total", "")) == [{"": 101}]


@pytest.mark.parametrize(
    ("last", "total"), [("late", {"": 1}), ("before", {"": 1}), ("first", {"": 101}), ("lost", {"": 101})]
)
def test_rows_after_the_last_one_do_not_count(database_url: str, last: str, total: dict[str, int]) -> None:
    assert _ask(database_url, AROUND, ("total", ""), last=last) == [total]


def test_every_kind_of_scope_has_its_column(database_url: str) -> None:
    scopes: list[Scope] = [
        ("cloud", ""),
        ("provider", "openai"),
        ("model", "gpt-4o"),
        ("agent", "orchestrator"),
        ("interaction", "chat"),
        ("team", "payments"),
        ("user", "ada"),
        ("key", "key_1"),
        ("tag", "nightly"),
    ]
    other = {"provider": "p", "model": "m", "agent": "a", "interaction": "i", "team": "t", "user": "u", "key_id": "k"}
    elsewhere = _outcome("other", 1_500, 7, location="local", tags=("night",), **other)
    answers = _ask(database_url, [_outcome("one", 1_500, 5), elsewhere], *scopes, ("total", ""))
    assert answers == [{name: 5} for _, name in scopes] + [{"": 12}]


def test_a_row_counts_once_for_a_tag_that_it_has_twice(database_url: str) -> None:
    rows = [_outcome("one", 1_500, 5, tags=("b", "a", "b", "b")), _outcome("two", 1_500, 7, tags=('a"', "\\"))]
    assert _ask(database_url, rows, ("tag", "b"), ("tag", "a"), ("tag", 'a"'), ("tag", "\\"), ("tag", "none")) == [
        *({"b": 5}, {"a": 5}, {'a"': 7}, {"\\": 7}, {})
    ]


def test_a_further_call_counts_for_what_was_called(database_url: str) -> None:
    local = {"provider": "house", "model": "small", "location": "local"}
    check, again = charge("gpt-4o", "openai", "cloud", 30), charge("big", "openai", "cloud", 20)
    draft = charge("small", "house", "local", 3)
    rows = [
        book(_outcome("checked", 1_500, 55, **local), check, again),
        book(_outcome("replaced", 1_500, 43), draft, check),
        book(_outcome("yesterday", 999, 55, **local), check),
        book(_outcome("tomorrow", 2_000, 55, **local), check),
        book(_outcome("later", 1_500, 30, **local), check),
    ]
    scopes: list[Scope] = [("cloud", ""), ("provider", "openai"), ("provider", "house"), ("model", "small")]
    scopes += [("model", "gpt-4o"), ("model", "big"), ("model", "none"), ("total", ""), ("agent", "orchestrator")]
    answers = _ask(database_url, rows, *scopes, last="tomorrow")
    assert [sum(answer.values()) for answer in answers] == [90, 90, 8, 8, 70, 20, 0, 98, 98]


def test_without_any_rows_there_are_no_costs(database_url: str) -> None:
    assert _ask(database_url, [], ("total", ""), ("user", "ada")) == [{}, {}]
    assert _ask(database_url, [_outcome("unknown", 1_500, None)], ("total", ""), ("user", "ada")) == [{}, {}]


def test_a_request_is_written_or_not(database_url: str) -> None:
    _ask(database_url, AROUND)

    async def look() -> tuple[bool, bool]:
        database = await open_database(database_url)
        try:
            reader = SpendingReader(database)
            return await reader.is_written("late"), await reader.is_written("lost")
        finally:
            await database.close()

    assert asyncio.run(look()) == (True, False)


def test_sums_begin_at_the_first_row_of_the_window(tmp_path: Path) -> None:
    """Each statement is planned as a search, in the index of times or from a row's number on; none scans the table."""
    plans: list[str] = []

    async def explain() -> None:
        database = await open_database(f"sqlite:///{tmp_path / 'pointsman.db'}")
        asked: list[tuple[str, object]] = []

        def note(_c: Connection, _cursor: object, statement: str, values: object, *_: object) -> None:
            asked.append((statement, values))

        writer = UsageWriter(database)
        writer.start()
        writer.add(book(AROUND[0]))
        await writer.drain()
        async with database.read() as connection:
            engine = connection.sync_connection.engine
        event.listen(engine, "before_cursor_execute", note)
        kinds: list[Scope] = [("total", ""), ("cloud", ""), ("user", "ada"), ("tag", "nightly")]
        questions = [CostQuestion(kind, frozenset((name,)), SINCE, UNTIL) for kind, name in kinds]
        await SpendingReader(database).sum_costs(questions, "late")
        event.remove(engine, "before_cursor_execute", note)
        async with database.read() as connection:
            for statement, values in asked:
                rows = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
                plans.extend(row.detail for row in rows if row.detail.startswith("SEARCH"))
        await database.close()

    asyncio.run(explain())
    by_number = "SEARCH ledger USING INTEGER PRIMARY KEY (rowid>?)"
    assert plans == [
        "SEARCH usage USING COVERING INDEX sqlite_autoindex_usage_1 (request_id=?)",
        "SEARCH usage USING INTEGER PRIMARY KEY (rowid>?)",
        "SEARCH ledger USING COVERING INDEX ledger_at_ms (at_ms>?)",
        *[by_number] * 4,
    ]
