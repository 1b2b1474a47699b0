"""A replica that holds, books and gives back as fast as it can; run by `test_shared_proof.py`, and may be killed.

Arguments: kind of store, database, other server, node, requests in all, how many at once, limit. Says what it booked.
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from shared_money import Replica, StoreKind, Where, entry, key, open_replica, share

from pointsman.core.money_ports import Granted, Share, StoreUnavailable

MOST_NUSD = 1_000


@dataclass
class Tally:
    """What became of the requests."""

    booked: int = 0
    denied: int = 0
    refused: int = 0


async def hold(replica: Replica, name: str, dice: Random, limit: int, tally: Tally) -> None:
    """One request: its most is taken, what it costs is booked, the rest is given back.

    While others hold what it needs, and while the store is gone, it waits.
    """
    most = dice.randint(MOST_NUSD // 2, MOST_NUSD)
    wishes = [share(limit=limit, least=most, wish=most), share(("total", "", "day", "UTC"), limit * 2, most, most)]
    while True:
        granted = await take(replica, wishes, tally)
        cost = dice.randint(0, most) if all(each.amount for each in granted) else 0
        if cost:
            await replica.book([entry(name, cost)])
            tally.booked += cost
        rest = {key(wish): each.amount - cost for wish, each in zip(wishes, granted, strict=True) if each.amount > cost}
        if rest:
            try:
                await replica.store.give_back(rest)
            except StoreUnavailable:
                tally.refused += 1
        if cost:
            return
        if granted[0].state.spent + most > limit:
            tally.denied += 1
            return
        await asyncio.sleep(0.02)


async def take(replica: Replica, wishes: Sequence[Share], tally: Tally) -> Sequence[Granted]:
    """Ask until the store answers."""
    while True:
        try:
            return await replica.store.acquire(wishes)
        except StoreUnavailable:
            tally.refused += 1
            await asyncio.sleep(0.05)


async def run(where: Where, node: str, requests: int, at_once: int, limit: int) -> None:
    """All requests, then the lease once more, which makes good what got lost on the way."""
    dice, tally = Random(node), Tally()
    async with open_replica(where, node) as replica:
        say("ready")
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
        names = iter([f"{node}-{number}" for number in range(requests)])

        async def work() -> None:
            for name in names:
                await hold(replica, name, dice, limit, tally)

        await asyncio.gather(*(work() for _ in range(at_once)))
        while True:
            try:
                await replica.store.renew()
                break
            except StoreUnavailable:
                await asyncio.sleep(0.05)
    say(json.dumps({"booked": tally.booked, "denied": tally.denied, "refused": tally.refused}))


def say(text: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    kind, database, valkey, node, *numbers = sys.argv[1:]
    stores: dict[str, StoreKind] = {"postgresql": "postgresql", "valkey": "valkey"}
    asyncio.run(run(Where(stores[kind], database, valkey), node, *(int(number) for number in numbers)))
