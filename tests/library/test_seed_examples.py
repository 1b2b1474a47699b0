"""The Python examples of the seeds, word for word but for their import lines, against simulated providers."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from seeds import AGENTS_MODELS, INTERACTIONS, MANAGED, TWELVE, name_model, write_configuration

import pointsman.config_loader
import pointsman.library.engine
import pointsman.router.llm_router


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working folder and a process that has loaded nothing yet; every key is a dummy."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GRADIENT_MODEL_ACCESS_KEY"):
        monkeypatch.setenv(name, "dummy")
    monkeypatch.setattr(pointsman.config_loader, "_loader", None)
    monkeypatch.setattr(pointsman.router.llm_router, "_router", None)
    monkeypatch.setattr(pointsman.library.engine, "_engine", None)
    yield
    engine = pointsman.library.engine._engine
    if engine is not None:
        engine.close()


@pytest.fixture
def model(request: pytest.FixtureRequest) -> str:
    return name_model(request.node.nodeid)


@pytest.fixture
def agents_models(simulator: str, model: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Seed 000's file."""
    monkeypatch.setenv("GRADIENT_BASE_URL", f"{simulator}/v1")
    path = Path("config/agents/models.yaml")
    path.parent.mkdir(parents=True)
    path.write_text(AGENTS_MODELS.format(model=model))
    return path


@pytest.mark.usefixtures("agents_models")
def test_seed_000_loader(capsys: pytest.CaptureFixture[str], model: str) -> None:
    from pointsman import get_config_loader

    print(get_config_loader().get_agent_config("orchestrator"))  # noqa: T201
    get_config_loader().reload()
    print(get_config_loader().get_agent_config("orchestrator"))  # noqa: T201
    assert capsys.readouterr().out.count(f"model='{model}'") == 2


@pytest.mark.usefixtures("agents_models")
def test_seed_000_yaml_loader() -> None:
    from pointsman import ConfigLoader

    loader = ConfigLoader("config/agents/models.yaml")
    assert "orchestrator" in loader.get_all_agents()


def test_seed_000_hot_reload(agents_models: Path) -> None:
    from pointsman import ConfigLoader

    loader = ConfigLoader()
    original_model = loader.get_agent_config("orchestrator").model
    agents_models.write_text(AGENTS_MODELS.format(model="simulated-other"))
    loader.reload()
    new_model = loader.get_agent_config("orchestrator").model
    assert original_model != new_model


def test_seed_000_token_tracking() -> None:
    from pointsman import token_tracker

    token_tracker.track("test", 100, 50, 0.001, 0.5)
    summary = token_tracker.get_summary()
    assert "test" in summary
    assert summary["test"]["total_tokens"] == 150


@pytest.mark.usefixtures("agents_models")
def test_seed_000_get_llm() -> None:
    pytest.importorskip("langchain_openai")
    from pointsman import get_llm, orchestrator_llm, token_tracker  # type: ignore[attr-defined]

    llm = get_llm("orchestrator")  # Uses config from YAML
    assert llm.invoke("Hello!").content
    llm = get_llm("orchestrator", temperature=0.5)  # Override temperature
    assert llm.invoke("Hello!").content
    calls = token_tracker.get_summary()["orchestrator"]["call_count"]
    assert asyncio.run(orchestrator_llm.ainvoke("Hello!")).content
    summary = token_tracker.get_summary()
    assert summary["orchestrator"]["call_count"] == calls + 1
    assert summary["orchestrator"]["total_cost"] > 0


def test_seed_001_route_request(simulator: str, model: str) -> None:
    write_configuration(simulator, MANAGED, model)
    from pointsman import LLMRouter, RoutingDecision

    router = LLMRouter("pointsman.yaml")
    decision = router.route_request("test_agent", {"type": "test_generation", "complexity": 5}, {})
    assert isinstance(decision, RoutingDecision)
    assert decision.model_id == "claude-3-5-sonnet"
    assert decision.reason and decision.confidence and decision.estimated_cost


