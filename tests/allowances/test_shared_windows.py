"""The port `AllowanceStore` about windows: the same for both stores."""

import asyncio
from collections.abc import Iterator

import pytest
from shared_money import DAY_MS, START_MS, Where, entry, key, open_replica, rolling, serve, share

from pointsman.core.money_ports import Granted, Share, WindowState
from pointsman.valkey.store import LimitTooLarge


@pytest.fixture(params=["postgresql", "valkey"])
def where(request: pytest.FixtureRequest) -> Iterator[Where]:
    with serve(request.param) as servers:
        yield servers


def test_a_wish_is_granted_as_far_as_there_is_some_and_never_less_than_is_of_use(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            assert await a.store.acquire([share(wish=700)]) == [Granted(700, WindowState(0, 700))]
            assert await b.store.acquire([share(least=301, wish=900)]) == [Granted(0, WindowState(0, 700))]
            assert await b.store.acquire([share(least=300, wish=900)]) == [Granted(300, WindowState(0, 1_000))]
            assert await a.store.acquire([share()]) == [Granted(0, WindowState(0, 1_000))]
            await b.store.give_back({key(share()): 250})
            assert await a.store.read([share()]) == [WindowState(0, 750)]
            # More than one has cannot be given back for another one.
            await b.store.give_back({key(share()): 500})
            assert await a.store.read([share()]) == [WindowState(0, 700)]

    asyncio.run(check())


def test_each_of_several_wishes_is_granted_by_itself(where: Where) -> None:
    async def check() -> None:
        users = [share(("user", name, "day", "UTC"), limit=limit) for name, limit in (("x", 50), ("y", 0), ("z", 500))]
        async with open_replica(where, "a") as a:
            granted = await a.store.acquire([*reversed(users), share()])
            assert [each.amount for each in granted] == [100, 0, 50, 100]
            # Two limits over one window: the second one sees what the first one took.
            both = await a.store.acquire([share(limit=250, wish=150), share(limit=300, wish=150)])
            assert [each.amount for each in both] == [150, 50]

    asyncio.run(check())


def test_a_window_is_opened_with_what_the_ledger_has_for_it(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a") as a:
            await a.book(
                [
                    entry("1", 100),
                    entry("2", 30, team="beta", tags=("one",), location="local"),
                    entry("3", None),
                    entry("4", 999, kind="possibly_billed"),
                    entry("5", -20, kind="adjust:1"),
                    entry("6", 7, at_ms=START_MS - 1),
                    entry("7", 7, at_ms=START_MS + DAY_MS),
                ]
            )
            expected = {
                ("total", ""): 110,
                ("cloud", ""): 80,
                ("provider", "cloudy"): 110,
                ("model", "large"): 110,
                ("team", "alpha"): 80,
                ("team", "beta"): 30,
                ("tag", "one"): 110,
                ("tag", "two"): 80,
                ("user", "nobody"): 0,
            }
            wanted = [share((*scope, "day", "UTC")) for scope in expected]  # type: ignore[arg-type]
            assert [state.spent for state in await a.store.read(wanted)] == list(expected.values())

    asyncio.run(check())


def test_what_is_booked_moves_from_the_part_of_whoever_spent_it(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            await a.store.acquire([share(wish=400)])
            await b.store.acquire([share(wish=300)])
            await a.book([entry("1", 100), entry("2", 50)])
            assert await b.store.read([share()]) == [WindowState(150, 550)]
            # What was there already is not counted again.
            await a.book([entry("1", 100), entry("3", 10)])
            assert await b.store.read([share()]) == [WindowState(160, 540)]
            # Nobody else's part is touched by what goes beyond one's own.
            await a.book([entry("4", 500)])
            assert await b.store.read([share()]) == [WindowState(660, 300)]
            # What a correction gives back is free for all.
            await b.book([entry("4", -500, kind="adjust:1")])
            assert await b.store.read([share()]) == [WindowState(160, 300)]
            assert (await a.store.acquire([share(wish=999)]))[0].amount == 540

    asyncio.run(check())


def test_an_entry_counts_in_every_shared_window_that_it_is_in(where: Where) -> None:
    async def check() -> None:
        scopes = [("total", ""), ("cloud", ""), ("tag", "one"), ("tag", "two"), ("model", "large"), ("team", "alpha")]
        wanted = [share((*scope, window, "UTC")) for scope in scopes for window in ("day", "week")]  # type: ignore[arg-type]
        late = Share(
            ("team", "alpha", "day", "Asia/Tokyo"), START_MS + DAY_MS * 3 // 4, START_MS + 2 * DAY_MS, 0, 9, 1, 1
        )
        late = Share(late.account, late.start_ms, late.end_ms, late.start_ms, 9, 1, 1)
        async with open_replica(where, "a") as a:
            assert {state.spent for state in await a.store.read([*wanted, late])} == {0}
            await a.book([entry("1", 5), entry("2", 6, at_ms=START_MS)])
            assert [state.spent for state in await a.store.read([*wanted, late])] == [11] * len(wanted) + [0]

    asyncio.run(check())


def test_a_rolling_limit_counts_all_steps_that_its_window_covers(where: Where) -> None:
    async def check() -> None:
        hour_ms = 3_600_000
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            await a.book([entry("0", 111, at_ms=START_MS - 2 * hour_ms), entry("1", 10, at_ms=START_MS - hour_ms)])
            assert await a.store.acquire([rolling(0, wish=200)]) == [Granted(200, WindowState(121, 200))]
            # Two hours on, the oldest two steps are out of it.
            assert await b.store.read([rolling(1)]) == [WindowState(10, 200)]
            assert await b.store.acquire([rolling(2, wish=900)]) == [Granted(800, WindowState(0, 1_000))]
            # Whoever is behind does not take what those ahead were given.
            assert (await a.store.acquire([rolling(1, wish=900)]))[0].amount == 0
            await a.book([entry("2", 150, at_ms=START_MS)])
            assert await b.store.read([rolling(2)]) == [WindowState(150, 850)]
            assert await b.store.read([rolling(3)]) == [WindowState(0, 800)]

    asyncio.run(check())


def test_only_what_redis_can_compute_with_is_taken() -> None:
    async def check(where: Where) -> None:
        async with open_replica(where, "a") as a:
            with pytest.raises(LimitTooLarge, match="hard_budget"):
                await a.store.acquire([share(limit=9 * 10**15 + 1)])
            granted = await a.store.acquire([share(limit=9 * 10**15, wish=9 * 10**15 - 1)])
            assert granted == [Granted(9 * 10**15 - 1, WindowState(0, 9 * 10**15 - 1))]
            assert (await a.store.acquire([share(limit=9 * 10**15, wish=5)]))[0].amount == 1

    with serve("valkey") as where:
        asyncio.run(check(where))
