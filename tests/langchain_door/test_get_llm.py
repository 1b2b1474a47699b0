"""`get_llm`: an agent's model, what may be overridden, keys that are missing, and agents as attributes."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from langchain_core.runnables import RunnableLambda
from langchain_core.tracers.langchain import LangChainTracer
from langchain_world import KEYS, QUESTION, World
from langsmith import Client

import pointsman
import pointsman.langchain
from pointsman import UnknownAgent
from pointsman.langchain import ChatPointsman, get_llm
from pointsman.langchain.tracing import ProjectTracer
from pointsman.library import engine as engine_module
from pointsman.library.engine import Engine, get_engine
from pointsman.library.errors import MissingCredential


@pytest.fixture
def own_engine(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine of this process has the document of the test."""
    path = tmp_path / "pointsman.json"
    path.write_bytes(msgspec.json.encode(world.document))
    monkeypatch.setenv("POINTSMAN_CONFIG", str(path))
    monkeypatch.setattr(engine_module, "_engine", None)


def test_an_agents_model(engine: Engine, world: World) -> None:
    llm = get_llm("writer", engine=engine)
    assert isinstance(llm, ChatPointsman) and llm.model_name == "agent:writer"
    assert llm.tags == ["writer", "near", "prose"]
    assert llm.metadata is not None and llm.metadata["langsmith_project"] == "agents-writer"
    outcomes: list[tuple[str, ...]] = []
    engine.add_listener(lambda outcome: outcomes.append(outcome.tags))
    llm.invoke(QUESTION)
    assert '"temperature":0.25' in world.simulation.list_calls()[-1]["body"]
    assert outcomes == [("prose",)]


def test_overrides(engine: Engine, world: World) -> None:
    llm = get_llm("writer", engine=engine, temperature=0.5, model="ollama-model", tags=["nightly"], user="ada")
    assert llm.tags == ["writer", "near", "prose", "nightly"]
    assert llm.invoke(QUESTION).response_metadata["model"] == "ollama-model"
    assert '"temperature":0.5' in world.simulation.list_calls()[-1]["body"]


def test_a_model_by_its_providers_id(engine: Engine, world: World) -> None:
    llm = get_llm("on-ollama", engine=engine, model=world.simulation.model)
    assert llm.invoke(QUESTION).response_metadata["model"] == "ollama-model"
    assert get_llm("writer", engine=engine, model="auto").model_name == "auto"
    with pytest.raises(ValueError, match=r"did you mean near-model\?"):
        get_llm("writer", engine=engine, model="near-modle")


def test_an_override_that_is_none(engine: Engine) -> None:
    with pytest.raises(TypeError, match=r"'temprature'; did you mean temperature?"):
        get_llm("writer", engine=engine, temprature=0.5)
    with pytest.raises(TypeError, match="no override 'api_key'"):
        get_llm("writer", engine=engine, api_key="sk-other")


def test_an_agent_that_is_none(engine: Engine) -> None:
    with pytest.raises(UnknownAgent, match=r"did you mean writer?") as raised:
        get_llm("writre", engine=engine)
    assert isinstance(raised.value, ValueError) and raised.value.agent_id == "writre"


def test_a_missing_key_says_what_to_set(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(MissingCredential, match="set OPENAI_API_KEY"):
        get_llm("keyless", engine=engine)
    with pytest.raises(MissingCredential, match="GRADIENT_MODEL_ACCESS_KEY or DO_SERVERLESS_INFERENCE_KEY"):
        get_llm("writer", engine=engine, model="gradient-model")
    assert get_llm("falls-back", engine=engine).invoke(QUESTION).response_metadata["model"] == "near-model"
    assert "set OPENAI_API_KEY" in caplog.text
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["OPENAI_API_KEY"])
    assert get_llm("keyless", engine=engine).invoke(QUESTION).text


@pytest.mark.usefixtures("own_engine")
def test_agents_as_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    from pointsman import feature_dev_llm  # type: ignore[attr-defined]
    from pointsman.langchain import writer_llm  # type: ignore[attr-defined]

    assert feature_dev_llm.agent == "feature-dev" and writer_llm.invoke(QUESTION).text
    with pytest.raises(AttributeError, match=r"did you mean writer_llm?"):
        _ = pointsman.langchain.writter_llm
    with pytest.raises(AttributeError, match="feature_dev_llm"):
        _ = pointsman.zzz_llm
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pointsman.langchain.nothing
    assert {"get_llm", "ChatPointsman"} <= set(dir(pointsman.langchain))
    with pytest.raises(MissingCredential):
        _ = pointsman.keyless_llm
    get_engine().close()


def test_a_project_of_langsmith(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert get_llm("writer", engine=engine).callbacks is None
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    tracers = [each for each in get_llm("writer", engine=engine).callbacks or [] if isinstance(each, LangChainTracer)]  # type: ignore[union-attr]
    assert [tracer.project_name for tracer in tracers] == ["agents-writer"]
    assert get_llm("feature-dev", engine=engine).callbacks is None


class Kept(Client):
    """A client of LangSmith that keeps what it would send."""

    def __init__(self) -> None:
        super().__init__(api_url="http://127.0.0.1:9", api_key="ls-test", auto_batch_tracing=False)
        self.posted: list[tuple[str, str]] = []

    def create_run(self, name: str, *args: Any, **kwargs: Any) -> None:
        self.posted.append((name, kwargs["session_name"]))

    def update_run(self, *args: Any, **kwargs: Any) -> None:
        assert kwargs.get("error") is None


def test_only_traces_of_its_own_go_to_its_project(engine: Engine) -> None:
    llm, client = get_llm("writer", engine=engine), Kept()
    llm.callbacks = [ProjectTracer(project_name="agents-writer", client=client)]
    llm.invoke(QUESTION)
    assert client.posted == [("ChatPointsman", "agents-writer")]
    (RunnableLambda(lambda question: question) | llm).invoke(QUESTION)
    assert len(client.posted) == 1


def test_importing_reads_no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(engine_module, "_engine", None)
    assert ChatPointsman(agent="writer").model_name == "agent:writer"
    with pytest.raises(FileNotFoundError, match="pointsman init"):
        get_llm("writer")