def test_seed_002_basic_usage_and_tracking(simulator: str, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    write_configuration(simulator, TWELVE, model)
    from pointsman import LLMConfig, LLMProvider, LLMRouter

    router = LLMRouter()
    config = LLMConfig(
        provider=LLMProvider.OPENAI,
        model="gpt-4o-mini",
        temperature=0.7,
    )

    messages = [{"role": "user", "content": "Hello!"}]
    response = router.complete(messages, config)

    print(f"Cost: ${response.usage.total_cost_usd:.6f}")  # noqa: T201
    print(f"Latency: {response.latency_ms:.0f}ms")  # noqa: T201

    from pointsman import UsageTracker

    tracker = UsageTracker(budget_limit_usd=10.0)

    # Track each call
    tracker.track(response, tags=["user:john", "research"])

    # Get statistics
    stats = tracker.get_stats()
    print(f"Total cost: ${stats['total_cost_usd']:.2f}")  # noqa: T201
    print(f"Avg latency: {stats['avg_latency_ms']:.0f}ms")  # noqa: T201

    # Check budget
    budget = tracker.get_budget_status()
    print(f"Budget: {budget['percentage_used']:.1f}% used")  # noqa: T201

    usage = response.usage
    cost = (usage.input_tokens * Decimal("0.15") + usage.output_tokens * Decimal("0.60")) / 1_000_000
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"Cost: ${cost:.6f}" and usage.total_cost_usd == cost
    assert lines[2:] == ["Total cost: $0.00", f"Avg latency: {response.latency_ms:.0f}ms", "Budget: 0.0% used"]


@pytest.mark.parametrize("is_configured", [False, True])
def test_seed_002_model_lookup(
    simulator: str, model: str, capsys: pytest.CaptureFixture[str], is_configured: bool
) -> None:
    if is_configured:
        write_configuration(simulator, TWELVE, model)
    from pointsman import ModelCapability, get_cheapest_model, get_model_info

    # Get model metadata
    info = get_model_info("gpt-4o-mini")
    print(f"Cost: ${info.input_cost_per_1k:.6f}/1K tokens")  # noqa: T201

    # Find cheapest model for task
    cheapest = get_cheapest_model(ModelCapability.SIMPLE)
    print(f"Use: {cheapest}")  # "llama3" (free, local)  # noqa: T201
    assert capsys.readouterr().out == "Cost: $0.000150/1K tokens\nUse: llama3\n"


def test_seed_003_code_integration(simulator: str, model: str) -> None:
    pytest.importorskip("langchain_openai")
    write_configuration(simulator, INTERACTIONS, model)
    from pointsman import InteractionType, LLMConfigService, async_session, create_llm, get_agent_llm
    from pointsman import get_planning_llm as _get_planning_llm

    async def run() -> None:
        llm = create_llm()  # Uses database config for reasoning
        assert (await llm.ainvoke("Hello!")).content
        llm = get_agent_llm()  # Uses config for tools/subagents
        assert (await llm.ainvoke("Hello!")).content
        llm = await _get_planning_llm()  # Uses config for planning
        assert (await llm.ainvoke("Hello!")).content

        async with async_session() as session:
            service = LLMConfigService(session)

            # Get LLM for specific purpose
            llm = await service.get_llm_for_interaction(InteractionType.REASONING)
            assert (await llm.ainvoke("Hello!")).content

            # Get embeddings model
            embeddings = await service.get_embeddings_model()
            assert len(await embeddings.aembed_query("Hello!")) > 1

            # Get LLM with tools bound
            llm_with_tools = await service.get_llm_with_tools(InteractionType.TOOLS, tools=[])
            assert (await llm_with_tools.ainvoke("Hello!")).content

    asyncio.run(run())


def test_seed_004_cost_efficiency(simulator: str, model: str) -> None:
    write_configuration(simulator, MANAGED, model)
    from pointsman import select_model_by_cost_efficiency

    assert select_model_by_cost_efficiency("simple", 0.8) == "gemini-pro"
    assert select_model_by_cost_efficiency("moderate", 0.9) == "gemini-pro"
    assert select_model_by_cost_efficiency("complex", 0.95) == "claude-3-5-sonnet"


def test_seed_004_usage_examples(simulator: str, model: str) -> None:
    write_configuration(simulator, MANAGED, model)
    from pointsman import GenerateResponse, ModelManager

    # Initialize model manager
    model_manager = ModelManager()

    # Make a request with automatic model selection
    response = model_manager.generate(
        prompt="Analyze the following requirements...",
        task_type="requirements_analysis",
        quality_threshold=0.9,
        max_cost_per_request=0.50,
    )
    assert response.text and (response.metadata["model"], response.quality) == ("claude-3-5-sonnet", 0.95)

    # Request specific model with fallback
    response = model_manager.generate(
        prompt="Generate unit tests for this function...",
        preferred_model="gpt-4-turbo",
        fallback_models=["claude-3-5-sonnet", "gpt-4"],
        agent_context="test_agent",
        performance_requirements={
            "max_latency": 30,  # seconds
            "min_quality": 0.85,
        },
    )
    assert response.text and (response.metadata["model"], response.decision) == ("gpt-4-turbo", "forced")

    # Process multiple requests efficiently
    requirements_list = [f"Requirement {number}: trains run on time." for number in range(12)]
    batch_responses = model_manager.batch_generate(
        requests=requirements_list,
        batch_size=10,
        cost_optimization=True,
        parallel_processing=True,
    )
    assert len(batch_responses) == 12
    assert all(isinstance(each, GenerateResponse) and each.text for each in batch_responses)
