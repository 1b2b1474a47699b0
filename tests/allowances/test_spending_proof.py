"""Gateways' tallies over one real store, half denied: nothing is overspent, the ledger agrees, nothing is left held."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from shared_money import DAY_MS, START_MS, TEAM, StoreKind, open_replica, serve, share
from test_shared_proof import DEADLOCKS, watch

from pointsman.core.money_ports import Share
from real_postgres import read_rows

CHILD = Path(__file__).parent / "spending_child.py"
REPLICAS = 4
REQUESTS = 200
AT_ONCE = 16
MEAN_COST = 375


@pytest.mark.parametrize("kind", ["postgresql", "valkey"])
def test_four_gateways_never_overspend_one_budget(kind: StoreKind) -> None:
    limit = REPLICAS * REQUESTS * MEAN_COST // 2
    with ExitStack() as stack:
        where = stack.enter_context(serve(kind))
        children = []
        for number in range(REPLICAS):
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
            assert child.stdout is not None and child.stdout.readline() == "ready\n"
        assert asyncio.run(watch(where, children, limit)) > 3
        counts = [json.loads(child.communicate()[0]) for child in children]
        spent = sum(each["spent"] for each in counts)
        assert all(child.returncode == 0 for child in children)
        assert limit - 1_000 < spent <= limit
        assert sum(each["denied"] for each in counts) > REPLICAS * REQUESTS // 4
        assert read_rows(where.database, "SELECT sum(cost_nusd)::bigint FROM ledger") == [(spent,)]
        assert read_rows(where.database, DEADLOCKS) == [(0,)]

        async def read_end() -> None:
            async with open_replica(where, "end") as replica:
                everything = Share(("total", "", "day", "UTC"), START_MS, START_MS + DAY_MS, START_MS, 2 * limit, 0, 0)
                states = await replica.store.read([share(TEAM), everything])
                assert [(state.spent, state.shared_out) for state in states] == [(spent, 0), (spent, 0)]

        asyncio.run(read_end())
