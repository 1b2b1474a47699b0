"""`LLMRouter.complete`: calls by provider and model, with a configuration and with none."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from door import CHAT, QUESTION, Door, ask
from seeds import TWELVE, write_configuration

import pointsman.library.engine
import pointsman.router.complete
from pointsman import (
    ConfigurationError,
    LLMConfig,
    LLMProvider,
    LLMResponse,
    LLMRouter,
    MissingCredential,
    PointsmanError,
    RequestRefused,
    RequestTimedOut,
)
from pointsman.control.configuration import load_catalog
from pointsman.core.chat.usage import Usage
from pointsman.core.pricing.prices import PriceTable
from pointsman.library import engine as engine_module
from pointsman.library.engine import Engine
from pointsman.library.llm_response import describe_usage


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.setattr(pointsman.library.engine, "_engine", None)
    monkeypatch.setattr(pointsman.router.complete, "_plain_engine", None)
    yield
    for engine in (pointsman.library.engine._engine, pointsman.router.complete._plain_engine):
        if engine is not None:
            engine.close()


@pytest.fixture
def at_home(simulator: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ollama is where the simulator is."""
    monkeypatch.setenv("OLLAMA_HOST", simulator)


def check(response: LLMResponse, model: str) -> None:
    assert response.content and str(response) == response.content == response.message["content"]
    assert (response.provider, response.model, response.finish_reason) == ("ollama", model, "stop")
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens > 0
    assert (response.usage.total_cost_usd, response.usage.is_cost_known) == (0, True)
    assert response.latency_ms > 0 and response.metadata["request_id"].startswith("req_")


@pytest.mark.usefixtures("at_home")
def test_no_configuration_is_needed() -> None:
    config = LLMConfig(provider=LLMProvider.OLLAMA, model="simulated-free", temperature=0.7, max_tokens=900)
    router = LLMRouter()
    check(router.complete(QUESTION, config), "simulated-free")
    check(asyncio.run(router.acomplete("Say a word about trains.", config)), "simulated-free")
    with router.stream(QUESTION, config) as stream:
        text = "".join(chunk.text for chunk in stream)
    check(stream.response, "simulated-free")
    assert stream.response.content == text

    async def read() -> LLMResponse:
        async with router.astream(QUESTION, config) as stream:
            assert [chunk async for chunk in stream]
        return stream.response

    check(asyncio.run(read()), "simulated-free")
    with pytest.raises(FileNotFoundError, match="pointsman init"):
        router.route_request("writer")
    assert LLMRouter()._completions.find_engine() is router._completions.find_engine()


def test_a_router_with_a_path_has_an_engine_of_its_own(door: Door, simulator: str) -> None:
    write_configuration(simulator, TWELVE, door.simulation.model)
    with LLMRouter("pointsman.yaml") as router:
        assert router.complete("Hi", LLMConfig(provider="ollama", model="llama3")).content
        router.reload()
        engine = router._completions.find_engine()
        assert engine.snapshot.revision == router.revision and not engine.is_closed
    assert engine.is_closed


@pytest.mark.parametrize(
    ("provider", "variables"),
    [("openai", ("OPENAI_API_KEY",)), ("claude", ("ANTHROPIC_API_KEY", "CLAUDE_API_KEY"))],
)
def test_a_key_that_is_missing_is_named(provider: str, variables: tuple[str, ...]) -> None:
    with pytest.raises(MissingCredential, match=variables[0]) as raised:
        LLMRouter().complete(QUESTION, LLMConfig(provider=provider, model="a-model"))
    assert raised.value.variables == variables


@pytest.mark.parametrize(("provider", "hint"), [("nobody", "base_url"), ("azure", "AZURE_OPENAI_ENDPOINT")])
def test_a_provider_that_needs_more_than_its_name_is_refused_and_says_what(provider: str, hint: str) -> None:
    router = LLMRouter()
    with pytest.raises(ConfigurationError, match=hint):
        router.complete(QUESTION, LLMConfig(provider=provider, model="a-model"))
    with pytest.raises(MissingCredential):
        router.complete(QUESTION, LLMConfig(provider="openai", model="a-model"))


def test_the_registry_counts_before_what_is_added(simulator: str, monkeypatch: pytest.MonkeyPatch, door: Door) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "dummy")
    write_configuration(simulator, TWELVE, door.simulation.model)
    router = LLMRouter()
    before = router.revision
    by_name = router.complete(QUESTION, LLMConfig(provider=LLMProvider.OPENAI, model="gpt-4o-mini"))
    by_id = router.complete(QUESTION, LLMConfig(provider="openai", model=door.simulation.model))
    assert by_name.metadata["model"] == by_id.metadata["model"] == "gpt-4o-mini"
    usage = by_name.usage
    assert usage.input_cost_usd == usage.input_tokens * Decimal("0.15") / 1_000_000
    assert usage.output_cost_usd == usage.output_tokens * Decimal("0.60") / 1_000_000
    assert usage.total_cost_usd == usage.input_cost_usd + usage.output_cost_usd
    added = router.complete(QUESTION, LLMConfig(provider="openai", model="simulated-added"))
    assert (added.provider, added.metadata["model"]) == ("openai", "openai/simulated-added")
    assert router.revision == before and "openai/simulated-added" in router._completions.find_engine().snapshot.models
    without = router.complete(QUESTION, LLMConfig(model="auto", fallback_models=["llama3"]))
    assert (without.provider, without.metadata["model"]) == ("ollama", "llama3")


