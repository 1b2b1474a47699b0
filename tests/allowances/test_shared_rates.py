"""The port `AllowanceStore` about rates and calls at the same time: the same for both stores."""

import asyncio
import time
from collections.abc import Iterator
from itertools import accumulate

import pytest
from shared_money import Where, open_replica, serve

from pointsman.core.limits.shared_rates import find_burst, find_lateness_ms
from pointsman.core.money_ports import RateWish, ReplicaForgotten


@pytest.fixture(params=["postgresql", "valkey"])
def where(request: pytest.FixtureRequest) -> Iterator[Where]:
    with serve(request.param) as servers:
        yield servers


@pytest.mark.parametrize("limit", [6, 60, 6_000])
def test_no_interval_sees_more_than_its_burst_and_rate_however_late_permits_are_used(where: Where, limit: int) -> None:
    wish = RateWish("all", "requests", limit, 1, max(1, limit // 100))
    taken: list[tuple[float, float, int]] = []

    async def take(node: str, ends_s: float) -> None:
        async with open_replica(where, node) as replica:
            while time.monotonic() < ends_s:
                before_s = time.monotonic()
                (grant,) = await replica.store.take_rates([wish])
                if grant.permits:
                    taken.append((before_s + grant.valid_ms / 1_000, time.monotonic(), grant.permits))
                else:
                    assert grant.retry_after_ms > 0

    async def check() -> None:
        ends_s = time.monotonic() + 1.5
        await asyncio.gather(take("a", ends_s), take("b", ends_s), take("c", ends_s))

    asyncio.run(check())
    burst, rate = find_burst("requests", limit), limit / 60
    taken.sort(key=lambda each: each[1])
    assert taken
    for first, (latest_s, _, _) in enumerate(taken):
        for (_, earliest_s, _), permits in zip(taken[first:], accumulate(n for _, _, n in taken[first:]), strict=True):
            assert permits <= burst + rate * max(0.0, earliest_s - latest_s)


def test_a_whole_burst_is_there_after_a_rest_and_then_the_wait_is_told(where: Where) -> None:
    async def check() -> None:
        async with open_replica(where, "a") as a:
            wish = RateWish("all", "tokens", 60_000, 60_000, 60_000)
            (grant,) = await a.store.take_rates([wish])
            assert (grant.permits, grant.valid_ms) == (60_000, find_lateness_ms(60_000))
            (none,) = await a.store.take_rates([RateWish("all", "tokens", 60_000, 500, 500)])
            assert none.permits == 0
            # Half a second's worth, and what may be used late.
            assert 0 < none.retry_after_ms <= 1_500
            # What can never be is not there later either.
            (never,) = await a.store.take_rates([RateWish("all", "tokens", 60_000, 60_001, 60_001)])
            assert never.permits == 0
            # Others are not touched by it.
            grants = await a.store.take_rates(
                [RateWish("all", "requests", 60_000, 1, 9), RateWish("b", "tokens", 60, 1, 9)]
            )
            assert [each.permits for each in grants] == [9, 9]

    asyncio.run(check())


def test_permits_that_were_not_used_come_back_once(where: Where) -> None:
    async def check() -> None:
        wish = RateWish("all", "tokens", 600, 1, 600)
        async with open_replica(where, "a") as a:
            # So slow that time gives hardly anything back meanwhile.
            (grant,) = await a.store.take_rates([RateWish("all", "tokens", 600, 500, 500)])
            await a.store.return_permits(wish, 400, grant.stamp)
            (again,) = await a.store.take_rates([wish])
            assert 400 <= again.permits < 500
            # What is given back twice does not become more than was taken.
            await a.store.return_permits(wish, 400, grant.stamp)
            (rest,) = await a.store.take_rates([wish])
            assert rest.permits < 150
            # More was used than taken: that is owed.
            await a.store.return_permits(wish, -600, grant.stamp)
            (none,) = await a.store.take_rates([wish])
            assert none.permits == 0
            assert none.retry_after_ms > 30_000

    asyncio.run(check())


def test_places_are_shared_and_those_of_a_dead_replica_come_back(where: Where) -> None:
    async def check() -> None:
        wish = RateWish("key:x", "calls", 5, 1, 3)
        async with open_replica(where, "b") as b:
            async with open_replica(where, "a", lease_ms=300) as a:
                assert [each.permits for each in await a.store.take_rates([wish])] == [3]
                assert [each.permits for each in await b.store.take_rates([wish])] == [2]
                assert [each.permits for each in await b.store.take_rates([wish])] == [0]
                await a.store.return_places("key:x", 1)
                assert [each.permits for each in await b.store.take_rates([wish])] == [1]
            while (await b.store.take_rates([wish]))[0].permits == 0:
                # The other one's lease ends by the store's clock.
                await asyncio.sleep(0.02)
            await b.store.return_places("key:x", 5)

    asyncio.run(check())


def test_a_replica_that_is_back_holds_no_places_and_a_forgotten_one_gets_none(where: Where) -> None:
    async def check() -> None:
        wish = RateWish("key:x", "calls", 5, 1, 5)
        async with open_replica(where, "a") as a, open_replica(where, "b") as b:
            assert (await a.store.take_rates([wish]))[0].permits == 5
            async with open_replica(where, "a") as again:
                await (again.valkey or again.postgres).come_back()
                assert (await b.store.take_rates([wish]))[0].permits == 5
                await b.store.return_places("key:x", 5)
                # The former process of the node is held back.
                with pytest.raises(ReplicaForgotten):
                    await a.store.take_rates([wish])
                assert await b.others.forget_node("a")
                if b.valkey is not None:
                    await b.valkey.forget_node("a")
                with pytest.raises(ReplicaForgotten):
                    await again.store.take_rates([wish])
                assert not await again.store.renew()
                await again.join()
                assert (await again.store.take_rates([wish]))[0].permits == 5

    asyncio.run(check())
