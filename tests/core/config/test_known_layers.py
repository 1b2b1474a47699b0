"""What the two lowest layers say is what a compiled document does, and what its fields say they default to."""

import re
from collections.abc import Iterator

import pytest
from compiling import GOOD, compile_text
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pointsman.control.configuration import demo_document, load_catalog
from pointsman.core.config.compile import Compiled
from pointsman.core.config.default_values import find_default_value, list_default_values
from pointsman.core.config.document import SECTIONS
from pointsman.core.config.known_layers import build_catalogue_layer, build_default_layer
from pointsman.core.config.nodes import Plain, to_plain
from pointsman.core.config.origins import merge_layers
from pointsman.core.config.sections.operations import Cache
from pointsman.core.config.sections.providers import Timeouts
from pointsman.core.config.sections.values import read_duration, read_money
from pointsman.core.config.snapshot import Deployment, Model, Snapshot

TODAY = "2026-11-21"

FULL = """\
providers:
  openai: {}
  anthropic: {timeouts: {connect: 1s, total: 90s}, rate_limits: {requests_per_minute: 7}}
  ollama: {}
  house: {base_url: "http://10.0.0.7:8080/v1", location: local}
  away: {base_url: "https://models.example/v1", api_key: {env: POINTSMAN_HOUSE_KEY}}
models:
  plain: {provider: openai, model_id: gpt-4o}
  gpt-4.1: {provider: openai, context_window: 1000, capabilities: [a]}
  claude: {provider: anthropic, model_id: claude-3-opus-20240229, rate_limits: {tokens_per_minute: 9}}
  priced: {provider: away, price_per_1m_tokens: {input: "3", output: 0.60}}
  unknown: {provider: away}
  local: {provider: house}
agents:
  writer: {model: gpt-4o-mini, fallback: [plain], rules: [{when: "task.complexity > 3", use: gpt-4.1}]}
routing:
  strategies: {mine: {fallback_to_cloud_threshold: {complexity: 3}}}
  factors: {cost_efficiency: {weight: 1}}
budgets: [{scope: total, window: day, limit: "5", on_exceed: alert}]
"""


def merge(compiled: Compiled, base_urls: dict[str, str]) -> dict[str, Plain]:
    """The document with all that holds where it says nothing."""
    assert compiled.effective is not None
    known = (
        build_default_layer(compiled.effective),
        build_catalogue_layer(compiled.effective, load_catalog(), TODAY, base_urls),
    )
    plain = to_plain(merge_layers((*known, *compiled.layers)))
    assert isinstance(plain, dict)
    return plain


def look(document: Plain, *steps: str) -> Plain:
    for step in steps:
        document = document.get(step) if isinstance(document, dict) else None
    return document


def check_model(document: Plain, name: str, model: Model) -> None:
    said = look(document, "models", name)
    assert look(said, "provider") == model.deployment.provider
    assert look(said, "model_id") == model.deployment.upstream_model
    assert look(said, "context_window") == model.context_window
    assert look(said, "max_output_tokens") == model.max_output_tokens
    assert look(said, "capabilities") == list(model.capabilities)
    price = look(said, "price_per_1m_tokens")
    if model.prices is None:
        assert price is None
    else:
        assert read_money(look(price, "input")) == model.prices.input_nusd
        assert read_money(look(price, "output")) == model.prices.output_nusd
        cached = look(price, "cached_input") or look(price, "input")
        assert read_money(cached) == model.prices.cached_input_nusd
    if look(document, "models", name, "enabled") is not None:
        assert look(said, "rate_limits", "requests_per_minute") == model.requests_per_minute
        assert look(said, "rate_limits", "tokens_per_minute") == model.tokens_per_minute


def check_provider(document: Plain, deployment: Deployment) -> None:
    said = look(document, "providers", deployment.provider)
    assert look(said, "dialect") == deployment.dialect
    assert str(look(said, "base_url")).rstrip("/") == deployment.base_url
    assert look(said, "location") == deployment.location
    variables = look(said, "api_key", "env")
    listed = variables if isinstance(variables, list) else [variables]
    assert deployment.credential == ("env:" + ",".join(map(str, listed)) if variables else None)
    for name in Timeouts.model_fields:
        assert read_duration(look(said, "timeouts", name)) == getattr(deployment.deadlines, f"{name}_ms")


def check_settings(document: Plain, snapshot: Snapshot) -> None:
    assert look(document, "routing", "attempts") == snapshot.settings.attempts
    assert (look(document, "source") == "file") == snapshot.settings.locked
    assert look(document, "telemetry", "metrics_access") == snapshot.settings.metrics_access
    assert look(document, "retention", "revisions") == snapshot.settings.kept_revisions


