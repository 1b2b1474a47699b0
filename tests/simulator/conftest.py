"""One simulator for the whole directory; each test has a model of its own, so behaviours and calls do not mix."""

import zlib
from collections.abc import Iterator

import pytest
from openai import OpenAI

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from simulator.running_simulator import DEADLINE_S, Simulation


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def simulation(simulator_url: str, request: pytest.FixtureRequest) -> Simulation:
    return Simulation(simulator_url, f"simulated-{zlib.crc32(request.node.nodeid.encode()):08x}")


@pytest.fixture
def client(simulator_url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{simulator_url}/v1", api_key="none", max_retries=0, timeout=DEADLINE_S) as client:
        yield client
