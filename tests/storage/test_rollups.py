"""Sums of usage equal the rows they come from, whatever is asked, however it was written, and when computed anew."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, select

from booking import book
from pointsman.core.chat.usage import Usage
from pointsman.core.routing.ledger_entry import LedgerEntry, list_entries
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage import rollups
from pointsman.storage.database import Database, open_database
from pointsman.storage.rollup_cells import DIMENSIONS, FIGURES, encode_cells
from pointsman.storage.rollup_tables import rollup_cells, rollup_lines, rollup_pending
from pointsman.storage.rollups import put_together, rebuild
from pointsman.storage.usage_questions import USAGE_DIMENSIONS, Dimension, UsageQuestion, UsageSum
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_rows import storable_text
from real_postgres import new_database
from storage.usage_examples import EXAMPLE

HOUR_MS = 3_600_000
FIRST_MS = 1_763_000_000_000 // HOUR_MS * HOUR_MS
SPAN_MS = 200 * 24 * HOUR_MS

LATER = {(10**6, ("",) * len(DIMENSIONS)): [1] * len(FIGURES)}
"""Of an hour after all others, so that all others are over."""

names = st.sampled_from(["", "a", "b"])
tokens = st.integers(0, 1_000)
charges = st.builds(
    AttemptCharge,
    attempt=st.just(0),
    model=st.sampled_from(["small", "large"]),
    provider=st.sampled_from(["openai", "here"]),
    upstream_model=st.just("m"),
    location=st.sampled_from(["local", "cloud"]),
    part=st.sampled_from(["answer", "failed"]),
    usage=st.none() | st.builds(Usage, tokens, tokens, tokens, tokens, tokens),
    cost_nusd=st.none() | st.integers(0, 10**9),
    status=st.sampled_from(["actual", "estimated", "orphan_estimated"]),
    kind=st.sampled_from(["charge", "charge", "possibly_billed"]),
)
moments = st.integers(0, SPAN_MS) | st.integers(0, 200).map(lambda day: day * 24 * HOUR_MS)


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    called = draw(st.lists(charges, max_size=2))
    return replace(
        EXAMPLE,
        request_id="",
        at_ms=FIRST_MS + draw(moments),
        agent=draw(names),
        interaction=draw(names),
        task=draw(names),
        team=draw(names),
        user=draw(st.sampled_from(["", "a", 'x"\n', "\ud800", "z\0"])),
        key_id=draw(names),
        experiment=draw(names),
        model=draw(st.sampled_from(["", "small", "large"])),
        tags=tuple(draw(st.lists(st.sampled_from(["t", 'a,"b', ",", '","', "", "t\n"]), max_size=3))),
        failure=draw(st.sampled_from(["", "", "upstream_error"])),
        attempts=len(called),
        charges=tuple(replace(each, attempt=number) for number, each in enumerate(called, 1)),
        cost_status=draw(st.sampled_from(["actual", "unknown"])),
        latency_ms=draw(st.integers(0, 10**6)) / 7,
    )


corrections = st.tuples(st.integers(0, 30), st.integers(-(10**6), 10**6))


def sum_rows(
    batch: Sequence[Outcome], entries: Sequence[LedgerEntry], question: UsageQuestion
) -> dict[object, UsageSum]:
    """The same answer from the values themselves, one by one."""
    sums: dict[object, dict[str, int]] = {}
    until = question.until_ms if question.until_ms is not None else 2**60
    for each in (*batch, *entries):
        if not question.since_ms <= each.at_ms < until:
            continue
        if not all(value in _names(each, name) for name, value in question.filters.items()):
            continue
        amounts = _amounts(each)
        if amounts is None:
            continue
        keys: list[tuple[str, ...]] = [()]
        for name in question.by:
            keys = [(*key, value) for key in keys for value in _names(each, name)]
        for key in {*keys, "total"}:
            held = sums.setdefault(key, {})
            for name, amount in amounts.items():
                held[name] = held.get(name, 0) + amount
    return {key: UsageSum(**held) for key, held in sums.items()}


def _names(each: Outcome | LedgerEntry, dimension: Dimension) -> set[str]:
    if dimension == "tag":
        return {storable_text(tag) for tag in each.tags if tag} or {""}
    return {storable_text(getattr(each, "key_id" if dimension == "key" else dimension))}


def _amounts(each: Outcome | LedgerEntry) -> dict[str, int] | None:
    if isinstance(each, Outcome):
        if not each.attempts:
            return None if each.failure else {"cached_answers": 1}
        return {
            "calls": 1,
            "failures": int(bool(each.failure)),
            "unknown_cost_calls": int(each.cost_status == "unknown"),
            "latency_us": round(each.latency_ms * 1_000),
        }
    cost = each.cost_nusd or 0
    if each.kind == "possibly_billed":
        return {"possibly_billed_nusd": cost}
    amounts = {"cost_nusd": cost, "estimated_nusd": cost if "estimated" in each.status else 0}
    if each.usage is not None and each.kind == "charge":
        used = each.usage
        amounts |= {name: getattr(used, name) for name in used.__struct_fields__ if name.endswith("_tokens")}
    return amounts


def snapshot_of(connection: Connection) -> list[list[tuple[object, ...]]]:
    """All lines and cells."""
    return [sorted(tuple(row) for row in connection.execute(select(table))) for table in (rollup_cells, rollup_lines)]


questions = st.builds(
    UsageQuestion,
    by=st.lists(st.sampled_from(USAGE_DIMENSIONS), max_size=2, unique=True).map(tuple),
    filters=st.dictionaries(
        st.sampled_from(USAGE_DIMENSIONS), st.sampled_from(["", "a", "small", "cloud", "t", ",", '","']), max_size=2
    ),
    since_ms=st.just(0) | moments.map(lambda at: FIRST_MS + at),
    until_ms=st.none() | moments.map(lambda at: FIRST_MS + at),
)


async def check(
    database: Database, batches: list[list[Outcome]], fixes: list[tuple[int, int]], asked: list[UsageQuestion]
) -> None:
    number = 0
    everything: list[Outcome] = []
    all_entries: list[LedgerEntry] = []
    for place, batch in enumerate(batches):
        named = [replace(outcome, request_id=f"req_{number + place_}") for place_, outcome in enumerate(batch)]
        number += len(batch)
        entries = [entry for outcome in named for entry in list_entries(outcome)]
        further = [
            replace(all_entries[at % len(all_entries)], kind=f"adjust:{place}_{which}", cost_nusd=cost)
            for which, (at, cost) in enumerate(fixes)
            if all_entries and place == len(batches) - 1
        ]

        def write(connection: Connection, named: list[Outcome] = named, further: list[LedgerEntry] = further) -> None:
            book(connection, named, further)

        await database.write_in_thread(write)
        if place % 2:
            await database.write_in_thread(put_together)
        everything += named
        all_entries += [*entries, *further]
    reader = UsageReader(database)
    for question in asked:
        expected = sum_rows(everything, all_entries, question)
        report = await reader.sum_up(question)
        assert report.total == expected.pop("total", UsageSum())
        if question.by:
            assert {group.names: group.sum for group in report.groups} == expected
            costs = [group.sum.cost_nusd for group in report.groups]
            assert costs == sorted(costs, reverse=True)
    found: list[list[list[tuple[object, ...]]]] = []

    def recompute(connection: Connection) -> None:
        connection.execute(insert(rollup_pending), {"cells": 1, "content": encode_cells(LATER)})
        put_together(connection)
        connection.execute(delete(rollup_pending))
        found.append(snapshot_of(connection))
        rebuild(connection)
        found.append(snapshot_of(connection))

    await database.write_in_thread(recompute)
    assert found[0] == found[1]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(outcomes(), max_size=8), min_size=1, max_size=4),
    st.lists(corrections, max_size=3),
    st.lists(questions, max_size=12),
)
def test_any_question_is_answered_as_the_rows_do(
    batches: list[list[Outcome]], fixes: list[tuple[int, int]], asked: list[UsageQuestion]
) -> None:
    async def run(folder: str) -> None:
        database = await open_database(f"sqlite:///{folder}/pointsman.db")
        try:
            await check(database, batches, fixes, asked)
        finally:
            await database.close()

    with TemporaryDirectory() as folder:
        asyncio.run(run(folder))


@settings(deadline=None, max_examples=6)
@given(
    st.lists(st.lists(outcomes(), max_size=8), min_size=1, max_size=4),
    st.lists(corrections, max_size=3),
    st.lists(questions, max_size=12),
)
def test_postgresql_answers_likewise(
    batches: list[list[Outcome]], fixes: list[tuple[int, int]], asked: list[UsageQuestion]
) -> None:
    async def run(url: str) -> None:
        database = await open_database(url)
        try:
            await check(database, batches, fixes, asked)
        finally:
            await database.close()

    with new_database() as url:
        asyncio.run(run(url))


def test_what_was_noted_is_added_before_it_takes_long_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollups, "MOST_NOTES", 4)

    async def run() -> list[int]:
        database = await open_database(f"sqlite:///{tmp_path}/pointsman.db")
        counts: list[int] = []

        def write(connection: Connection, number: int) -> None:
            book(connection, [replace(EXAMPLE, request_id=f"req_{number}")])
            counts.append(len(connection.execute(select(rollups.rollup_pending)).all()))

        for number in range(8):
            await database.write_in_thread(lambda connection, number=number: write(connection, number))
        report = await UsageReader(database).usage_by(["agent"])
        assert report.total.calls == 8
        await database.close()
        return counts

    assert asyncio.run(run()) == [1, 2, 3, 4, 1, 2, 3, 4]
