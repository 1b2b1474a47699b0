"""With `POINTSMAN_URL` set, the same names ask a running gateway, with its key."""

import asyncio
from collections.abc import Iterator

import openai
import pytest
from langchain_world import QUESTION

import pointsman
from pointsman import (
    ChatPointsman,
    PointsmanError,
    UnknownAgent,
    create_llm,
    get_embeddings_model,
    get_llm,
    token_tracker,
)
from pointsman.langchain import DirectRefused
from pointsman.library import engine as engine_module
from running import RunningGateway, run_gateway

DOCUMENT = """\
version: 1
providers:
  simulated: {{base_url: {url}/v1, location: local}}
models:
  small: {{provider: simulated, model_id: simulated-small, price_per_1m_tokens: {{input: "1", output: "2"}}}}
  vectors: {{provider: simulated, model_id: simulated-vectors, capabilities: [embeddings]}}
agents:
  writer: {{model: small, tags: [prose]}}
interactions:
  reasoning: {{model: small}}
  embeddings: {{model: vectors}}
"""


@pytest.fixture(scope="module")
def gateway(simulator: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("gateway"), DOCUMENT.format(url=simulator)) as running:
        yield running


@pytest.fixture(autouse=True)
def asked_there(gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POINTSMAN_URL", gateway.url)
    monkeypatch.setenv("POINTSMAN_API_KEY", gateway.api_key)
    monkeypatch.setattr(engine_module, "_engine", None)
    token_tracker.reset()
    yield
    engine_module.get_engine().close()


def test_answers_and_streams() -> None:
    llm = get_llm("writer", temperature=0.2, user="ada")
    assert llm.tags == ["writer"]
    message = llm.invoke(QUESTION)
    assert message.response_metadata["cost_usd"] > 0 and message.response_metadata["model"] == "small"
    assert asyncio.run(llm.ainvoke(QUESTION)).text == message.text
    chunks = list(llm.stream(QUESTION))
    assert "".join(chunk.text for chunk in chunks) == message.text
    told = token_tracker.get_summary()["writer"]
    assert told["call_count"] == 3 and told["unknown_cost_calls"] == 0 and told["completion_tokens"] > 0


def test_attributes_and_interactions() -> None:
    assert pointsman.writer_llm.invoke(QUESTION).text
    assert create_llm().invoke(QUESTION).response_metadata["decision"] == "interaction"
    assert len(get_embeddings_model().embed_documents(["a", "b"])) == 2


def test_what_is_not_there() -> None:
    with pytest.raises(UnknownAgent, match=r"did you mean writer\?"):
        get_llm("writre")
    with pytest.raises(AttributeError, match="writer_llm"):
        _ = pointsman.zzz_llm
    with pytest.raises(DirectRefused, match="lie with the gateway"):
        get_llm("writer", direct=True)


def test_a_wrong_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POINTSMAN_API_KEY", "pm_wrong")
    monkeypatch.setattr(engine_module, "_engine", None)
    with pytest.raises(PointsmanError, match="POINTSMAN_API_KEY is right"):
        get_llm("writer")
    with pytest.raises(openai.AuthenticationError):
        ChatPointsman(agent="writer").invoke(QUESTION)
