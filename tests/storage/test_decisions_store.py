"""Records are kept for their time and no longer, none is lost in silence, and no usage row depends on one."""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

import msgspec
import pytest

from both_databases import read_stored
from pointsman.control.decision_retention import prune_decisions
from pointsman.control.replay import follow_configuration
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.record import Settled
from pointsman.storage import decisions_store
from pointsman.storage.database import Database, open_database
from pointsman.storage.decisions_store import DecisionsStore
from pointsman.storage.decisions_writer import DecisionsWriter, WriterLimits
from storage.settled_examples import AT_MS, ENVIRON, draw_loaded, settle

Work = Callable[[Database, DecisionsStore], Awaitable[None]]

HOUR_MS = 3_600_000
KEPT_S = 7_200


def use(url: str, work: Work) -> None:
    async def run() -> None:
        database = await open_database(url)
        store = DecisionsStore(database)
        store.start()
        try:
            await work(database, store)
            await store.drain()
        finally:
            await database.close()

    asyncio.run(run())


def count(url: str, table: str) -> int:
    ((found,),) = read_stored(url, f"SELECT count(*) FROM {table}")
    return int(found)


def make_calls(seed: int, numbers: range, at_ms: int, store: DecisionsStore) -> list[Settled]:
    """Calls under a configuration of their own that has just come into force."""
    loaded = draw_loaded(Random(seed), seed)
    assert loaded.snapshot is not None
    follow_configuration(store.follow, loaded, ENVIRON)
    return [settle(loaded.snapshot, Facts("agent:writer", tokens=number), {}, number, at_ms) for number in numbers]


def test_hour_after_hour_the_tables_stay_as_large_as_what_is_kept(database_url: str) -> None:
    sizes: list[tuple[int, int]] = []

    async def live_for_ten_hours(_database: Database, store: DecisionsStore) -> None:
        for hour in range(10):
            now_ms = AT_MS + hour * HOUR_MS
            for settled in make_calls(hour, range(hour * 100, hour * 100 + 100), now_ms, store):
                store.add(settled)
            await store.find(f"req_{hour * 100 + 99}", 0)
            await prune_decisions(store, KEPT_S, now_ms + 1)
            sizes.append((count(database_url, "decisions"), count(database_url, "decision_configurations")))

    use(database_url, live_for_ten_hours)
    assert sizes == [(100, 1), *[(200, 2)] * 9]


def test_much_is_dropped_in_small_steps(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decisions_store, "ROWS_PER_PRUNING", 30)
    steps: list[int] = []

    async def drop(_database: Database, store: DecisionsStore) -> None:
        for settled in make_calls(1, range(100), AT_MS, store):
            store.add(settled)
        for settled in make_calls(2, range(100, 110), AT_MS + HOUR_MS, store):
            store.add(settled)
        await store.find("req_109", 0)
        while True:
            has_more = await store.prune(AT_MS + 1)
            steps.append(count(database_url, "decisions"))
            if not has_more:
                break

    use(database_url, drop)
    assert steps == [80, 50, 20, 10]
    assert count(database_url, "decision_configurations") == 1


def test_a_configuration_stays_as_long_as_the_last_decision_of_it(database_url: str) -> None:
    async def decide_early_and_late(_database: Database, store: DecisionsStore) -> None:
        early, late = make_calls(1, range(2), AT_MS, store)
        late = msgspec.structs.replace(late, outcome=msgspec.structs.replace(late.outcome, at_ms=AT_MS + HOUR_MS))
        # The one that arrived first ends last.
        store.add(late)
        await store.find("req_1", 0)
        store.add(early)
        await store.find("req_0", 0)
        await prune_decisions(store, 1, AT_MS + 2_000)
        assert await store.find("req_0", 0) is None
        row = await store.find("req_1", 0)
        assert row is not None and row.configuration is not None
        assert await store.read_configuration(row.configuration) is not None

    use(database_url, decide_early_and_late)


def test_what_is_too_old_is_gone_before_it_is_dropped(database_url: str) -> None:
    async def look(_database: Database, store: DecisionsStore) -> None:
        (settled,) = make_calls(1, range(1), AT_MS, store)
        store.add(settled)
        assert await store.find("req_0", AT_MS) is not None
        assert await store.find("req_0", AT_MS + 1) is None
        assert await store.list_decisions(10, AT_MS + 1) == []
        assert len(await store.list_decisions(10, AT_MS)) == 1

    use(database_url, look)


def test_either_id_finds_it_and_a_repeated_one_the_newest(database_url: str) -> None:
    async def look(_database: Database, store: DecisionsStore) -> None:
        for settled in make_calls(1, range(3), AT_MS, store):
            store.add(msgspec.structs.replace(settled, shown_id="mine"))
        found = await store.find("mine", 0)
        assert found is not None and (found.request_id, found.shown_id) == ("req_2", "mine")
        first = await store.find("req_0", 0)
        assert first is not None and first.seq == 1

    use(database_url, look)


def test_a_call_is_found_at_once_though_it_is_not_written_yet(database_url: str) -> None:
    async def look(_database: Database, store: DecisionsStore) -> None:
        for settled in make_calls(1, range(1_200), AT_MS, store):
            store.add(settled)
        assert await store.find("req_1199", 0) is not None

    use(database_url, look)


def test_a_record_that_cannot_be_kept_costs_itself_alone(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    writers: list[DecisionsWriter] = []

    async def write() -> None:
        database = await open_database(database_url)
        writer = DecisionsWriter(database, WriterLimits(interval_ms=1, most_waiting_rows=50))
        writers.append(writer)
        loaded = draw_loaded(Random(1), 0)
        assert loaded.snapshot is not None
        for number in range(60):
            given = {"task.type": "\ud800"} if number == 7 else {"task.type": "x" * (2**20 if number == 9 else 1)}
            facts = Facts("agent:writer", given=dict(given))
            writer.add(msgspec.structs.replace(settle(loaded.snapshot, Facts("agent:writer"), {}, number), facts=facts))
        writer.start()
        await writer.drain()
        await database.close()

    asyncio.run(write())
    assert (writers[0].written_rows, writers[0].lost_rows) == (48, 12)
    assert count(database_url, "decisions") == 48
    assert "request 'req_7' cannot be stored: UnicodeEncodeError" in caplog.text
    assert "request 'req_9' cannot be stored: ValueError: its record would have" in caplog.text
    assert "10 decision record(s) were lost while the database did not keep up" in caplog.text


def test_paging_goes_back_through_all_of_one_caller(database_url: str) -> None:
    async def look(_database: Database, store: DecisionsStore) -> None:
        for number, settled in enumerate(make_calls(1, range(50), AT_MS, store)):
            target = "agent:writer" if number % 2 else "agent:reader"
            store.add(settle(settled.snapshot, Facts(target), {}, number))
        await store.find("req_49", 0)
        found: list[str] = []
        before = None
        while page := await store.list_decisions(7, 0, before, "reader"):
            found += [row.request_id for row in page]
            before = page[-1].seq
        assert found == [f"req_{number}" for number in range(48, -1, -2)]
        with pytest.raises(ValueError, match="1 to 200"):
            await store.list_decisions(201, 0)

    use(database_url, look)
