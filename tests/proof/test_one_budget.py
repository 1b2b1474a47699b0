"""Many at once against one budget with room for half: overspent by exactly 0, and spent is the provider's own bill."""

import asyncio
from pathlib import Path
from random import Random

import httpx
import pytest
from killed import start_replicas
from proving import (
    Load,
    Stored,
    await_written,
    compare,
    find_left,
    open_client,
    read_bill,
    set_reply,
    sum_bill,
    tell,
    write_document,
    write_usd,
)
from stores import SharedStore, StoreKind, check_shares, serve_store

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, run_gateway

SIMULATOR = SimulatorSettings(port=0, latency_ms=20, tokens_per_second=0)
MEAN_NUSD = 900_000
"""What a call comes to here, about."""

PROCESSES = 8
CLIENTS = PROCESSES * 32


async def watch(stored: Stored, limit_nusd: int, ended: asyncio.Event, *, shares: bool = False) -> int:
    """How often the books were looked at; what is spent, and what replicas hold, never exceeded the limit together."""
    looks = 0
    while not ended.is_set():
        assert await asyncio.to_thread(stored.sum_ledger) <= limit_nusd
        if shares:
            for spent_nusd, held_nusd in await asyncio.to_thread(stored.sum_shares):
                assert spent_nusd + held_nusd <= limit_nusd
        looks += 1
        await asyncio.sleep(0.02)
    return looks


async def press(load: Load, client: httpx.AsyncClient, gateways: list[RunningGateway], calls: int) -> None:
    """All clients at once, spread over the gateways, each with some calls one after the other."""

    async def work(gateway: RunningGateway) -> None:
        for _ in range(calls):
            await load.call(client, gateway.url, gateway.api_key)

    await asyncio.gather(*(work(gateways[number % len(gateways)]) for number in range(CLIENTS)))


def test_one_process_never_overspends(tmp_path: Path) -> None:
    calls = 6
    limit_nusd = CLIENTS * calls * MEAN_NUSD // 2

    async def prove(gateway: RunningGateway, simulator: str) -> None:
        stored, load, ended = Stored(gateway.home / "pointsman.db"), Load("one", Random(6)), asyncio.Event()
        async with open_client() as client:
            watching = asyncio.create_task(watch(stored, limit_nusd, ended))
            await press(load, client, [gateway], calls)
            ended.set()
            assert await watching > 3
            served, denied = load.list_markers(200), load.list_markers(429)
            assert set(load.count()) == {(200, ""), (429, "budget_exceeded")}, load.count()
            assert min(len(served), len(denied)) > CLIENTS * calls // 4, load.count()
            bill = await read_bill(client, simulator)
            assert sorted(each.marker for each in bill) == sorted(served)
            await await_written(stored, served | denied)
            spent_nusd = stored.sum_ledger()
            assert compare(stored, bill) == {}
            assert spent_nusd == sum_bill(bill) <= limit_nusd
            # Nothing is held any more: what is left is what was not spent.
            assert await find_left(load, client, gateway) == write_usd(limit_nusd - spent_nusd).rstrip("0")
            tell(f"SQLite, 1 process: {len(served)} served, {len(denied)} denied; spent {spent_nusd} of {limit_nusd}")

    with SimulatorProcess(SIMULATOR) as simulator:
        set_reply(simulator)
        document = write_document(simulator, limit_nusd)
        with run_gateway(tmp_path, document) as gateway:
            asyncio.run(prove(gateway, simulator))


@pytest.mark.parametrize("kind", ["postgresql", "redis"])
def test_replicas_never_overspend(tmp_path: Path, kind: StoreKind) -> None:
    calls = 6
    limit_nusd = CLIENTS * calls * MEAN_NUSD // 2

    async def prove(store: SharedStore, simulator: str) -> None:
        load, ended, stored = Load(kind, Random(6)), asyncio.Event(), store.stored
        document = write_document(simulator, limit_nusd, store.storage)
        async with open_client() as client:
            async with start_replicas(tmp_path, PROCESSES, document, **store.environ) as replicas:
                watching = asyncio.create_task(watch(stored, limit_nusd, ended, shares=kind == "postgresql"))
                await press(load, client, [replica.running for replica in replicas if replica.running], calls)
                ended.set()
                assert await watching > 3
                served, denied = load.list_markers(200), load.list_markers(429)
                bill = await read_bill(client, simulator)
                await await_written(stored, served | denied)
            assert set(load.count()) == {(200, ""), (429, "budget_exceeded")}, (load.count(), load.list_broken())
            assert sorted(each.marker for each in bill) == sorted(served)
            assert compare(stored, bill) == {}
            assert stored.sum_ledger() == sum_bill(bill) <= limit_nusd
            check_shares(stored, sum_bill(bill))
            assert min(len(served), len(denied)) > CLIENTS * calls // 4, load.count()
            told = f"{len(served)} served, {len(denied)} denied; spent {sum_bill(bill)} of {limit_nusd}"
            tell(f"{kind}, {PROCESSES} processes: {told}")

    with SimulatorProcess(SIMULATOR) as simulator, serve_store(kind) as store:
        set_reply(simulator)
        asyncio.run(prove(store, simulator))