def test_what_the_configuration_forbids_it_forbids_to_added_models(door: Door) -> None:
    document = {name: section for name, section in door.document.items() if name != "agents"}
    with Engine({**document, "routing": {"force_local_models": True}}) as engine:
        name = engine.name_model("far", f"{door.simulation.model}-far")
        added = engine.name_model("far", f"{door.simulation.model}-more")
        answers = [engine.post(CHAT, ask(each)) for each in (name, added)]
    assert (name, added) == ("far", f"far/{door.simulation.model}-more")
    assert all(answer.status == 503 and b"privacy_unavailable" in answer.body for answer in answers)
    assert door.list_far_calls() == []


def test_a_configuration_that_is_its_files_alone_takes_no_model() -> None:
    document = {"version": 1, "source": "file", "providers": {"ollama": {}}}
    with Engine(document) as engine, pytest.raises(PointsmanError, match="source: file"):
        engine.name_model("ollama", "llama3")


def test_models_are_added_by_many_threads_and_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pointsman.library.added_models.MOST_ADDED", 8)
    with Engine({"version": 1, "providers": {"ollama": {}}}) as engine, ThreadPoolExecutor(8) as threads:
        names = list(threads.map(lambda number: engine.name_model("ollama", f"m{number % 16}"), range(64)))
        assert set(names) == {f"ollama/m{number}" for number in range(16)}
        assert len(engine.snapshot.models) == 8


@pytest.mark.parametrize("runs", [False, True])
def test_reading_anew_takes_no_model_back_that_is_added_meanwhile(monkeypatch: pytest.MonkeyPatch, runs: bool) -> None:
    with Engine({"version": 1, "providers": {"ollama": {}}}) as engine, ThreadPoolExecutor(1) as threads:
        if runs:
            engine.usage()
        read, named = engine_module.read_configuration, list[Future[str]]()

        def read_slowly(*of_what: Any) -> Any:
            result = read(*of_what)
            if not named:
                named.append(threads.submit(engine.name_model, "ollama", "m"))
                # Either it is added at once, or it waits for its turn, of which nothing can be seen from here.
                wait(named, timeout=0.2)
            return result

        monkeypatch.setattr(engine_module, "read_configuration", read_slowly)
        engine.reload()
        assert named[0].result(10) in engine.snapshot.models


def test_a_name_that_means_another_model_is_not_taken_for_it() -> None:
    document = {"version": 1, "providers": {"ollama": {}, "vllm": {}}, "models": {"ollama/m": {"provider": "vllm"}}}
    with Engine(document) as engine:
        name = engine.name_model("ollama", "m")
        deployment = engine.snapshot.models[name].deployment
    assert (name, deployment.provider, deployment.upstream_model) == ("ollama/m@ollama", "ollama", "m")


@pytest.mark.usefixtures("at_home")
def test_all_of_the_terms_act(door: Door) -> None:
    router = LLMRouter()
    door.simulation.behave(latency_ms=5_000)
    model = door.simulation.model
    with pytest.raises(RequestTimedOut):
        router.complete(QUESTION, LLMConfig(provider="ollama", model=model, timeout_s=0.2))
    with pytest.raises(RequestRefused, match="does not exist"):
        router.complete(QUESTION, LLMConfig(provider="ollama", model=model, agent="ghost"))
    with pytest.raises(TypeError, match="LLMConfig"):
        router.complete(QUESTION, {"model": model})  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="temprature"):
        LLMConfig(provider="ollama", model=model, temprature=0.7)  # type: ignore[call-arg]


def test_a_configuration_that_comes_later_counts_from_then_on(simulator: str) -> None:
    router = LLMRouter()
    assert router.snapshot is None
    write_configuration(simulator, TWELVE, "simulated-later")
    assert router.snapshot is not None and "gpt-4o" in router.snapshot.models
    response = router.complete(QUESTION, LLMConfig(provider="ollama", model="llama3"))
    assert response.metadata["model"] == "llama3"


def test_the_providers_are_those_of_the_catalogue() -> None:
    assert {provider.value for provider in LLMProvider} == set(load_catalog().providers)
    assert LLMConfig(provider=LLMProvider.OPENAI, model="m").provider == "openai"
    assert type(LLMConfig(provider=LLMProvider.OPENAI, model="m").provider) is str


@pytest.mark.parametrize("total", ["0.00001", "0.000000001", "0.5", "0"])
def test_the_parts_of_a_cost_add_up(total: str) -> None:
    prices = PriceTable(150_000_000, 600_000_001, 75_000_000, "test")
    usage = describe_usage(Usage(13, 7, 4, 2), Decimal(total), prices)
    assert usage.input_cost_usd + usage.output_cost_usd + usage.other_cost_usd == usage.total_cost_usd == Decimal(total)
    assert min(usage.input_cost_usd, usage.output_cost_usd, usage.other_cost_usd) >= 0


def test_a_cost_that_nobody_knows_is_no_number() -> None:
    usage = describe_usage(Usage(13, 7), None, None)
    assert not usage.is_cost_known and usage.total_tokens == 20
    assert all(cost.is_nan() for cost in (usage.input_cost_usd, usage.output_cost_usd, usage.total_cost_usd))
    assert describe_usage(Usage(1, 1), Decimal("0.1"), None).total_cost_usd == Decimal("0.1")
    assert describe_usage(None, Decimal("0.1"), None).input_tokens == 0
