"""One simulator and one gateway for all tests of a worker that change neither."""

from collections.abc import Iterator

import pytest

from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings
from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
  broken: {{base_url: http://127.0.0.1:9/v1, location: local}}
models:
  large: {{provider: simulated, model_id: simulated-large, price_per_1m_tokens: {{input: "3", output: "15"}}}}
  small: {{provider: simulated, model_id: simulated-small, price_per_1m_tokens: {{input: "0.15", output: "0.60"}}}}
  unreachable: {{provider: broken, model_id: nothing}}
agents:
  orchestrator:
    model: large
    fallback: [small]
    parameters: {{temperature: 0.3, max_tokens: 2000}}
    tags: [routing]
  resilient: {{model: unreachable, fallback: [small]}}
  doomed: {{model: unreachable}}
"""


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """The URL of a simulator that answers as fast as it can."""
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture(scope="session")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """A gateway in front of the simulator."""
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator)) as running:
        yield running
