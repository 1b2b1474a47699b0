"""Redis that is killed under load and comes back empty: nothing is overspent, and what is spent is what was billed."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from killed import press_on, start_replicas
from proving import (
    Load,
    await_written,
    compare,
    open_client,
    read_bill,
    set_reply,
    sum_bill,
    tell,
    write_document,
)
from stores import SharedStore, serve_store

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

SIMULATOR = SimulatorSettings(port=0, latency_ms=20, tokens_per_second=0)
LIMIT_NUSD = 300_000_000
MOST_ROUNDS_S = 60.0


async def lose(folder: Path, store: SharedStore, simulator: str, losses: int) -> str:
    """Two replicas; answers what came of it."""
    document = write_document(simulator, LIMIT_NUSD, store.storage)
    load, dice, stored, valkey = Load("lost", Random(losses)), Random(losses), store.stored, store.valkey
    assert valkey is not None
    async with open_client() as client:
        async with start_replicas(folder, 2, document, **store.environ) as replicas:
            async with press_on(load, client, replicas):
                for _ in range(losses):
                    await asyncio.sleep(dice.uniform(0.2, 0.8))
                    await asyncio.to_thread(valkey.kill)
                    await asyncio.sleep(dice.uniform(0, 1))
                    await asyncio.to_thread(valkey.start)
                # It serves again, until the budget has nothing left for anybody.
                async with asyncio.timeout(MOST_ROUNDS_S):
                    while load.count()[429, "budget_exceeded"] < 50:
                        await asyncio.sleep(0.05)
            bill = await read_bill(client, simulator)
            await await_written(stored, load.list_markers(200))
        assert set(load.count()) <= {(200, ""), (429, "budget_exceeded"), (503, "accounting_unavailable")}, load.count()
        assert compare(stored, bill) == {}
        assert stored.sum_ledger() == sum_bill(bill) <= LIMIT_NUSD
    return f"{losses} losses, {dict(load.count())}; spent {sum_bill(bill)} of {LIMIT_NUSD}"


@pytest.mark.parametrize("losses", [3, pytest.param(30, marks=pytest.mark.proof)])
def test_redis_is_lost_and_back(tmp_path: Path, losses: int) -> None:
    with SimulatorProcess(SIMULATOR) as simulator, serve_store("redis", "2s") as store:
        set_reply(simulator)
        tell(f"Redis: {asyncio.run(lose(tmp_path, store, simulator, losses))}")