def check(text: str, environment: str = "production", base_urls: dict[str, str] | None = None) -> None:
    compiled = compile_text(text, environment, base_urls or {}, today=TODAY)
    snapshot = compiled.snapshot
    assert snapshot is not None, compiled.problems
    document = merge(compiled, base_urls or {})
    assert set(snapshot.models) == set(look(document, "models") or ())
    for name, model in snapshot.models.items():
        check_model(document, name, model)
        check_provider(document, model.deployment)
    for name, agent in snapshot.agents.items():
        assert look(document, "agents", name, "fallback") == list(agent.fallback)
        assert look(document, "agents", name, "strict_capabilities") == agent.strict_capabilities
        assert look(document, "agents", name, "tags") == list(agent.tags)
    check_settings(document, snapshot)


@pytest.mark.parametrize("text", [GOOD, FULL, demo_document()], ids=["good", "full", "demo"])
@pytest.mark.parametrize("environment", ["production", "development"])
def test_what_the_layers_say_is_what_the_snapshot_does(text: str, environment: str) -> None:
    check(text, environment)


def test_a_variable_that_moves_a_provider_is_the_source_of_its_base_url() -> None:
    base_urls = {"OLLAMA_HOST": "0.0.0.0:9999"}
    check("providers: {ollama: {}}\nmodels: {m: {provider: ollama}}", base_urls=base_urls)
    compiled = compile_text("providers: {ollama: {}}")
    assert compiled.effective is not None
    layer = build_catalogue_layer(compiled.effective, load_catalog(), TODAY, base_urls)
    moved = layer.root.entries["providers"].value.entries["ollama"].value.entries["base_url"].value  # type: ignore[union-attr]
    assert moved.place.file == "OLLAMA_HOST"


CATALOG = load_catalog()
PROVIDERS = sorted(name for name, known in CATALOG.providers.items() if known.base_url.startswith("https"))


@settings(deadline=None)
@given(st.data())
def test_the_same_for_any_providers_and_models(data: st.DataObject) -> None:
    providers = data.draw(st.lists(st.sampled_from(PROVIDERS), min_size=1, max_size=3, unique=True))
    lines = ["providers:", *(f"  {name}: {data.draw(PROVIDER_FIELDS)}" for name in providers), "models:"]
    for number, provider in enumerate(providers):
        ids = sorted(CATALOG.names_of(provider)) or ["none"]
        fields = data.draw(MODEL_FIELDS)
        lines.append(f"  m{number}: {{provider: {provider}, model_id: '{data.draw(st.sampled_from(ids))}'{fields}}}")
    check("\n".join(lines))


PROVIDER_FIELDS = st.sampled_from(
    ["{}", "{timeouts: {idle: 30s}}", "{rate_limits: {tokens_per_minute: 5}}", "{base_url: 'https://x.example/v1/'}"]
)
MODEL_FIELDS = st.sampled_from(
    ["", ", context_window: 77", ", capabilities: []", ", price_per_1m_tokens: {input: 1, output: '2.50'}", ", tier: 1"]
)


def list_kinds(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield kind
    for info in kind.model_fields.values():
        value = None if info.is_required() else info.get_default()
        if isinstance(value, BaseModel):
            yield from list_kinds(type(value))


@pytest.mark.parametrize("name", SECTIONS)
def test_defaults_are_in_the_form_that_a_document_reads(name: str) -> None:
    for kind in list_kinds(SECTIONS[name].kind):
        if any(info.is_required() for info in kind.model_fields.values()):
            continue
        # Timeouts are completed when a provider is: the document itself leaves them open.
        written = {field: value for field, value in list_default_values(kind).items() if field != "timeouts"}
        assert kind is Timeouts or kind.model_validate(written) == kind()


def test_the_timeouts_are_those_that_their_fields_describe() -> None:
    for name, written in list_default_values(Timeouts).items():
        stated = re.search(r"([0-9]+s) unless written", Timeouts.model_fields[name].description or "")
        assert stated is not None
        assert read_duration(written) == read_duration(stated[1])


def test_sizes_periods_and_shares_have_their_units() -> None:
    values = list_default_values(Cache)
    assert (values["ttl"], values["max_size"], values["similarity"]) == ("1h", "256MiB", "95%")


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        (("budgets", 0, "alert_at"), ["50%", "80%", "95%", "100%"]),
        (("budgets", 0, "limit"), None),
        (("agents", "a", "rules", 0, "because"), ""),
        (("routing", "strategies", "mine", "complex_from"), 7),
        (("routing", "back_off", "max"), "2s"),
        (("source",), "stored"),
        (("nothing", "at"), None),
        (("budgets", 0), None),
    ],
)
def test_a_field_has_its_default_wherever_it_may_stand(steps: tuple[str | int, ...], value: Plain) -> None:
    assert find_default_value(steps) == value
