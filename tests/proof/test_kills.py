"""Gateways that are killed under load at any moment: no call is lost, none counted twice, and nothing stays held."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from killed import check_nothing_is_lost, press_on, start_replicas
from proving import (
    Account,
    Load,
    Stored,
    await_written,
    find_left,
    open_client,
    sum_bill,
    tell,
    write_document,
    write_usd,
)
from stores import SharedStore, StoreKind, check_shares, serve_store

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

SIMULATOR = SimulatorSettings(port=0, latency_ms=30, tokens_per_second=150)
LIMIT_NUSD = 10**11
LEASE_S = 1
SETTLED_WITHIN_S = LEASE_S + 30.0


async def kill_one(folder: Path, simulator: str, kills: int, dice: Random) -> str:
    """One process on SQLite; answers what came of it."""
    document = write_document(simulator, LIMIT_NUSD)
    load, account = Load("killed", dice, most_tokens=60), Account(simulator)
    async with open_client() as client, start_replicas(folder, 1, document) as (replica,):
        stored = Stored(replica.folder / "home" / "pointsman.db")
        async with press_on(load, client, [replica]):
            for _ in range(kills):
                await asyncio.sleep(dice.uniform(0, 0.6))
                await replica.kill()
                await replica.start(document, {})
                await account.read(client)
            await asyncio.sleep(0.3)
        bill = await account.close(client)
        await await_written(stored, {each.marker for each in bill} | load.list_markers(200), SETTLED_WITHIN_S)
        sure = check_nothing_is_lost(stored, bill)
        gateway = replica.running
        assert gateway is not None and load.count()[200, ""] > kills
        left = await find_left(load, client, gateway)
        assert left == write_usd(LIMIT_NUSD - stored.sum_ledger()).rstrip("0")
        assert (await load.call(client, gateway.url, gateway.api_key)).status == 200
        return f"{kills} kills, {len(bill)} calls, {dict(sure)}; ledger {stored.sum_ledger()} of bill {sum_bill(bill)}"


def list_calls(stored: Stored, node: str) -> set[str]:
    """The requests that a replica has listed as under way."""
    return {row[0] for row in stored.read(f"SELECT request_id FROM open_calls WHERE node = '{node}'")}


async def await_listed(stored: Stored, node: str) -> None:
    """Wait until a replica has calls under way that have lasted long enough for being listed."""
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while len(await asyncio.to_thread(list_calls, stored, node)) < 3:
            await asyncio.sleep(0.02)


async def await_reaped(stored: Stored, node: str) -> None:
    """Wait until the calls that a dead replica had listed are booked by another."""
    listed = list_calls(stored, node)
    async with asyncio.timeout(SETTLED_WITHIN_S):
        while listed - {row[0] for row in await asyncio.to_thread(stored.read, "SELECT request_id FROM usage")}:
            await asyncio.sleep(0.05)


async def kill_replicas(folder: Path, store: SharedStore, simulator: str, kills: int, dice: Random) -> str:
    """Two replicas on shared stores; every other one that is killed is down until the other has booked its calls."""
    document = write_document(simulator, LIMIT_NUSD, store.storage)
    load, account, stored = Load("killed", dice, most_tokens=60), Account(simulator), store.stored
    async with open_client() as client:
        async with start_replicas(folder, 2, document, **store.environ) as replicas:
            async with press_on(load, client, replicas):
                for number in range(kills):
                    await asyncio.sleep(dice.uniform(0, 0.6))
                    killed = dice.choice(replicas)
                    await killed.kill()
                    if number % 2:
                        await asyncio.sleep(2 * LEASE_S)
                    await killed.start(document, store.environ)
                    await account.read(client)
                node = (replicas[0].folder / "home" / "node").read_text().strip()
                await await_listed(stored, node)
                await replicas[0].kill()
            await await_reaped(stored, node)
            # What was not listed, or had ended and was not written yet, is in the journal of the one that was killed.
            await replicas[0].start(document, store.environ)
            bill = await account.close(client)
            await await_written(stored, {each.marker for each in bill} | load.list_markers(200), SETTLED_WITHIN_S)
            gateway = replicas[0].running
            assert gateway is not None and (await load.call(client, gateway.url, gateway.api_key)).status == 200
            bill = await account.close(client)
        sure = check_nothing_is_lost(stored, bill)
        assert load.count()[200, ""] > kills
        check_shares(stored, stored.sum_ledger())
    return f"{kills} kills, {len(bill)} calls, {dict(sure)}; ledger {stored.sum_ledger()} of bill {sum_bill(bill)}"


KILLS = pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.proof)])


@KILLS
def test_one_process_is_killed(tmp_path: Path, kills: int) -> None:
    with SimulatorProcess(SIMULATOR) as simulator:
        tell(f"SQLite: {asyncio.run(kill_one(tmp_path, simulator, kills, Random(kills)))}")


@KILLS
@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_one_of_two_replicas_is_killed(tmp_path: Path, kind: StoreKind, kills: int) -> None:
    with SimulatorProcess(SIMULATOR) as simulator, serve_store(kind, f"{LEASE_S}s") as store:
        tell(f"{kind}: {asyncio.run(kill_replicas(tmp_path, store, simulator, kills, Random(kills)))}")
