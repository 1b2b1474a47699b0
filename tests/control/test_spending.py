"""The tally is what the rows add up to: while it runs, after a restart, and for a budget that is added later."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from spending_books import CLOUD, DAY_MS, NOW, OTHER_CLOUD, USD, Books, put_charge, run_gateway, spend, write_snapshot

from pointsman.control import spending as spending_module
from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.windows import find_window
from pointsman.core.routing.money_facts import MoneyFacts, Payer
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage.database import open_database
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.usage_writer import UsageWriter

HOUR_MS = 3_600_000

EVERY_KIND = write_snapshot(
    "scope: total, window: month, limit: 1000, time_zone: Pacific/Auckland",
    "scope: cloud, window: day, limit: 100, time_zone: America/St_Johns",
    "scope: 'provider:openai', window: week, limit: 100",
    "scope: 'model:small', window: hour, limit: 100, time_zone: Asia/Kathmandu",
    "scope: 'agent:writer', window: day, limit: 100",
    "scope: 'interaction:chat', window: month, limit: 100",
    "scope: 'team:red', window: day, limit: 100, time_zone: Europe/London",
    "scope: 'user:ada', window: day, limit: 100",
    "scope: 'key:key_1', window: week, limit: 100, time_zone: Asia/Tokyo",
    "scope: 'tag:nightly', window: day, limit: 100",
    "scope: 'session:s1', window: day, limit: 100",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "pointsman.db"


def _read(spending: Spending, now_ms: int = NOW) -> dict[str, int]:
    """What each tally says, by scope, window and zone."""
    by_id = spending._index.tallies.by_id
    return {" ".join(tally_id): tally.read(now_ms) for tally_id, tally in by_id.items()}


def _look(path: Path, snapshot: Snapshot, now_ms: int = NOW, **caller: object) -> MoneyFacts:
    """What a gateway that just started says."""

    async def look(books: Books) -> MoneyFacts:
        await books.spending.follow(snapshot, now_ms)
        return books.spending.look(now_ms, Payer(**caller))

    return run_gateway(path, look)


def _read_after_restart(path: Path, snapshot: Snapshot, now_ms: int = NOW) -> dict[str, int]:
    async def read(books: Books) -> dict[str, int]:
        await books.spending.follow(snapshot, now_ms)
        return _read(books.spending, now_ms)

    return run_gateway(path, read)


def _add_up(outcomes: Iterable[Outcome], snapshot: Snapshot, now_ms: int) -> dict[str, int]:
    """The same sums, from the outcomes one by one."""
    wanted = {("total", "", "day", "UTC"), ("cloud", "", "day", "UTC")}
    for budget in snapshot.budgets:
        wanted |= {
            (budget.scope_kind, budget.scope_name, window, budget.time_zone) for window in (budget.window, "day")
        }
    sums = {}
    for kind, name, window, zone in wanted:
        start_ms, end_ms = find_window(now_ms, window, zone)
        sums[f"{kind} {name} {window} {zone}"] = sum(
            cost_nusd
            for outcome in outcomes
            if start_ms <= outcome.at_ms < end_ms
            for call, cost_nusd in _list_calls(outcome)
            if _counts(call if kind in ("cloud", "provider", "model") else outcome, kind, name)
        )
    return sums


def _list_calls(outcome: Outcome) -> list[tuple[AttemptCharge, int]]:
    """Each upstream call of which the cost is known and counts, and what it cost."""
    return [(one, one.cost_nusd) for one in outcome.charges if one.cost_nusd is not None and one.kind == "charge"]


def _counts(outcome: Outcome | AttemptCharge, kind: str, name: str) -> bool:
    if kind == "tag":
        return isinstance(outcome, Outcome) and name in outcome.tags
    if kind in ("total", "cloud"):
        return kind == "total" or outcome.location == "cloud"
    return getattr(outcome, "key_id" if kind == "key" else kind) == name


PLACES = [CLOUD, OTHER_CLOUD, {"model": "small", "provider": "house", "location": "local"}]

costs = st.none() | st.integers(0, 10**13)

some_charges = st.lists(
    st.builds(
        lambda place, cost_nusd, kind: put_charge(cost_nusd, part="failed", kind=kind, **place),
        st.sampled_from(PLACES),
        costs,
        st.sampled_from(["charge", "charge", "possibly_billed"]),
    ),
    max_size=3,
).map(tuple)


def _build_outcome(
    place: dict[str, object], cost_nusd: int | None, more: tuple[AttemptCharge, ...], fields: dict[str, object]
) -> Outcome:
    return spend(None if cost_nusd is None else cost_nusd / USD, more=more, **place, **fields)


some_outcomes = st.lists(
    st.builds(
        _build_outcome,
        st.sampled_from(PLACES),
        st.none() | st.integers(0, 10**5).map(lambda micros: micros * 1_000),
        some_charges,
        st.fixed_dictionaries(
            {
                "at_ms": st.integers(NOW - 40 * DAY_MS, NOW + DAY_MS)
                | st.integers(NOW - 2 * HOUR_MS, NOW)
                | st.sampled_from([find_window(NOW, "day", zone)[0] for zone in ("UTC", "Asia/Kathmandu")]),
                "agent": st.sampled_from(["", "writer", "reviewer"]),
                "interaction": st.sampled_from(["", "chat"]),
                "team": st.sampled_from(["", "red", "blue"]),
                "user": st.sampled_from(["", "ada", "bob"]),
                "session": st.sampled_from(["", "s1", "s2"]),
                "key_id": st.sampled_from(["key_1", "key_2"]),
                "tags": st.lists(st.sampled_from(["nightly", "other", 'a"b']), max_size=3).map(tuple),
            }
        ),
    ),
    max_size=30,
)


@settings(max_examples=10, deadline=None)
@given(some_outcomes, st.integers(0, 30))
def test_the_tally_is_the_sum_of_the_rows(outcomes: list[Outcome], before: int) -> None:
    """Whether requests were recorded before the budgets came into force or after, and after a restart."""

    async def record(books: Books) -> dict[str, int]:
        await books.spending.follow(write_snapshot(), NOW)
        books.record(*outcomes[:before])
        await books.spending.follow(EVERY_KIND, NOW)
        books.record(*outcomes[before:])
        return _read(books.spending)

    expected = _add_up(outcomes, EVERY_KIND, NOW)
    with TemporaryDirectory() as directory:
        path = Path(directory) / "pointsman.db"
        assert run_gateway(path, record) == expected
        assert _read_after_restart(path, EVERY_KIND) == expected
        later = NOW + 20 * HOUR_MS
        assert _read_after_restart(path, EVERY_KIND, later) == _add_up(outcomes, EVERY_KIND, later)


def test_a_window_that_ends_reads_as_nothing_though_nothing_is_recorded(path: Path) -> None:
    snapshot = write_snapshot("scope: 'user:ada', window: day, limit: 5")
    midnight = find_window(NOW, "day", "UTC")[1]

    async def spend_today(books: Books) -> list[tuple[int, bool]]:
        await books.spending.follow(snapshot, NOW)
        books.record(spend(5, midnight - 1, user="ada"))
        moments = (midnight - 1, midnight, midnight + DAY_MS, midnight - 1)
        facts = [books.spending.look(now, Payer(user="ada")) for now in moments]
        return [(one.daily_cost_nusd, one.cost_limit_reached) for one in facts]

    used_up, nothing = (5 * USD, True), (0, False)
    assert run_gateway(path, spend_today) == [used_up, nothing, nothing, used_up]


def test_a_request_counts_on_the_day_that_it_came(path: Path) -> None:
    snapshot = write_snapshot("scope: total, window: day, limit: 5")
    midnight = find_window(NOW, "day", "UTC")[1]

    async def end_late(books: Books) -> int:
        await books.spending.follow(snapshot, NOW)
        books.record(spend(1, midnight), spend(2, midnight - 1))
        return books.spending.look(midnight).daily_cost_nusd

    assert run_gateway(path, end_late) == 1 * USD
    assert _look(path, snapshot, midnight).daily_cost_nusd == 1 * USD
    assert _look(path, snapshot, midnight - 1).daily_cost_nusd == 2 * USD


def test_a_limit_that_is_changed_counts_what_was_spent_before(path: Path) -> None:
    async def change(books: Books) -> list[MoneyFacts]:
        found = []
        await books.spending.follow(write_snapshot("scope: 'team:red', window: day, limit: 10"), NOW)
        books.record(spend(6, team="red"))
        for limit in (10, 6, 7, 100):
            await books.spending.follow(write_snapshot(f"scope: 'team:red', window: day, limit: {limit}"), NOW)
            found.append(books.spending.look(NOW, Payer(team="red")))
        return found

    found = run_gateway(path, change)
    assert [facts.daily_cost_nusd for facts in found] == [6 * USD] * 4
    assert [facts.budget_nusd for facts in found] == [10 * USD, 6 * USD, 7 * USD, 100 * USD]
    assert [facts.cost_limit_reached for facts in found] == [False, True, False, False]
    assert [facts.budget_mode for facts in found] == [False, True, True, False]


def test_a_budget_that_comes_back_counts_what_was_spent_while_it_was_gone(path: Path) -> None:
    async def go_and_come(books: Books) -> list[int]:
        found = []
        for limit in (10, None, 10):
            budgets = [f"scope: 'agent:writer', window: month, limit: {limit}"] if limit else []
            await books.spending.follow(write_snapshot(*budgets), NOW)
            books.record(spend(1.5, agent="writer"))
            found.append(books.spending.look(NOW, Payer(agent="writer")).daily_cost_nusd)
        return found

    assert run_gateway(path, go_and_come) == [round(1.5 * USD), 3 * USD, round(4.5 * USD)]


def test_a_new_budget_counts_each_request_once_while_others_end(path: Path) -> None:
    """Its sums are read while rows still wait for the writer and further requests end."""

    async def add_budget(books: Books) -> int:
        await books.spending.follow(write_snapshot(), NOW)
        books.record(*(spend(1, user="ada") for _ in range(500)))
        following = asyncio.create_task(books.spending.follow(EVERY_KIND, NOW))
        count = 500
        while not following.done():
            books.record(spend(1, user="ada"))
            count += 1
            await asyncio.sleep(0)
        await following
        assert count > 501
        assert books.spending.look(NOW, Payer(user="ada")).daily_cost_nusd == count * USD
        return count

    count = run_gateway(path, add_budget, interval_ms=30)
    assert _look(path, EVERY_KIND, user="ada").daily_cost_nusd == count * USD


def test_changes_that_overlap_take_effect_in_their_order(path: Path) -> None:
    async def change(books: Books) -> int | None:
        budgets = [write_snapshot(f"scope: total, window: day, limit: {limit}") for limit in range(1, 6)]
        await asyncio.gather(*(books.spending.follow(snapshot, NOW) for snapshot in budgets))
        return books.spending.look(NOW).budget_nusd

    assert run_gateway(path, change) == 5 * USD


def test_an_unknown_cost_is_counted_as_such(path: Path) -> None:
    async def record(books: Books) -> tuple[int, int]:
        await books.spending.follow(EVERY_KIND, NOW)
        books.record(spend(None, user="ada"), spend(0, user="ada"), spend(2, user="ada"))
        return books.spending.unknown_costs, books.spending.look(NOW, Payer(user="ada")).daily_cost_nusd

    assert run_gateway(path, record) == (1, 2 * USD)


def test_when_the_store_fails_the_former_budgets_stay_and_the_call_can_be_repeated(path: Path) -> None:
    async def fail(books: Books) -> list[MoneyFacts]:
        await books.spending.follow(write_snapshot("scope: total, window: day, limit: 5"), NOW)
        books.record(spend(1, user="ada"))
        await books.writer.drain()
        await asyncio.to_thread(_rename_table, path, "usage", "hidden")
        with pytest.raises(Exception, match="no such table: usage"):
            await books.spending.follow(EVERY_KIND, NOW)
        found = [books.spending.look(NOW, Payer(user="ada"))]
        await asyncio.to_thread(_rename_table, path, "hidden", "usage")
        await books.spending.follow(EVERY_KIND, NOW)
        return [*found, books.spending.look(NOW, Payer(user="ada"))]

    before, after = run_gateway(path, fail)
    assert (before.daily_cost_nusd, before.budget_nusd) == (1 * USD, 5 * USD)
    assert (after.daily_cost_nusd, after.budget_nusd) == (1 * USD, 100 * USD)


def _rename_table(path: Path, name: str, other: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"ALTER TABLE {name} RENAME TO {other}")


def test_rows_that_never_come_are_not_waited_for_for_ever(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def lose_a_row() -> int:
        database = await open_database(f"sqlite:///{path}")
        writer, spending = UsageWriter(database), Spending(SpendingReader(database), longest_wait_ms=40)
        stored = spend(2, user="ada")
        writer.start()
        writer.add(stored)
        await writer.drain()
        spending.record(stored)
        spending.record(spend(3, user="ada"))
        await spending.follow(EVERY_KIND, NOW)
        await database.close()
        return spending.look(NOW, Payer(user="ada")).daily_cost_nusd

    with caplog.at_level(logging.WARNING, spending_module.__name__):
        assert asyncio.run(lose_a_row()) == 2 * USD
    assert "usage rows are late" in caplog.text


def test_a_request_that_comes_twice_as_a_row_counts_once_after_a_restart(path: Path) -> None:
    twice = spend(1, user="ada")

    async def record(books: Books) -> None:
        await books.spending.follow(EVERY_KIND, NOW)
        books.record(twice)
        books.writer.add(replace(twice, cost_nusd=5))

    run_gateway(path, record)
    assert _look(path, EVERY_KIND, user="ada").daily_cost_nusd == 1 * USD


ROLLING = write_snapshot(
    "scope: total, window: rolling_hour, limit: 10",
    "scope: 'user:*', window: rolling_day, limit: 10",
    "scope: 'session:*', window: day, limit: 10",
)


def test_rolling_windows_and_those_of_each_name_are_exact_after_a_restart(path: Path) -> None:
    async def record(books: Books) -> list[int]:
        await books.spending.follow(ROLLING, NOW)
        books.record(
            spend(1, NOW, user="ada", session="one"),
            spend(2, NOW - HOUR_MS + 60_000, user="bob"),
            spend(3, NOW - 2 * HOUR_MS, user="ada", session="one"),
            spend(4, NOW - 25 * HOUR_MS, user="ada"),
        )
        return _list_left(books.spending)

    async def read(books: Books) -> list[int]:
        await books.spending.follow(ROLLING, NOW)
        return _list_left(books.spending)

    expected = [(10 - 3) * USD, (10 - 4) * USD, (10 - 2) * USD, 10 * USD, (10 - 4) * USD]
    assert run_gateway(path, record) == expected
    assert run_gateway(path, read) == expected


def _list_left(spending: Spending) -> list[int]:
    """What is left of all, of two users that have spent and one that has not, and of a session."""
    left = []
    for payer in (Payer(), Payer(user="ada"), Payer(user="bob"), Payer(user="eve"), Payer(session="one")):
        answer = spending.hold(Claim(payer, Place("small", "house", "local"), NOW, 0, 11 * USD, 0))
        assert isinstance(answer, Shortage)
        left.append(answer.left)
    return left
