"""Many replicas against one budget, half denied: nothing is ever overspent, nothing lost, nothing held at the end."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from shared_money import TEAM, Where, open_replica, serve, share

from pointsman.core.money_ports import StoreUnavailable
from real_postgres import new_database, read_rows
from real_valkey import ValkeyServer, start_valkey

CHILD = Path(__file__).parent / "holding_child.py"
REQUESTS = 32
AT_ONCE = 32
MEAN_COST = 375

DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


@contextmanager
def start_children(where: Where, count: int, limit: int) -> "Iterator[list[subprocess.Popen[str]]]":
    """Replicas that are ready, and wait for `go`; those that are left at the end are killed."""
    with ExitStack() as stack:
        children = []
        for number in range(count):
            numbers = map(str, (REQUESTS, AT_ONCE, limit))
            child = subprocess.Popen(
                [sys.executable, str(CHILD), where.kind, where.database, where.valkey, f"node-{number}", *numbers],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env=os.environ | {"PYTHONPATH": str(CHILD.parents[1])},
            )
            stack.enter_context(child)
            stack.callback(child.kill)
            children.append(child)
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        yield children


def say_go(children: "list[subprocess.Popen[str]]") -> None:
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()


def read_tallies(children: "list[subprocess.Popen[str]]") -> list[dict[str, int]]:
    """What each says at its end."""
    tallies = []
    for child in children:
        output, _ = child.communicate()
        assert child.returncode == 0
        tallies.append(json.loads(output))
    return tallies


async def watch(where: Where, children: "list[subprocess.Popen[str]]", limit: int) -> int:
    """How often spent and shared out were seen, which never exceeded the limit together."""
    looks = 0
    async with open_replica(where, "watcher") as replica:
        say_go(children)
        while any(child.poll() is None for child in children):
            try:
                state = (await replica.store.read([share(TEAM)]))[0]
            except StoreUnavailable:
                await asyncio.sleep(0.02)
                continue
            # With Redis a cost is in `spent` a moment before it leaves the part that it was spent from.
            assert max(state.spent, state.shared_out) <= limit
            assert where.kind == "valkey" or state.spent + state.shared_out <= limit
            looks += 1
            await asyncio.sleep(0)
    return looks


@pytest.mark.parametrize("kind", ["postgresql", "valkey"])
def test_eight_replicas_never_overspend_one_budget(kind: str) -> None:
    limit = 8 * REQUESTS * MEAN_COST // 2
    with ExitStack() as stack:
        where = stack.enter_context(serve("postgresql" if kind == "postgresql" else "valkey"))
        children = stack.enter_context(start_children(where, 8, limit))
        assert asyncio.run(watch(where, children, limit)) > 10
        tallies = read_tallies(children)
        booked = sum(tally["booked"] for tally in tallies)
        assert limit - 1_000 < booked <= limit
        assert sum(tally["denied"] for tally in tallies) > REQUESTS
        assert read_rows(where.database, "SELECT sum(cost_nusd)::bigint FROM ledger") == [(booked,)]
        assert read_rows(
            where.database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ) == [(0,)]

        async def read_end() -> None:
            async with open_replica(where, "end") as replica:
                state = (await replica.store.read([share(TEAM)]))[0]
                assert (state.spent, state.shared_out) == (booked, 0)

        asyncio.run(read_end())


def test_redis_lost_and_back_nothing_is_overspent() -> None:
    limit = 4 * REQUESTS * MEAN_COST // 2
    with ExitStack() as stack:
        database, server = stack.enter_context(new_database()), stack.enter_context(start_valkey())
        where = Where("valkey", database, server.url)
        children = stack.enter_context(start_children(where, 4, limit))

        async def lose_twice() -> int:
            watching = asyncio.create_task(watch(where, children, limit))
            for _ in range(2):
                await asyncio.sleep(0.3)
                await asyncio.to_thread(lose, server)
            return await watching

        assert asyncio.run(lose_twice()) > 0
        tallies = read_tallies(children)
        assert sum(tally["refused"] for tally in tallies) > 0
        booked = sum(tally["booked"] for tally in tallies)
        assert booked <= limit
        assert read_rows(database, "SELECT sum(cost_nusd)::bigint FROM ledger") == [(booked,)]

        async def read_end() -> None:
            async with open_replica(where, "watcher", lease_ms=1) as replica:
                for number in range(4):
                    await replica.others.forget_node(f"node-{number}")
                state = (await replica.store.read([share(TEAM)]))[0]
                assert (state.spent, state.shared_out) == (booked, 0)

        asyncio.run(read_end())


def lose(server: ValkeyServer) -> None:
    """Kill a server, and start it with nothing in it."""
    server.kill()
    server.start()
