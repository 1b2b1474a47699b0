"""Calls around the end of a budget's day, in a gateway whose wall clock is moved: each counts in the day it came in."""

import asyncio
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import httpx
import pytest
from proving import Load, Stored, await_written, find_left, open_client, read_bill, write_document, write_usd

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, start_gateway

ZONE = ZoneInfo("America/Santiago")
LIMIT_NUSD = 10**10
BUDGET = """\
budgets:
  - {{name: of a day, scope: total, window: day, time_zone: America/Santiago, limit: "{limit}"}}
"""
CLOCK = Path(__file__).parent / "moved_clock"
MINUTE_S = 60


@dataclass(frozen=True)
class Clock:
    """The wall clock of a gateway."""

    file: Path

    def set(self, then: datetime) -> None:
        """It is then now, and goes on from there."""
        moved_ns = int(then.timestamp()) * 10**9 - time.time_ns()
        # In one write of always the same length: whoever reads sees the former time or this one.
        with self.file.open("r+b") as file:
            file.write(b"%+031d\n" % moved_ns)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    file = tmp_path / "clock"
    file.write_bytes(b"%+031d\n" % 0)
    return Clock(file)


@pytest.fixture
def simulator() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


def find_edge() -> datetime:
    """The first midnight of Santiago after tomorrow; no time zone changes its clock then."""
    return datetime(2026, 11, 25, tzinfo=ZONE)


async def call_over_the_edge(load: Load, gateway: RunningGateway, simulator: str, clock: Clock) -> None:
    """A call that comes in before midnight and ends after it."""
    edge = find_edge()
    clock.set(edge - timedelta(minutes=10))
    slow = {"model": "simulated-large", "latency_ms": 1_000}
    async with open_client() as client:
        (await client.put(f"{simulator}/simulator/behaviour", json=slow)).raise_for_status()
        calling = asyncio.create_task(load.call(client, gateway.url, gateway.api_key))
        while not (await client.get(f"{simulator}/simulator/calls")).json()["calls"]:
            await asyncio.sleep(0.01)
        clock.set(edge + timedelta(minutes=10))
        assert (await calling).status == 200
        (await client.request("DELETE", f"{simulator}/simulator/behaviour")).raise_for_status()


async def check_days(load: Load, gateway: RunningGateway, clock: Clock, spent: tuple[int, int]) -> None:
    """What is left of the days before and after the edge, seen from either side of it."""
    edge = find_edge()
    async with open_client() as client:
        for then, spent_nusd in zip((edge - timedelta(minutes=5), edge + timedelta(minutes=5)), spent, strict=True):
            clock.set(then)
            left = await find_left(load, client, gateway)
            assert left == write_usd(LIMIT_NUSD - spent_nusd).rstrip("0").rstrip("."), then


def test_a_call_counts_in_the_day_that_it_came_in(tmp_path: Path, simulator: str, clock: Clock) -> None:
    config, load = tmp_path / "pointsman.yaml", Load("edge", Random(1))
    config.write_text(write_document(simulator) + BUDGET.format(limit=write_usd(LIMIT_NUSD)))
    clock.set(find_edge() - timedelta(minutes=20))
    environ = {"PYTHONPATH": str(CLOCK), "MOVED_CLOCK": str(clock.file)}

    async def prove(gateway: RunningGateway) -> int:
        await call_over_the_edge(load, gateway, simulator, clock)
        async with open_client() as client:
            (billed,) = await read_bill(client, simulator)
            await await_written(Stored(gateway.home / "pointsman.db"), {billed.marker})
        await check_days(load, gateway, clock, (billed.nusd, 0))
        return billed.nusd

    with start_gateway(config, tmp_path / "home", **environ) as gateway:
        spent_nusd = asyncio.run(prove(gateway))
    clock.set(find_edge() + timedelta(minutes=1))
    with start_gateway(config, tmp_path / "home", **environ) as gateway:
        # What a new process reads is the window of its start; the day before is over for it.
        async def look() -> str:
            async with open_client() as client:
                return await find_left(load, client, gateway)

        assert spent_nusd > 0 and asyncio.run(look()) == str(LIMIT_NUSD // 10**9)


def test_a_used_up_day_is_followed_by_a_whole_one(tmp_path: Path, simulator: str, clock: Clock) -> None:
    config, limit_nusd = tmp_path / "pointsman.yaml", 3_000_000
    config.write_text(write_document(simulator) + BUDGET.format(limit=write_usd(limit_nusd)))
    before = find_edge() - timedelta(minutes=10)

    def ask(gateway: RunningGateway) -> httpx.Response:
        body = {"model": "agent:worker", "messages": [{"role": "user", "content": "m"}], "max_tokens": 60}
        headers = {"authorization": f"Bearer {gateway.api_key}"}
        return httpx.post(f"{gateway.url}/v1/chat/completions", json=body, headers=headers, trust_env=False, timeout=30)

    environ = {"PYTHONPATH": str(CLOCK), "MOVED_CLOCK": str(clock.file)}
    with start_gateway(config, tmp_path / "home", **environ) as gateway:
        clock.set(before)
        started_s = time.time()
        answers = [ask(gateway) for _ in range(9)]
        asked_s = time.time() - started_s
        assert [answer.status_code for answer in answers[:1] + answers[-1:]] == [200, 429]
        assert json.loads(answers[-1].content)["error"]["code"] == "budget_exceeded"
        wait_s = int(answers[-1].headers["retry-after"])
        assert wait_s > 8 * MINUTE_S
        clock.set(before + timedelta(seconds=math.ceil(asked_s) + wait_s))
        assert ask(gateway).status_code == 200
