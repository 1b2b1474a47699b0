"""One simulator for all tests of the LangChain door; the environment of whoever runs them says nothing."""

import zlib
from collections.abc import Iterator

import pytest
from langchain_world import World

from pointsman.library.engine import Engine
from pointsman.library.token_tracker import token_tracker
from pointsman.simulator.process import SimulatorProcess
from pointsman.simulator.settings import SimulatorSettings

SAID_NOWHERE = (
    "POINTSMAN_CONFIG", "POINTSMAN_ENV", "DEPLOYMENT_ENV", "POINTSMAN_URL", "POINTSMAN_API_KEY", "POINTSMAN_ADMIN_KEY",
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_API_KEY", "CLAUDE_API_KEY", "MISTRAL_API_KEY",
    "GOOGLE_API_KEY", "GEMINI_API_KEY", "CO_API_KEY", "COHERE_API_KEY", "OLLAMA_HOST", "OLLAMA_URL",
    "GRADIENT_MODEL_ACCESS_KEY", "DO_SERVERLESS_INFERENCE_KEY", "GRADIENT_BASE_URL", "LANGCHAIN_TRACING_V2",
    "LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "ENABLE_TOKEN_TRACKING",
)  # fmt: skip


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SAID_NOWHERE:
        monkeypatch.delenv(name, raising=False)
    # A proxy that would refuse everything: nothing may leave through it.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """The URL of a simulator that answers as fast as it can."""
    with SimulatorProcess(SimulatorSettings(port=0, latency_ms=0, tokens_per_second=0)) as url:
        yield url


@pytest.fixture
def world(simulator: str, request: pytest.FixtureRequest) -> Iterator[World]:
    """A document with models of this test's own, and what the simulator saw of them."""
    world = World(simulator, f"simulated-{zlib.crc32(request.node.nodeid.encode()):08x}")
    yield world
    world.simulation.control("DELETE", "/simulator/behaviour")


@pytest.fixture
def engine(world: World) -> Iterator[Engine]:
    """An engine on that document; what it counts begins at zero."""
    token_tracker.reset()
    with Engine(world.document) as engine:
        yield engine
