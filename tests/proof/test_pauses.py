"""A replica that is stopped for longer than its lease and goes on: others have booked its calls; it knows better."""

import asyncio
import signal
from pathlib import Path
from random import Random

import pytest
from killed import check_nothing_is_lost, press_on, start_replicas
from proving import Account, Load, await_written, compare, open_client, sum_bill, tell, write_document
from stores import SharedStore, StoreKind, check_shares, serve_store

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

SIMULATOR = SimulatorSettings(port=0, latency_ms=30, tokens_per_second=150)
LIMIT_NUSD = 10**11
LEASE_S = 1


async def pause(folder: Path, store: SharedStore, simulator: str, pauses: int) -> str:
    """Two replicas, of which one stands still now and then."""
    document, dice = write_document(simulator, LIMIT_NUSD, store.storage), Random(pauses)
    load, account, stored = Load("paused", dice, most_tokens=60), Account(simulator), store.stored
    async with open_client() as client:
        async with start_replicas(folder, 2, document, **store.environ) as replicas:
            async with press_on(load, client, replicas):
                for _ in range(pauses):
                    await asyncio.sleep(dice.uniform(0.4, 1))
                    gateway = replicas[0].running
                    assert gateway is not None
                    gateway.process.send_signal(signal.SIGSTOP)
                    await asyncio.sleep(LEASE_S * dice.uniform(1.5, 3))
                    gateway.process.send_signal(signal.SIGCONT)
                    await account.read(client)
            bill = await account.close(client)
            await await_written(stored, {each.marker for each in bill})
        sure = check_nothing_is_lost(stored, bill)
        # Nobody was killed, so every end is known: what was guessed meanwhile has been corrected.
        assert load.count()[0, ""] == 0 and compare(stored, bill) == {}
        check_shares(stored, sum_bill(bill))
    return f"{pauses} pauses, {len(bill)} calls, {dict(sure)}; ledger {stored.sum_ledger()} of bill {sum_bill(bill)}"


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
@pytest.mark.parametrize("pauses", [3, pytest.param(50, marks=pytest.mark.proof)])
def test_a_replica_is_paused_beyond_its_lease(tmp_path: Path, kind: StoreKind, pauses: int) -> None:
    with SimulatorProcess(SIMULATOR) as simulator, serve_store(kind, f"{LEASE_S}s") as store:
        tell(f"{kind}: {asyncio.run(pause(tmp_path, store, simulator, pauses))}")
