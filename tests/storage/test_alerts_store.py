"""The outbox of alerts on both databases: noted once, held by one at a time, told once, seen by whoever was first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from both_databases import database_url as database_url
from both_databases import read_stored
from pointsman.core.limits.alerts import Alert, NewAlert
from pointsman.core.tenant_ports import ChangeNote
from pointsman.storage.alerts_store import AlertsStore, AlertsWanted
from pointsman.storage.database import open_database

NEW = NewAlert("budget_threshold_warnings", "team", "team:red", "day", "UTC", "deny", 0, 86_400_000, 500_000, 10, 5)
OTHERS = [replace(NEW, share=share) for share in (800_000, 950_000, 1_000_000)]
ALL = AlertsWanted(200)


def use(url: str, work: Callable[[AlertsStore], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await open_database(url)
        try:
            await work(AlertsStore(database))
        finally:
            await database.close()

    asyncio.run(run())


def test_the_same_share_of_the_same_window_is_noted_once(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        assert await store.add([NEW, *OTHERS], 7) == 4
        # What was spent has changed since, and that is no other alert.
        assert await store.add([replace(NEW, spent_nusd=9), replace(NEW, limit_nusd=20)], 8) == 0
        assert await store.add([replace(NEW, start_ms=86_400_000), replace(NEW, scope="team:blue")], 9) == 2
        stored = await store.list_newest(ALL)
        assert len(stored) == 6
        assert next(one for one in stored if one.what == NEW) == Alert(
            next(one.id for one in stored if one.what == NEW), NEW, 7
        )

    use(database_url, work)


def test_replicas_that_notice_the_same_at_once_note_it_once(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        counts = await asyncio.gather(*(store.add([*OTHERS, NEW], 7) for _ in range(8)))
        assert sum(counts) == 4

    use(database_url, work)


def test_one_that_is_held_is_given_to_nobody_else_until_the_lease_ends(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        await store.add([NEW, *OTHERS], 0)
        first = await store.claim("a", 10, 1_000, 3)
        assert [one.tries for one in first] == [0, 0, 0]
        rest = await store.claim("b", 10, 1_000, 3)
        assert len(rest) == 1 and {one.id for one in first}.isdisjoint(one.id for one in rest)
        assert await store.claim("b", 1_009, 1_000, 3) == []
        await store.note_told(first[0].id, "a", 500)
        await store.put_off(first[1].id, "a", 5_000)
        await store.give_up(first[2].id, "a", 600)
        again = await store.claim("c", 1_010, 1_000, 9)
        assert [(one.id, one.tries) for one in again] == [(rest[0].id, 1)]
        # Who has lost its hold puts nothing off any more.
        await store.put_off(rest[0].id, "b", 9_000_000)
        assert {one.id for one in await store.claim("d", 5_000, 1_000, 9)} == {first[1].id, rest[0].id}

    use(database_url, work)


def test_no_two_of_many_claims_at_once_get_the_same(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        await store.add([replace(NEW, start_ms=start) for start in range(40)], 0)
        held = await asyncio.gather(*(store.claim(f"r{each}", 10, 1_000, 10) for each in range(6)))
        ids = [one.id for those in held for one in those]
        assert len(ids) == len(set(ids))

    use(database_url, work)


def test_who_was_first_has_seen_it_and_that_is_on_record(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        await store.add([NEW, *OTHERS], 0)
        one = (await store.list_newest(ALL))[0]
        assert await store.acknowledge(10**15, ChangeNote("ada", 5, "")) is None
        seen = await store.acknowledge(one.id, ChangeNote("ada", 5, "raised"))
        assert seen is not None and (seen.acknowledged_at_ms, seen.acknowledged_by) == (5, "ada")
        assert await store.acknowledge(one.id, ChangeNote("bob", 6, "")) == seen
        assert await store.list_newest(AlertsWanted(200, is_open=False)) == [seen]
        assert len(await store.list_newest(AlertsWanted(200, is_open=True))) == 3
        assert await store.list_newest(AlertsWanted(2, before=one.id)) == (await store.list_newest(ALL))[1:3]
        assert await store.list_newest(AlertsWanted(2, budget="other")) == []

    use(database_url, work)
    rows = read_stored(database_url, "SELECT author, action, reason FROM audit")
    assert rows == [("ada", "acknowledge", "raised")]


def test_old_ones_go_and_so_do_the_oldest_of_too_many(database_url: str) -> None:
    async def work(store: AlertsStore) -> None:
        for start in range(6):
            await store.add([replace(NEW, start_ms=start)], start)
        await store.prune(2, 100)
        assert [one.what.start_ms for one in await store.list_newest(ALL)] == [5, 4, 3, 2]
        await store.prune(0, 3)
        assert [one.what.start_ms for one in await store.list_newest(ALL)] == [5, 4, 3]
        await store.prune(0, 3)
        assert len(await store.list_newest(ALL)) == 3

    use(database_url, work)


@pytest.mark.parametrize("name", ["x" * 10_000, "nul\0 and \ud800 surrogate", "snow ☃"])
def test_any_name_can_be_kept_and_found(database_url: str, name: str) -> None:
    async def work(store: AlertsStore) -> None:
        assert await store.add([replace(NEW, budget=name)], 0) == 1
        assert await store.add([replace(NEW, budget=name)], 0) == 0
        assert len(await store.list_newest(AlertsWanted(5, budget=name))) == 1

    use(database_url, work)
