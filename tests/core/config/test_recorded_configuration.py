"""A configuration that was put down comes to the same snapshot again, without any variable that it once read."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from core.routing.explained import draw_document, load_document
from pointsman.control.configuration import (
    Loaded,
    build_surroundings,
    compile_gathered,
    demo_document,
    list_time_zones,
    load_catalog,
)
from pointsman.control.ingredients import Ingredients, compile_ingredients
from pointsman.control.replay import compile_again, put_down
from pointsman.control.sources import Gathered
from pointsman.core.config.recorded_configuration import RecordedConfiguration, compile_recorded
from pointsman.core.config.routing_plan import RuntimeOverride
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.source import Source
from pointsman.core.ports import OverrideRecord

ODD = """\
version: 1
providers:
  openai: {}
  ollama: {}
  near: {base_url: 'http://127.0.0.1:8080/v1'}
  far: {base_url: '${POINTSMAN_FAR}', data_policy: zero_retention}
models:
  tiny: {provider: near, price_per_1m_tokens: {input: 0.000001, output: 1.50}, quality: .5}
  own:
    provider: near
    price_per_1m_tokens: {input: 0.0010, output: 5.250}
    quality: +0.75
    speed: {tokens_per_second: 2.0e1}
  gpt: {provider: openai, model_id: gpt-4o}
  llama: {provider: ollama}
  far:
    provider: far
    price_per_1m_tokens: {input: 3, output: "15.00"}
    description: 'costs $${5} or ${POINTSMAN_WORD}'
agents:
  writer:
    model: far
    fallback: [own, gpt]
    parameters: {temperature: 0.30, top_p: 1., presence_penalty: -.5, seed: 7}
    reasoning: "no: yes"
routing:
  strategy: mine
  strategies: {mine: {weights: {cost_efficiency: 0.10, task_complexity: .9}, cloud_budget_per_day: 12.340}}
  aliases: {best: 'agent:writer'}
  tiers: [[gpt], [own, tiny]]
budgets: [{scope: total, window: day, limit: 10.50, time_zone: Europe/Berlin}]
environments:
  production: {agents: {writer: {description: "of production"}}}
  development: {agents: {writer: {model: own}}}
"""

ENVIRON = {
    "POINTSMAN_FAR": "https://far.example/v1",
    "POINTSMAN_WORD": "less",
    "OLLAMA_URL": "http://192.168.1.20:11434",
    "OPENAI_API_KEY": "a-key-that-nobody-keeps",
    "GRADIENT_BASE_URL": "https://user:a-password@proxy.example",
}


def load(text: str, environ: Mapping[str, str] = ENVIRON, environment: str = "production") -> Loaded:
    loaded = compile_gathered(Gathered(Path(), (Source("pointsman.yaml", text.encode()),)), environ, environment)
    assert loaded.snapshot is not None, "\n".join(map(str, loaded.problems))
    return loaded


def record(loaded: Loaded, environ: Mapping[str, str] = ENVIRON) -> RecordedConfiguration:
    """What is put down, as it comes back from where it is kept."""
    recorded = put_down(loaded, build_surroundings(environ, loaded.environment))
    return msgspec.json.decode(msgspec.json.encode(recorded), type=RecordedConfiguration)


def restore(recorded: RecordedConfiguration) -> Snapshot:
    return compile_recorded(recorded, load_catalog(), list_time_zones)


@pytest.mark.parametrize("environment", ["production", "development", "elsewhere"])
def test_whatever_is_written_comes_to_the_same_again(environment: str) -> None:
    loaded = load(ODD, environment=environment)
    assert restore(record(loaded)) == loaded.snapshot


def test_the_order_of_models_and_parameters_stays() -> None:
    loaded = load(ODD)
    restored = restore(record(loaded))
    assert loaded.snapshot is not None
    assert list(restored.models) == list(loaded.snapshot.models)
    assert list(restored.routing.strategies) == list(loaded.snapshot.routing.strategies)


def test_the_demo_and_three_hundred_others_come_back() -> None:
    dice = Random(11)
    documents = (load_document(draw_document(dice)) for _ in range(400))
    good = [loaded for loaded in documents if loaded.snapshot is not None]
    assert len(good) > 300
    for loaded in (load(demo_document()), *good):
        assert restore(record(loaded, {})) == loaded.snapshot


def test_no_value_of_a_variable_is_kept_but_the_addresses_of_providers_in_use() -> None:
    recorded = record(load(ODD))
    kept = msgspec.json.encode(recorded).decode()
    assert recorded.base_urls == {"OLLAMA_URL": "http://192.168.1.20:11434"}
    assert "a-key-that-nobody-keeps" not in kept and "a-password" not in kept


def _override(number: int, kind: Any, target: str, value: dict[str, object]) -> OverrideRecord:
    return OverrideRecord(f"ovr_{number}", kind, target, value, "anna", f"reason {number}", number)


def test_runtime_overrides_come_back_with_who_made_them() -> None:
    gathered = Gathered(Path(), (Source("pointsman.yaml", ODD.encode()),))
    overrides = (
        _override(1, "agent", "writer", {"model": "gpt"}),
        _override(2, "strategy", "routing", {"strategy": "cost_optimized"}),
    )
    _, loaded = compile_ingredients(Ingredients(gathered, overrides=overrides), ENVIRON, "production")
    assert loaded.snapshot is not None
    restored = restore(record(loaded))
    assert restored == loaded.snapshot
    assert restored.routing.overridden == {"writer": RuntimeOverride("ovr_1", "anna", "reason 1")}
    assert restored.routing.strategy_override == RuntimeOverride("ovr_2", "anna", "reason 2")


def test_a_configuration_of_before_midnight_that_was_put_down_after_it_comes_back() -> None:
    loaded = load(ODD)
    surroundings = build_surroundings(ENVIRON, loaded.environment)
    late = replace(surroundings, today="2026-11-22")
    recorded = put_down(loaded, late)
    assert restore(recorded).revision == recorded.revision


def test_another_program_or_catalogue_is_told_as_the_reason() -> None:
    recorded = record(load(ODD))
    other = msgspec.structs.replace(recorded, revision="000000000000")
    assert "comes to revision" in str(compile_again(other, load_catalog()))
    assert "the catalogue was old then" in str(
        compile_again(msgspec.structs.replace(other, catalogue="old"), load_catalog())
    )
    assert "Pointsman 9.9.9 decided it" in str(
        compile_again(msgspec.structs.replace(other, program="9.9.9"), load_catalog())
    )
