"""`get_model_info`, `get_cheapest_model` and `route_by_capability`, with a configuration and with none."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import pointsman.router.llm_router
from pointsman import (
    InvalidRequest,
    LLMRouter,
    ModelCapability,
    RoutingRefused,
    UnknownModel,
    get_cheapest_model,
    get_model_info,
    route_by_capability,
)
from pointsman.control.configuration import load_catalog
from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.snapshot import Deployment, Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.capability import OF_SKILLS, list_capabilities
from pointsman.library.model_info import find_known_model, list_well_known

OURS = """\
version: 1
providers:
  sky: {base_url: "https://sky.example/v1"}
  house: {base_url: "http://localhost:8080/v1"}
models:
  big:
    {provider: sky, model_id: big-2, quality: 0.95, context_window: 9000, price_per_1m_tokens: {input: 10, output: 30}}
  coder: {provider: sky, capabilities: [code_generation], price_per_1m_tokens: {input: 2, output: 2}}
  small: {provider: sky, capabilities: [simple], price_per_1m_tokens: {input: "0.1", output: "0.2"}}
  home: {provider: house, quality: 0.8}
  vectors: {provider: house, capabilities: [embeddings]}
routing:
  aliases: {large: big}
"""
ALL = set(ModelCapability)


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "POINTSMAN_CONFIG", "POINTSMAN_ENV", "DEPLOYMENT_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pointsman.router.llm_router, "_router", None)


@pytest.fixture
def configured() -> None:
    Path("pointsman.yaml").write_text(OURS)


def test_without_a_configuration_the_well_known_models_count() -> None:
    assert get_cheapest_model(ModelCapability.SIMPLE) == "llama3"
    assert get_cheapest_model("coding") == "codellama"
    decision = route_by_capability(ModelCapability.MODERATE, provider="openai")
    assert (decision.model, decision.provider, decision.capability) == ("gpt-4o-mini", "openai", "moderate")
    assert decision.estimated_cost_usd == Decimal("0.15") / 1_000 + Decimal("0.60") / 2_000
    assert "no configuration" in decision.reason


@pytest.mark.parametrize("capability", ModelCapability)
def test_every_class_of_work_has_a_model_that_is_still_served(capability: ModelCapability) -> None:
    decision = route_by_capability(capability)
    assert not get_model_info(decision.model, decision.provider).is_retired
    named = {decision.model, *decision.fallbacks, *(left.model_id for left in decision.dropped)}
    assert named <= {known.id for known in list_well_known()}


def test_all_well_known_models_are_known_to_the_catalogue() -> None:
    known = list_well_known()
    assert [sum(each.provider == name for each in known) for name in ("openai", "anthropic", "google", "ollama")] == [
        *(4, 3, 2, 3)
    ]
    for each in known:
        info = find_known_model(load_catalog(), each.id, each.provider, "2026-11-21")
        assert info is not None and info.input_cost_per_1k is not None
        assert set(info.capabilities) == {*each.capabilities}
        assert info.is_free == (info.location == "local")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("capability", "wishes", "model"),
    [
        ("simple", {}, "home"),
        ("moderate", {}, "home"),
        ("complex", {}, "big"),
        ("research", {}, "big"),
        ("coding", {}, "coder"),
        ("simple", {"provider": "sky"}, "small"),
        ("moderate", {"provider": "sky"}, "coder"),
        ("complex", {"max_cost_usd": 0.05}, "big"),
    ],
)
def test_of_a_configuration_all_its_models_count(capability: str, wishes: dict[str, Any], model: str) -> None:
    decision = route_by_capability(capability, **wishes)
    assert decision.model == model
    assert get_cheapest_model(ModelCapability(capability), **wishes) == model


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("wishes", "code"),
    [
        ({"local_only": True}, "cloud_forbidden"),
        ({"max_cost_usd": "0.001"}, "max_cost"),
        ({"provider": "house"}, "provider"),
    ],
)
def test_where_no_model_may_serve_the_refusal_says_why(wishes: dict[str, Any], code: str) -> None:
    with pytest.raises(RoutingRefused) as raised:
        route_by_capability("complex", **wishes)
    left = {left.model_id: left.code for left in raised.value.dropped}
    assert (left["big"], left["small"], left["vectors"]) == (code, "capability_missing", "unsupported")


def test_what_must_stay_local_does_so() -> None:
    Path("pointsman.yaml").write_text(OURS.replace("routing:\n", "routing:\n  force_local_models: true\n"))
    assert get_cheapest_model("moderate") == "home"
    with pytest.raises(RoutingRefused):
        get_cheapest_model("coding")


@pytest.mark.usefixtures("configured")
def test_the_length_of_a_call_decides_what_it_costs() -> None:
    short = LLMRouter("pointsman.yaml").route_by_capability("complex", input_tokens=0, output_tokens=1)
    assert short.estimated_cost_usd == Decimal("0.00003")
    with pytest.raises(InvalidRequest, match="whole numbers"):
        route_by_capability("complex", input_tokens=-1)
    with pytest.raises(TypeError, match="did you mean local_only"):
        route_by_capability("complex", local_onl=True)  # type: ignore[call-arg]
    with pytest.raises(InvalidRequest, match="did you mean coding"):
        get_cheapest_model("codin")


@pytest.mark.usefixtures("configured")
def test_what_is_known_of_a_model_of_the_configuration() -> None:
    info = get_model_info("big")
    assert (info.provider, info.model_id, info.context_window, info.location) == ("sky", "big-2", 9_000, "cloud")
    assert (f"{info.input_cost_per_1k:.6f}", info.output_cost_per_1k) == ("0.010000", Decimal("0.03"))
    assert get_model_info("big-2") == get_model_info("large") == info
    assert set(info.capabilities) == ALL - {ModelCapability.CODING}
    assert get_model_info("home").is_free
    assert get_model_info("gpt-4o-mini").provider == "openai"


def test_what_is_known_of_a_model_of_the_catalogue() -> None:
    info = get_model_info("gpt-4o-mini")
    assert (info.provider, info.input_cost_per_1k, info.output_cost_per_1k, info.context_window) == (
        *("openai", Decimal("0.00015"), Decimal("0.0006"), 128_000),
    )
    assert info.source.startswith("catalogue ")
    assert get_model_info("gpt-4o-mini", provider="azure-openai").provider == "azure-openai"
    with pytest.raises(UnknownModel, match="did you mean gpt-4o-mini"):
        get_model_info("gpt-4o-mni")
    with pytest.raises(KeyError, match="anthropic"):
        get_model_info("gpt-4o-mini", provider="anthropic")


@pytest.mark.parametrize(
    ("quality", "usd", "skills", "wanted"),
    [
        (950_000, None, (), ALL - {ModelCapability.CODING}),
        (800_000, 50, (), {ModelCapability.SIMPLE, ModelCapability.MODERATE}),
        (100_000, 50, ("code_review",), {ModelCapability.SIMPLE, ModelCapability.CODING}),
        (None, 50, (), ALL - {ModelCapability.CODING}),
        (None, 50, ("simple",), {ModelCapability.SIMPLE}),
        (None, None, (), {ModelCapability.SIMPLE}),
        (None, None, ("complex_reasoning", "mine"), ALL - {ModelCapability.CODING}),
    ],
)
def test_skills_then_quality_then_price_say_what_a_model_is_good_for(
    quality: int | None, usd: int | None, skills: tuple[str, ...], wanted: set[ModelCapability]
) -> None:
    deployment = Deployment("sky/m", "sky", "m", "m", "openai_chat", "https://sky.example/v1", "cloud")
    prices = PriceTable(usd * 10**9, usd * 10**9, usd * 10**9, "test") if usd else None
    model = Model("m", deployment, prices, capabilities=skills, quality=quality)
    assert list_capabilities(model, RoutingPlan()) == wanted
    assert set(OF_SKILLS) >= {each.value for each in ModelCapability}
