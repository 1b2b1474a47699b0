"""One simulator for all tests of the Python door; each test has models of its own, so calls do not mix."""

import zlib
from collections.abc import Iterator

import pytest
from door import Door

from pointsman.library.engine import Engine
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of whoever runs the tests says where a configuration, a gateway or a key is."""
    for name in ("POINTSMAN_CONFIG", "POINTSMAN_ENV", "DEPLOYMENT_ENV", "POINTSMAN_URL", "POINTSMAN_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "POINTSMAN_ADMIN_KEY", "ENABLE_TOKEN_TRACKING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """The URL of a simulator that answers as fast as it can."""
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def door(simulator: str, request: pytest.FixtureRequest) -> Iterator[Door]:
    """A document with models of this test's own, and what the simulator saw of them."""
    door = Door(simulator, f"simulated-{zlib.crc32(request.node.nodeid.encode()):08x}")
    yield door
    door.simulation.control("DELETE", "/simulator/behaviour")


@pytest.fixture
def engine(door: Door) -> Iterator[Engine]:
    """An engine on that document."""
    with Engine(door.document) as engine:
        yield engine
