"""What the tests here share; what takes `run` runs twice, on asyncio's own loop and on uvloop."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator

import pytest
import uvloop

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from pointsman.upstream.long_tail.carrier import LongTail
from simulator.running_simulator import Simulation
from upstream.tail_calls import KEYS, simulate

Run = Callable[[Coroutine[None, None, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Run a coroutine to its end on the loop of this parameter."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else None

    def run_to_end(coroutine: Coroutine[None, None, None]) -> None:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(asyncio.wait_for(coroutine, 30))

    return run_to_end


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """A simulator that answers as fast as it can."""
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def simulation(simulator_url: str, request: pytest.FixtureRequest) -> Simulation:
    """It, with a model of the test's own."""
    return simulate(simulator_url, request.node.nodeid)


@pytest.fixture(scope="session")
def tail() -> Iterator[LongTail]:
    """LiteLLM, imported once for all tests of the process."""
    carrier = LongTail(KEYS)
    yield carrier
    asyncio.run(carrier.close())
