"""A replica as the gateway runs it: holds, records, writes and releases, and keeps its parts up; run by a proof.

Arguments: kind of store, database, other server, node, requests in all, how many at once, limit. Says what it spent.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from msgspec.structs import replace
from shared_money import DAY_MS, START_MS, Replica, StoreKind, Where, open_replica

from pointsman.control.spending import Spending
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Budget, Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.payers import Payer
from pointsman.core.money_ports import StoreUnavailable
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.storage.allowances.fold import SharedSpending
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from pointsman.storage.writer_hooks import WriterHooks
from storage.usage_examples import EXAMPLE

MOST_NUSD = 1_000
NOON = START_MS + DAY_MS // 2
PLACE = Place("large", "cloudy", "cloud")
PAYER = Payer(team="alpha")


@dataclass
class Counts:
    """What became of the requests."""

    spent: int = 0
    denied: int = 0
    unavailable: int = 0


class Gateway:
    """What the assembly puts together for one replica."""

    def __init__(self, replica: Replica, limit: int) -> None:
        self.replica = replica
        self.fold = SharedSpending(replica.node)
        self.telling: set[asyncio.Task[None]] = set()
        hooks = WriterHooks(on_written=self.note_written)
        self.writer = UsageWriter(replica.database, WriterLimits(interval_ms=5), [self.fold], hooks)
        self.spending = Spending(SpendingReader(replica.database), shared=replica.store)
        budgets = (Budget("team", "team", "alpha", "day", limit), Budget("all", "total", "", "day", 2 * limit))
        self.snapshot = Snapshot("", "", {}, {}, budgets=budgets)

    def note_written(self, outcomes: Sequence[Outcome]) -> None:
        """A batch is committed."""
        moved = self.fold.take_moved([outcome.request_id for outcome in outcomes])
        self.spending.note_written(outcomes)
        task = asyncio.create_task(self.replica.store.note_spent(moved))
        self.telling.add(task)
        task.add_done_callback(self.telling.discard)

    def end(self, name: str, cost: int) -> Outcome:
        """The outcome of a request."""
        charge = AttemptCharge(
            1, PLACE.model, PLACE.provider, "large-1", "cloud", "answer", Usage(1, 1), cost, "actual"
        )
        return replace(
            EXAMPLE, request_id=name, at_ms=NOON, team="alpha", charges=(charge,), cost_nusd=cost, cost_status="actual"
        )


async def request(gateway: Gateway, name: str, dice: Random, counts: Counts) -> None:
    """One request: hold, call, record and release; it goes on as long as others hold what it needs."""
    most = dice.randint(MOST_NUSD // 2, MOST_NUSD)
    claim = Claim(PAYER, PLACE, NOON, 0, most, 0)
    spending = gateway.spending
    while True:
        answer = spending.hold(claim)
        for _ in range(3):
            if not isinstance(answer, Shortage) or not answer.can_wait or not await spending.fetch(claim, answer):
                break
            answer = spending.hold(claim)
        if not isinstance(answer, Shortage):
            break
        if answer.of == "money" and is_used_up(spending, most):
            counts.denied += 1
            return
        counts.unavailable += answer.of == "store"
        await asyncio.sleep(0.05)
    assert answer is not None
    await asyncio.sleep(0)
    cost = dice.randint(0, most)
    outcome = gateway.end(name, cost)
    gateway.writer.add(outcome)
    spending.record(outcome)
    spending.release(answer, cost, 0)
    counts.spent += cost


def is_used_up(spending: Spending, most: int) -> bool:
    """Whether that request does not fit, whatever others give back."""
    window = next(each for each in spending.list_windows(NOON) if each.name == "team")
    return window.spent_nusd + most > window.limit_nusd


async def run(where: Where, node: str, requests: int, at_once: int, limit: int) -> None:
    """All requests, then a stop as when the gateway ends."""
    dice, counts = Random(node), Counts()
    async with open_replica(where, node) as replica:
        gateway = Gateway(replica, limit)
        gateway.writer.start()
        await gateway.spending.follow(gateway.snapshot, NOON)
        say("ready")
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        keeping = asyncio.create_task(gateway.spending.keep_shared(lambda: NOON))
        names = iter([f"{node}-{number}" for number in range(requests)])

        async def work() -> None:
            for name in names:
                await request(gateway, name, dice, counts)

        await asyncio.gather(*(work() for _ in range(at_once)))
        await gateway.writer.drain()
        await asyncio.gather(*gateway.telling)
        keeping.cancel()
        await asyncio.wait([keeping])
        await gateway.spending.leave_shared(NOON)
        await renew(replica)
    say(json.dumps({"spent": counts.spent, "denied": counts.denied, "unavailable": counts.unavailable}))


async def renew(replica: Replica) -> None:
    """Once more the lease, which makes good what got lost on the way."""
    while True:
        try:
            await replica.store.renew()
            return
        except StoreUnavailable:
            await asyncio.sleep(0.05)


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    kind, database, valkey, node, *numbers = sys.argv[1:]
    stores: dict[str, StoreKind] = {"postgresql": "postgresql", "valkey": "valkey"}
    asyncio.run(run(Where(stores[kind], database, valkey), node, *(int(number) for number in numbers)))
