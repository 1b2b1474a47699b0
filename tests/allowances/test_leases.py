"""Leases: what a dead replica held stays counted until it is back or forgotten, and its open calls are booked once."""

import asyncio
from collections.abc import Iterator

import pytest
from shared_money import START_MS, Where, entry, key, open_replica, serve, share

from pointsman.core.money_ports import ReplicaForgotten, WindowState
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.ledger_entry import list_entries
from pointsman.core.routing.outcome import CRASHED
from pointsman.storage.allowances.fold import SharedSpending
from pointsman.storage.allowances.open_calls import ListedCall, SharedOpenCalls

PRICES = PriceTable(1_000_000, 4_000_000, 1_000_000, "test")


@pytest.fixture(params=["postgresql", "valkey"])
def where(request: pytest.FixtureRequest) -> Iterator[Where]:
    with serve(request.param) as servers:
        yield servers


def admit(request_id: str, attempt: int = 1) -> Admitted:
    """A call of team alpha that is about to be made."""
    return Admitted(
        *(request_id, attempt, START_MS, "", "", "", "alpha", "", "", ("one",), "", "", "r1", "chat", False, "low"),
        *("large", "cloudy", "large-1", "cloud", 10, 500, PRICES),
    )


def test_parts_of_a_dead_replica_stay_counted_until_it_is_back_after_its_journal(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "b") as b:
            async with open_replica(where, "a", lease_ms=1) as a:
                await a.store.acquire([share(wish=600)])
            assert "a" not in await b.others.list_live()
            assert await b.store.read([share()]) == [WindowState(0, 600)]
            async with open_replica(where, "a") as again:
                # What it finds in its journal is spent from the parts that it still has.
                await again.book([entry("1", 250)])
                state = (await b.store.read([share()]))[0]
                assert state.spent == 250
                await (again.valkey or again.postgres).come_back()
                assert await b.store.read([share()]) == [WindowState(250, 0)]

    asyncio.run(check())


def test_a_lease_that_had_ended_begins_again_with_all_parts(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a", lease_ms=1) as a, open_replica(where, "b") as b:
            await a.store.acquire([share(wish=600)])
            await asyncio.sleep(0.01)
            assert await a.others.list_live() == ["b"]
            assert await a.store.renew()
            await a.store.give_back({key(share()): 100})
            assert await b.store.read([share()]) == [WindowState(0, 500)]

    asyncio.run(check())


def test_a_forgotten_replica_holds_nothing_and_joins_anew(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            await a.store.acquire([share(wish=600)])
            assert await b.others.forget_node("a")
            assert not await b.others.forget_node("a")
            if b.valkey is not None:
                await b.valkey.forget_node("a")
            assert await b.store.read([share()]) == [WindowState(0, 0)]
            with pytest.raises(ReplicaForgotten):
                await a.store.acquire([share()])
            assert not await a.store.renew()
            await a.join()
            assert (await a.store.acquire([share()]))[0].amount == 100

    asyncio.run(check())


def test_open_calls_of_a_dead_replica_are_booked_once_from_its_own_parts() -> None:
    async def check(where: Where) -> None:
        async with open_replica(where, "b") as b:
            async with open_replica(where, "a", lease_ms=1) as a:
                await a.store.acquire([share(wish=600)])
                listed = SharedOpenCalls(a.connections, "a")
                await listed.note_open(
                    [ListedCall(admit("1"), True), ListedCall(admit("2"), False), ListedCall(admit("4"), True)]
                )
                # How far it is, and a second call of the same request beside it.
                await listed.note_open([ListedCall(admit("1"), True, 80), ListedCall(admit("1", 2), True)])
                await listed.note_closed(["4"])
            others = SharedOpenCalls(b.connections, "b"), SharedOpenCalls(b.connections, "b")
            found = [orphan for reaped in await asyncio.gather(*(each.reap() for each in others)) for orphan in reaped]
            assert sorted(orphan.outcome.request_id for orphan in found) == ["1", "2"]
            assert {orphan.node for orphan in found} == {"a"}
            costs = {orphan.outcome.request_id: orphan.outcome.cost_nusd for orphan in found}
            assert costs == {"1": 10 + 20 * 4 + 10, "2": 0}
            owners = {orphan.outcome.request_id: orphan.node for orphan in found}
            entries = [each for orphan in found for each in list_entries(orphan.outcome, 1)]
            assert {each.failure for each in entries} == {CRASHED}
            await b.store.acquire([share(wish=300)])
            await b.book(entries, owners)
            await b.book(entries, owners)
            assert await b.store.read([share()]) == [WindowState(100, 800)]
            assert await others[0].reap() == []
            await others[0].note_closed(list(owners))
            parts = {replica.node: (replica.parts, replica.open_calls) for replica in await b.others.list_all()}
            assert parts == {"a": (1, 0), "b": (1, 0)}

    with serve("postgresql") as where:
        asyncio.run(check(where))


def test_calls_that_were_taken_and_not_booked_are_taken_again() -> None:
    async def check(where: Where) -> None:
        async with open_replica(where, "a", lease_ms=1) as a:
            await SharedOpenCalls(a.connections, "a").note_open([ListedCall(admit("1"), True)])
            await asyncio.sleep(0.01)
            reaper = SharedOpenCalls(a.connections, "b", lease_ms=1)
            assert len(await reaper.reap()) == 1
            await asyncio.sleep(0.01)
            assert len(await reaper.reap()) == 1

    with serve("postgresql") as where:
        asyncio.run(check(where))


def test_what_counts_no_more_is_dropped_and_what_does_is_not() -> None:
    async def check(where: Where) -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b", lease_ms=1):
            await a.store.acquire([share()])
            old = share(("team", "old", "day", "UTC"))
            await a.store.read([old])
            await a.others.clean_up()
            assert await a.others.list_live() == ["a"]
            count = await a.connections.ask(
                lambda connection: connection.fetch("SELECT count(*) AS n FROM allowance_windows")
            )
            # All of these are long over: parts go first, and windows that nobody has a part of.
            assert count[0]["n"] == 0
            assert await a.store.read([share()]) == [WindowState(0, 0)]

    with serve("postgresql") as where:
        asyncio.run(check(where))


def test_the_writer_tells_what_its_last_transaction_moved() -> None:
    async def check(where: Where) -> None:
        async with open_replica(where, "a") as a:
            await a.store.acquire([share(wish=600)])
            fold = SharedSpending("a")
            await a.database.write_in_thread(lambda connection: fold(connection, [entry("1", 70)]))
            (moved,) = fold.take_moved(["1"])
            assert (moved.account, moved.spent, moved.taken) == (share().account, 70, 70)
            assert fold.take_moved([]) == ()
            assert await a.store.read([share()]) == [WindowState(70, 530)]

    with serve("postgresql") as where:
        asyncio.run(check(where))
