"""No key of the document does nothing: each one, written, changes what a request meets."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from compiling import compile_good
from pydantic import BaseModel

from pointsman.core.config.document import Agent, Model, Provider
from pointsman.core.config.mistakes import TOP_KEYS
from pointsman.core.config.snapshot import Snapshot

VALUES: dict[str, Any] = {
    "providers.own.base_url": "https://other.example/v1",
    "providers.own.api_key.env": "POINTSMAN_HOUSE_KEY",
    "providers.own.api_key.file": "/run/secrets/house",
    "providers.own.location": "local",
    "providers.own.timeouts.connect": "1s",
    "providers.own.timeouts.first_byte": "1s",
    "providers.own.timeouts.idle": "1s",
    "providers.own.timeouts.total": "1s",
    "providers.own.timeouts.stream_total": "1s",
    "models.m.provider": "other",
    "models.m.model_id": "m-2026",
    "models.m.price_per_1m_tokens": {"input": "2", "output": "3"},
    "models.m.price_per_1m_tokens.input": "2",
    "models.m.price_per_1m_tokens.output": "2",
    "models.m.price_per_1m_tokens.cached_input": "0.5",
    "models.m.context_window": 1_000,
    "models.m.max_output_tokens": 1_000,
    "models.m.capabilities": ["vision"],
    "agents.a.model": "n",
    "agents.a.fallback": ["n"],
    "agents.a.description": "Does it",
    "agents.a.reasoning": "Because",
    "agents.a.tags": ["t"],
    "agents.a.parameters.temperature": 0.5,
    "agents.a.parameters.top_p": 0.5,
    "agents.a.parameters.max_tokens": 5,
    "agents.a.parameters.max_completion_tokens": 5,
    "agents.a.parameters.presence_penalty": 0.5,
    "agents.a.parameters.frequency_penalty": 0.5,
    "agents.a.parameters.seed": 5,
    "agents.a.parameters.stop": "END",
    "agents.a.parameters.reasoning_effort": "low",
    "agents.a.parameters.verbosity": "low",
    "agents.a.parameters.parallel_tool_calls": False,
    "agents.a.parameters.logprobs": True,
    "agents.a.parameters.top_logprobs": 5,
    "agents.a.parameters.service_tier": "flex",
    "environments.production.agents.a.tags": ["live"],
}

ONE_VALUE_ONLY = {"version", "providers.own.dialect"}
"""Keys that have a single value at this stage; they act by refusing any other."""


def base() -> dict[str, Any]:
    providers = {name: {"base_url": f"https://{name}.example/v1"} for name in ("own", "other")}
    models = {name: {"provider": "own", "price_per_1m_tokens": {"input": "1", "output": "1"}} for name in ("m", "n")}
    return {"providers": providers, "models": models, "agents": {"a": {"model": "m"}}}


def compile_with(path: str | None = None) -> Snapshot:
    document = base()
    if path is not None:
        *parents, name = path.split(".")
        holder = document
        for parent in parents:
            holder = holder.setdefault(parent, {})
        holder[name] = VALUES[path]
    return compile_good(json.dumps(document))


@pytest.mark.parametrize("path", VALUES)
def test_a_written_key_changes_the_snapshot(path: str) -> None:
    assert compile_with(path).revision != compile_with().revision


def list_paths(kind: type[BaseModel], path: str) -> Iterator[str]:
    properties = kind.model_json_schema()
    yield from _list_properties(properties, properties.get("$defs", {}), path)


def _list_properties(schema: dict[str, Any], definitions: dict[str, Any], path: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    for below in schema.get("anyOf", ()):
        yield from _list_properties(below, definitions, path)
    for name, field in schema.get("properties", {}).items():
        below_paths = list(_list_properties(field, definitions, f"{path}.{name}"))
        yield from below_paths or [f"{path}.{name}"]


def test_the_table_above_names_every_key() -> None:
    kinds = {"providers.own": Provider, "models.m": Model, "agents.a": Agent}
    paths = {path for start, kind in kinds.items() for path in list_paths(kind, start)}
    assert len(paths) > 30
    assert paths - ONE_VALUE_ONLY <= VALUES.keys()
    assert {path.partition(".")[0] for path in VALUES} | {"version"} == set(TOP_KEYS)
