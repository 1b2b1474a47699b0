"""One gateway that the page's clients ask; its agent's model is at a provider that speaks Anthropic's format."""

from collections.abc import Iterator

import pytest

from matrix.world import World, write_document
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import run_gateway

AGENTS = "agents:\n  orchestrator: {model: anthropic_messages}\n"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A simulator of every provider's format and a gateway with an agent."""
    with (
        SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url,
        run_gateway(tmp_path_factory.mktemp("integrations"), write_document(url) + AGENTS) as gateway,
    ):
        yield World(url, gateway, {})
