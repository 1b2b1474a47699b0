"""`get_llm(..., direct=True)`: each vendor's own class talks to its provider and is counted; privacy refuses it."""

import asyncio
import gc
import json
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import pytest
from langchain_world import KEYS, QUESTION, World

from pointsman.core.routing.outcome import Outcome
from pointsman.langchain import DirectRefused, get_llm
from pointsman.library.engine import Engine
from pointsman.library.errors import MissingCredential
from pointsman.library.gateway_engine import GatewayEngine

VENDORS = {
    "openai": "ChatOpenAI",
    "gradient": "ChatOpenAI",
    "near": "ChatOpenAI",
    "anthropic": "ChatAnthropic",
    "mistral": "ChatMistralAI",
    "google": "ChatGoogleGenerativeAI",
    "cohere": "ChatCohere",
}
TOLD_IN_STREAMS = {"mistral": "estimated", "cohere": "estimated"}
"""Whose streams tell no usage: Cohere's class passes it over; the simulator tells it to whom asks, as OpenAI does."""


@pytest.fixture(autouse=True)
def forgotten_clients() -> Iterator[None]:
    """Vendors' classes have no way to close their connections; what a test has dropped goes here, and quietly."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, key in KEYS.items():
        monkeypatch.setenv(name, key)


# google-genai's own, where aiohttp is installed.
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize("provider", VENDORS)
def test_each_vendors_class_is_set_up_and_counted(engine: Engine, world: World, provider: str) -> None:
    outcomes: list[Outcome] = []
    engine.add_listener(outcomes.append)
    llm = get_llm(f"on-{provider}", direct=True, engine=engine)
    assert type(llm).__name__ == VENDORS[provider]
    assert llm.tags is not None and llm.tags[:2] == [f"on-{provider}", provider]
    assert llm.invoke(QUESTION).text
    assert "".join(chunk.text for chunk in llm.stream(QUESTION))
    sent = dict(world.simulation.list_calls()[0]["headers"])
    assert "x-pointsman-agent" not in sent
    assert [outcome.cost_status for outcome in outcomes] == ["actual", TOLD_IN_STREAMS.get(provider, "actual")]
    for outcome in outcomes:
        assert (outcome.agent, outcome.provider, outcome.model) == (f"on-{provider}", provider, f"{provider}-model")
        assert outcome.status == 200 and outcome.usage is not None
        usage = outcome.usage
        assert outcome.cost_nusd == usage.input_tokens * 1_000 + usage.output_tokens * 2_000
    assert engine.usage()["per_agent"][f"on-{provider}"]["call_count"] == 2


@pytest.mark.usefixtures("keys")
def test_with_await(engine: Engine) -> None:
    async def use() -> None:
        llm: Any = get_llm("on-mistral", direct=True, engine=engine)
        assert (await llm.ainvoke(QUESTION)).text
        await llm.async_client.aclose()
        llm.client.close()

    asyncio.run(use())
    assert engine.usage()["per_agent"]["on-mistral"]["call_count"] == 1


class OllamaRequests(BaseHTTPRequestHandler):
    """Ollama's own chat, as its reference has it."""

    seen: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.seen.append({"path": self.path, **asked})
        answer = {
            "model": asked["model"], "created_at": "2026-11-21T12:00:00Z", "done": True, "done_reason": "stop",
            "message": {"role": "assistant", "content": "Choo."}, "prompt_eval_count": 7, "eval_count": 2,
        }  # fmt: skip
        body = json.dumps(answer).encode() + b"\n"
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def ollama() -> Iterator[str]:
    OllamaRequests.seen.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), OllamaRequests)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_ollama_has_a_class_of_its_own(world: World, ollama: str) -> None:
    world.document["providers"]["ollama"]["base_url"] = f"{ollama}/v1"
    with Engine(world.document) as engine:
        llm = get_llm("on-ollama", direct=True, engine=engine, max_tokens=64)
        assert type(llm).__name__ == "ChatOllama" and llm.invoke(QUESTION).text == "Choo."
        counted = engine.usage()["per_agent"]["on-ollama"]
    assert (counted["prompt_tokens"], counted["completion_tokens"]) == (7, 2)
    assert OllamaRequests.seen[0]["path"] == "/api/chat" and OllamaRequests.seen[0]["options"]["num_predict"] == 64


