"""Replicas of one gateway under load that are killed at any moment, and what must be true once they are back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from proving import Billed, Load, Stored

from running import RunningGateway, start_gateway

CLIENTS = 16
LONGEST_PAUSE_S = 0.5


@dataclass
class Replica:
    """One gateway with a home of its own, which outlives its processes."""

    folder: Path
    running: RunningGateway | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    async def start(self, document: str, environ: dict[str, str]) -> None:
        """Start it where it was, or for the first time."""
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "pointsman.yaml"
        config.write_text(document)
        entering = start_gateway(config, self.folder / "home", **environ)
        self.running = await asyncio.to_thread(self._stack.enter_context, entering)

    async def kill(self) -> None:
        """End it as a power cut would."""
        gateway, self.running = self.running, None
        assert gateway is not None
        gateway.kill()
        await self.stop()

    async def stop(self) -> None:
        """End it gently, if it runs."""
        self.running = None
        await asyncio.to_thread(self._stack.close)


@asynccontextmanager
async def start_replicas(folder: Path, count: int, document: str, **environ: str) -> AsyncIterator[list[Replica]]:
    """Replicas that serve; those that are left at the end are stopped gently."""
    replicas = [Replica(folder / f"replica-{number}") for number in range(count)]
    try:
        await replicas[0].start(document, environ)
        # Each of them takes a second of a processor.
        await asyncio.gather(*(replica.start(document, environ) for replica in replicas[1:]))
        yield replicas
    finally:
        await asyncio.gather(*(replica.stop() for replica in replicas))


@asynccontextmanager
async def press_on(load: Load, client: httpx.AsyncClient, replicas: list[Replica]) -> AsyncIterator[None]:
    """Clients that call whichever replica serves, until the end of the block; their last calls are waited for."""
    ended = False

    async def work(number: int) -> None:
        while not ended:
            serving = [replica.running for replica in replicas if replica.running is not None]
            if not serving:
                await asyncio.sleep(0.02)
                continue
            gateway = serving[number % len(serving)]
            await load.call(client, gateway.url, gateway.api_key)
            # About half of the clients wait for an answer at any moment; more would only slow the replicas' starts.
            await asyncio.sleep(load.dice.uniform(0, LONGEST_PAUSE_S))

    working = [asyncio.create_task(work(number)) for number in range(CLIENTS)]
    try:
        yield
    finally:
        ended = True
        await asyncio.gather(*working)


def check_nothing_is_lost(stored: Stored, bill: list[Billed]) -> Counter[str]:
    """Each call that the provider has seen has one row and an entry; what is certain is exactly what it billed.

    Returns:
        How many entries are how sure.
    """
    rows, seen = stored.count_rows(), Counter(each.marker for each in bill)
    assert {marker: count for marker, count in rows.items() if count != 1} == {}
    assert set(seen) - set(rows) == set()
    entries = stored.list_entries()
    assert len({entry[:3] for entry in entries}) == len(entries)
    attempts = Counter(marker for marker, _, kind, _, _ in entries if kind in ("charge", "possibly_billed"))
    assert {marker for marker, count in seen.items() if attempts[marker] < count} == set()
    by_marker = {each.marker: each for each in bill if seen[each.marker] == 1}
    for marker, _, kind, status, cost_nusd in entries:
        if kind == "charge" and status == "actual":
            assert cost_nusd == by_marker[marker].nusd, marker
        assert cost_nusd is not None and status != "unknown", marker
    return Counter(entry[3] for entry in entries)
