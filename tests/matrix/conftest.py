"""One simulator, one gateway and one of each SDK for all tests of a worker."""

from collections.abc import Iterator

import pytest

from matrix.world import World, open_world
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Every official SDK before every provider's format."""
    with (
        SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url,
        open_world(url, tmp_path_factory.mktemp("matrix")) as running,
    ):
        yield running