def test_parameters_of_the_agent_and_overrides(engine: Engine, world: World) -> None:
    llm = get_llm("writer", direct=True, engine=engine, max_tokens=50, tags=["nightly"])
    assert llm.tags == ["writer", "near", "prose", "nightly"]
    llm.invoke(QUESTION)
    body = world.simulation.list_calls()[-1]["body"]
    assert '"temperature":0.25' in body and ":50" in body and "200" not in body


@pytest.mark.usefixtures("keys")
def test_a_model_by_its_name_or_its_providers_id(engine: Engine, world: World) -> None:
    assert type(get_llm("writer", direct=True, engine=engine, model="anthropic-model")).__name__ == "ChatAnthropic"
    assert type(get_llm("writer", direct=True, engine=engine, model=world.simulation.model)).__name__ == "ChatOpenAI"
    with pytest.raises(ValueError, match=r'no model "near-modle"; did you mean near-model\?'):
        get_llm("writer", direct=True, engine=engine, model="near-modle")


def test_a_failed_call_is_counted_as_one(engine: Engine, world: World) -> None:
    outcomes: list[Outcome] = []
    engine.add_listener(outcomes.append)
    world.simulation.behave(fault="status_400")
    with pytest.raises(Exception, match="Invalid value"):
        get_llm("writer", direct=True, engine=engine).invoke(QUESTION)
    assert [(outcome.status, outcome.failure, outcome.cost_status) for outcome in outcomes] == [
        (400, "upstream_error", "unknown")
    ]


def test_a_missing_key_is_named_here_too(engine: Engine) -> None:
    with pytest.raises(MissingCredential, match="set OPENAI_API_KEY") as raised:
        get_llm("on-openai", direct=True, engine=engine)
    assert raised.value.variables == ("OPENAI_API_KEY",)


def test_what_is_no_override_of_the_class(engine: Engine) -> None:
    with pytest.raises(TypeError, match=r"ChatOpenAI has no 'temprature'; did you mean temperature\?"):
        get_llm("writer", direct=True, engine=engine, temprature=1)
    with pytest.raises(TypeError, match="max_cost_usd is for the relay"):
        get_llm("writer", direct=True, engine=engine, max_cost_usd="1")


def refuse(engine: Engine, agent: str = "writer", **overrides: Any) -> str:
    with pytest.raises(DirectRefused, match="leave direct=True out") as raised:
        get_llm(agent, direct=True, engine=engine, **overrides)
    assert raised.value.code == "direct_refused"
    return str(raised.value)


def test_privacy_refuses_it(engine: Engine) -> None:
    assert "its policy has privacy: high" in refuse(engine, "secretive")
    assert "privacy is said to be high" in refuse(engine, privacy="high")


RULE = {"when": "task.critical", "action": "switch_to_local_only"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"routing": {"rules": [RULE]}}, "keeps some of its requests back"),
        ({"routing": {"strategy": "privacy_first"}}, "all requests stay local"),
        ({"policy": {"privacy": "medium"}}, "medium in privacy"),
    ],
)
def test_privacy_of_the_whole_installation_refuses_it(world: World, change: dict[str, Any], told: str) -> None:
    with Engine(world.document | change) as engine:
        assert told in refuse(engine)


def test_a_gateway_keeps_its_keys(world: World) -> None:
    with GatewayEngine("http://127.0.0.1:9") as gateway:
        from pointsman.langchain.direct import build_direct

        with pytest.raises(DirectRefused, match="lie with the gateway"):
            build_direct(gateway, "writer", None, {})
