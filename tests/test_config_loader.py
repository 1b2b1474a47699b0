"""The Python door: a program written for seed 000's loader runs on ours with its import line changed."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import pointsman
from pointsman import AgentConfig, ConfigLoader, ConfigurationError, get_config_loader

USUAL = Path("config/agents/models.yaml")

SEED_000 = """\
version: "1.0"
provider: gradient

agents:
  orchestrator:
    model: llama3.3-70b-instruct
    provider: gradient
    temperature: 0.3
    max_tokens: 2000
    cost_per_1m_tokens: 0.60
    context_window: 128000
    use_case: complex_reasoning
    tags: [routing, orchestration, supervisor]
    langsmith_project: agents-orchestrator

  infrastructure:
    model: llama3-8b-instruct
    provider: gradient
    temperature: 0.5
    max_tokens: 2000
    cost_per_1m_tokens: 0.20
    context_window: 128000
    use_case: infrastructure_config
    tags: [terraform, kubernetes, docker]
    langsmith_project: agents-infrastructure

environments:
  production:
    orchestrator:
      model: llama3.3-70b-instruct
  development:
    orchestrator:
      model: llama3-8b-instruct
"""

OURS = """\
version: 1
providers:
  openai: {}
  here: {base_url: http://127.0.0.1:9/v1, location: local}
models:
  big: {provider: openai, model_id: gpt-4o}
  home: {provider: here, model_id: x}
agents:
  writer: {model: big, fallback: [home], parameters: {temperature: 1, max_tokens: 10}, description: Writes}
  reader: {model: home}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A program's working folder, with seed 000's file in it, and a process that has not asked for a loader yet."""
    monkeypatch.chdir(tmp_path)
    for name in ("POINTSMAN_CONFIG", "POINTSMAN_ENV", "DEPLOYMENT_ENV", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("pointsman.config_loader._loader", None)
    USUAL.parent.mkdir(parents=True)
    USUAL.write_text(SEED_000)
    yield tmp_path


def test_yaml_loader() -> None:
    loader = ConfigLoader("config/agents/models.yaml")
    assert "orchestrator" in loader.get_all_agents()


def test_hot_reload() -> None:
    loader = ConfigLoader()
    original_model = loader.get_agent_config("orchestrator").model
    USUAL.write_text(SEED_000.replace("model: llama3.3-70b-instruct", "model: mistral-nemo-instruct-2407"))
    loader.reload()
    new_model = loader.get_agent_config("orchestrator").model
    assert original_model != new_model


def test_every_field_of_the_form_is_there() -> None:
    agent = get_config_loader().get_agent_config("orchestrator")
    written = {
        "model": "llama3.3-70b-instruct",
        "provider": "gradient",
        "temperature": 0.3,
        "max_tokens": 2000,
        "cost_per_1m_tokens": 0.6,
        "context_window": 128000,
        "use_case": "complex_reasoning",
        "tags": ["routing", "orchestration", "supervisor"],
        "langsmith_project": "agents-orchestrator",
    }
    assert written.items() <= agent.model_dump().items()
    assert agent.price_per_1m_tokens == {"input": "0.6", "cached_input": "0.6", "output": "0.6"}
    assert isinstance(agent, AgentConfig)


def test_what_a_program_builds_from_it() -> None:
    config_loader = get_config_loader()
    names = [f"{name.replace('-', '_')}_llm" for name in config_loader.get_all_agents().keys()]  # noqa: SIM118
    assert names == ["orchestrator_llm", "infrastructure_llm"]
    agent_config = config_loader.get_agent_config("infrastructure")
    config_dict = agent_config.model_dump()
    config_dict.update({"temperature": 0.9})
    assert (config_dict["model"], config_dict["temperature"]) == ("llama3-8b-instruct", 0.9)
    assert ["infrastructure", agent_config.provider, *agent_config.tags][1] == "gradient"
    cost_per_1m = agent_config.cost_per_1m_tokens
    assert cost_per_1m is not None and (600_000 + 400_000) / 1_000_000 * cost_per_1m == 0.2
    assert str(config_loader.config_path).endswith("config/agents/models.yaml")


def test_a_provider_keeps_the_name_of_its_form() -> None:
    USUAL.write_text(SEED_000.replace("provider: gradient\n    temperature: 0.3", "provider: claude"))
    assert ConfigLoader().get_agent_config("orchestrator").provider == "claude"


def test_the_environment_is_as_the_variables_say(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = ConfigLoader()
    assert (loader.config.environment, loader.get_agent_config("orchestrator").model) == (
        "production",
        "llama3.3-70b-instruct",
    )
    monkeypatch.setenv("DEPLOYMENT_ENV", "development")
    loader.reload()
    assert (loader.config.environment, loader.get_agent_config("orchestrator").model) == (
        "development",
        "llama3-8b-instruct",
    )
    monkeypatch.delenv("DEPLOYMENT_ENV")
    monkeypatch.setenv("POINTSMAN_ENV", "development")
    assert ConfigLoader().get_agent_config("orchestrator").model == "llama3-8b-instruct"


def test_an_unknown_agent_is_a_value_error_that_helps() -> None:
    loader = ConfigLoader()
    with pytest.raises(ValueError, match="Unknown agent: ghost; there are orchestrator, infrastructure"):
        loader.get_agent_config("ghost")
    with pytest.raises(ValueError, match=r"did you mean orchestrator\?"):
        loader.get_agent_config("orchestator")
    with pytest.raises(ValueError, match=r"Unknown agent: \\n;"):
        loader.get_agent_config("\n")


def test_a_missing_file_is_told_by_its_name() -> None:
    with pytest.raises(FileNotFoundError, match=r"Config file not found: nowhere/models\.yaml"):
        ConfigLoader("nowhere/models.yaml")
    USUAL.unlink()
    with pytest.raises(FileNotFoundError, match="pointsman init"):
        get_config_loader()
    USUAL.write_text(SEED_000)
    assert "orchestrator" in get_config_loader().get_all_agents()


def test_a_bad_file_tells_all_that_is_wrong_and_the_former_one_stays() -> None:
    loader = ConfigLoader()
    USUAL.write_text(SEED_000.replace("temperature: 0.3", "temperature: hot").replace("context_window: 128000", "x: 1"))
    with pytest.raises(ConfigurationError) as caught:
        loader.reload()
    errors = [problem for problem in caught.value.problems if problem.severity == "error"]
    assert len(errors) == 3
    assert all(f"models.yaml:{problem.line}:{problem.column} " in str(caught.value) for problem in errors)
    assert isinstance(caught.value, ValueError) and "credential_missing" not in str(caught.value)
    assert loader.get_agent_config("orchestrator").temperature == 0.3
    with pytest.raises(ConfigurationError):
        ConfigLoader()


def test_what_should_be_looked_at_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    Path("ours.yaml").write_text(OURS)
    assert [problem.code for problem in ConfigLoader("ours.yaml").warnings][:1] == ["credential_missing"]


def test_our_own_form_is_read_the_same_way() -> None:
    Path("ours.yaml").write_text(OURS)
    writer = ConfigLoader(Path("ours.yaml")).get_agent_config("writer")
    assert (writer.model, writer.provider, writer.fallback) == ("gpt-4o", "openai", ["x"])
    assert (writer.temperature, writer.max_tokens, writer.description) == (1.0, 10, "Writes")
    assert writer.cost_per_1m_tokens is None and writer.price_per_1m_tokens["output"] == "10"
    reader = ConfigLoader("ours.yaml").get_agent_config("reader")
    assert (reader.temperature, reader.max_tokens, reader.tags, reader.use_case) == (None, None, [], "")


def test_the_file_that_older_programs_keep_counts_before_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("pointsman.yaml").write_text(OURS)
    assert "orchestrator" in ConfigLoader().get_all_agents()
    monkeypatch.setenv("POINTSMAN_CONFIG", "pointsman.yaml")
    assert "writer" in ConfigLoader().get_all_agents()
    monkeypatch.delenv("POINTSMAN_CONFIG")
    USUAL.unlink()
    assert "writer" in ConfigLoader().get_all_agents()


def test_a_folder_is_read_as_one_configuration() -> None:
    head, agents = OURS.split("agents:")
    parts = Path("parts")
    parts.mkdir()
    (parts / "models.yaml").write_text(head)
    (parts / "agents.yaml").write_text(f"agents:{agents}")
    assert list(ConfigLoader("parts").get_all_agents()) == ["writer", "reader"]


def test_what_is_given_out_cannot_change_what_is_loaded() -> None:
    loader = ConfigLoader()
    loader.get_all_agents().clear()
    assert "orchestrator" in loader.get_all_agents()
    with pytest.raises(ValueError, match="frozen"):
        loader.get_agent_config("orchestrator").model = "x"


def test_all_threads_get_the_same_loader() -> None:
    with ThreadPoolExecutor(8) as pool:
        loaders = {id(loader) for loader in pool.map(lambda _: get_config_loader(), range(64))}
    assert loaders == {id(get_config_loader())}


def test_readers_see_one_whole_configuration_while_it_is_loaded_anew() -> None:
    loader = ConfigLoader()
    other = SEED_000.replace("llama3-8b-instruct", "mistral-nemo-instruct-2407").replace("0.5", "0.9")
    seen: set[tuple[str, float | None]] = set()

    def read(_: int) -> None:
        agent = loader.get_agent_config("infrastructure")
        seen.add((agent.model, agent.temperature))

    def load(number: int) -> None:
        USUAL.write_text(other if number % 2 else SEED_000)
        loader.reload()

    with ThreadPoolExecutor(4) as pool:
        readings = [pool.submit(read, number) for number in range(2_000)]
        for number in range(6):
            load(number)
        for reading in readings:
            reading.result()
    assert seen <= {("llama3-8b-instruct", 0.5), ("mistral-nemo-instruct-2407", 0.9)}


def test_importing_the_package_loads_next_to_nothing() -> None:
    script = "import sys, pointsman; print(sorted({'pydantic', 'yaml', 'msgspec', 'asyncio'} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30)
    assert printed.stdout == "[]\n"


def test_the_package_names_what_it_gives() -> None:
    assert all(hasattr(pointsman, name) for name in pointsman.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pointsman.nothing
