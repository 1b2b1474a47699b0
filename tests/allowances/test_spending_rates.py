"""Two gateways' rates and calls at the same time over one real store: never more than the limit together."""

import asyncio
import time
from contextlib import AsyncExitStack

import pytest
from shared_money import START_MS, Replica, StoreKind, Where, open_replica, serve

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import RateLimit, Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.held import Held
from pointsman.core.limits.payers import Payer
from pointsman.storage.spending_reader import SpendingReader

BURST, PER_MINUTE, AT_ONCE = 10, 60, 5
CLAIM = Claim(Payer(team="alpha"), Place("large", "cloudy", "cloud"), START_MS, 0, 0, 10)


@pytest.fixture(params=["postgresql", "valkey"])
def kind(request: pytest.FixtureRequest) -> StoreKind:
    return "valkey" if request.param == "valkey" else "postgresql"


async def follow(replica: Replica, limit: RateLimit) -> Spending:
    spending = Spending(SpendingReader(replica.database), shared=replica.store)
    await spending.follow(Snapshot("", "", {}, {}, limits=(limit,)), START_MS)
    return spending


async def ask(spending: Spending) -> Held | Shortage | None:
    answer = spending.hold(CLAIM)
    for _ in range(3):
        if not isinstance(answer, Shortage) or not answer.can_wait or not await spending.fetch(CLAIM, answer):
            break
        answer = spending.hold(CLAIM)
    return answer


async def ask_for_a_while(spending: Spending) -> Held | Shortage | None:
    """A refusal is believed for a moment."""
    async with asyncio.timeout(10):
        while isinstance(answer := await ask(spending), Shortage):
            await asyncio.sleep(0.02)
    return answer


async def run_two(where: Where, limit: RateLimit, times: int) -> list[Held | Shortage | None]:
    """What becomes of requests that come to both at once."""
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(open_replica(where, node)) for node in "ab"]
        gateways = [await follow(replica, limit) for replica in replicas]
        answers = await asyncio.gather(*(ask(gateways[number % 2]) for number in range(times)))
        for gateway in gateways:
            for answer in answers:
                if isinstance(answer, Held) and answer in gateway._open:
                    gateway.release(answer, 0, 10)
            await gateway.leave_shared(START_MS)
        again = [await ask_for_a_while(gateway) for gateway in gateways] if limit.concurrent else []
        return [*answers, *again]


def test_requests_a_minute(kind: StoreKind) -> None:
    with serve(kind) as where:
        began = time.monotonic()
        limit = RateLimit("few", "team", "alpha", requests_per_minute=PER_MINUTE)
        answers = asyncio.run(run_two(where, limit, 40))
        passed = time.monotonic() - began
    admitted = sum(isinstance(answer, Held) for answer in answers)
    assert 5 <= admitted <= BURST + PER_MINUTE * passed / 60
    refused = [answer for answer in answers if isinstance(answer, Shortage)]
    assert {answer.of for answer in refused} == {"requests"}
    assert all(answer.retry_after_s is not None and 0 < answer.retry_after_s < 60 for answer in refused)


def test_calls_at_the_same_time(kind: StoreKind) -> None:
    with serve(kind) as where:
        answers = asyncio.run(run_two(where, RateLimit("few", "team", "alpha", concurrent=AT_ONCE), 20))
    *first, again_a, again_b = answers
    assert sum(isinstance(answer, Held) for answer in first) == AT_ONCE
    assert {answer.of for answer in first if isinstance(answer, Shortage)} == {"concurrency"}
    assert isinstance(again_a, Held) and isinstance(again_b, Held), "all places were given back"
