"""The JSON Schema is a valid one, takes every good document of ours, and refuses nothing that the compiler takes."""

import json
import re
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from bad_documents import compile_with_variables
from compiling import GOOD
from jsonschema import Draft7Validator
from observed_keys import PAIRS, Pair

from pointsman.cli.init import AGENTS, find_providers, write_document
from pointsman.control.configuration import demo_document, load_catalog
from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.fields import list_fields
from pointsman.core.config.json_schema import GRAMMARS, build_json_schema
from pointsman.core.config.nodes import to_plain
from pointsman.core.config.problems import Findings
from pointsman.core.config.source import Source, read_source
from pointsman.core.config.written_form import WRITERS

ROOT = Path(__file__).parents[3]
SCHEMA = build_json_schema()
VALIDATOR = Draft7Validator(SCHEMA)
BLOCK = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)

STRAY: tuple[Any, ...] = (5, 1.5, "stray", "${POINTSMAN_REGION}", True, [], {}, ["stray"], {"stray": 1})
"""Values that every value of the full example is replaced by in turn."""


def read_plain(text: str) -> Any:
    root = read_source(Source("x", text.encode()), Findings())
    assert root is not None
    return to_plain(root)


def list_blocks(page: str) -> list[str]:
    return [block for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")) if "providers:" in block]


def list_good_documents() -> Iterator[tuple[str, str]]:
    yield "the demo", demo_document()
    yield "of the tests", GOOD
    variables = dict.fromkeys(load_catalog().key_variables(), "set")
    yield "of init", write_document(find_providers(load_catalog(), variables))
    for page in ("README.md", "docs/configuration.md"):
        yield from ((f"{page} {number}", block) for number, block in enumerate(list_blocks(page), start=1))
    # What lies under `input` is in another form.
    for golden in sorted((ROOT / "tests" / "core" / "config" / "forms" / "cases").glob("*/pointsman.yaml")):
        yield golden.parent.name, golden.read_text(encoding="utf-8")


DOCUMENTS = dict(list_good_documents())
EXAMPLE = read_plain(list_blocks("docs/configuration.md")[0])


def list_refusals(document: object) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document)]


def test_it_is_a_json_schema_and_closed_at_every_level() -> None:
    Draft7Validator.check_schema(SCHEMA)
    open_mappings = [
        schema for schema in walk(SCHEMA) if schema.get("type") == "object" and "additionalProperties" not in schema
    ]
    assert open_mappings == []
    assert [name for name in ("ge", "le", "gt") if any(name in schema for schema in walk(SCHEMA))] == []


def test_it_describes_every_key() -> None:
    assert set(SCHEMA["properties"]) == set(TOP_KEYS)  # type: ignore[call-overload]
    described = {(name, said.get("description")) for schema in walk(SCHEMA) for name, said in list_properties(schema)}
    assert [field.path for field in list_fields() if (field.name, field.info.description) not in described] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_it_takes_every_good_document(name: str) -> None:
    assert list_refusals(read_plain(DOCUMENTS[name])) == []


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_it_takes_both_documents_of_each_key(pair: Pair) -> None:
    for value in (pair.first, pair.second):
        document = pair.build(value)
        if not has_errors(document):
            assert list_refusals(document) == []


def test_what_it_refuses_the_compiler_refuses_too() -> None:
    assert not has_errors(EXAMPLE)
    refused = 0
    mutations = list(mutate(EXAMPLE))
    assert len(mutations) > 1_000
    for what, document in mutations[::3]:
        refusals = list_refusals(document)
        refused += bool(refusals)
        assert not refusals or has_errors(document), (what, refusals)
    assert refused > 200


REFUSED = {
    "a misspelt key": ("agents", "orchestrator", "temprature", 1),
    "a key at the wrong level": ("agents", "orchestrator", "temperature", 1),
    "a number for a text": ("agents", "orchestrator", "description", 5),
    "a duration without unit": ("providers", "anthropic", "timeouts", {"idle": "5"}),
    "a size in GB": ("cache", "max_size", "10GB"),
    "a share above 1": ("cache", "similarity", 95),
    "another value": ("telemetry", "level", "much"),
    "no key in two places": ("providers", "house", "api_key", {"env": "A", "file": "B"}),
    "a secret": ("providers", "house", "api_key", "hunter2"),
    "a name in capitals": ("agents", "Writer", {"model": "small"}),
    "a model called like an agent": ("models", "agent:x", {"provider": "house"}),
    "an amount in euros": ("models", "small", "price_per_1m_tokens", {"input": "5 EUR", "output": "1"}),
    "half a price in an environment": (
        *("environments", "development", "models", "planner", "price_per_1m_tokens"),
        {"input": "5"},
    ),
    "another key in an environment": ("environments", "development", "agents", "orchestrator", "modell", "small"),
    "a rule that does nothing": ("agents", "orchestrator", "rules", [{"when": "task.critical"}]),
    "null": ("agents", "orchestrator", "description", None),
}


@pytest.mark.parametrize("steps", REFUSED.values(), ids=REFUSED)
def test_it_marks_what_an_editor_can_see(steps: tuple[Any, ...]) -> None:
    document = deepcopy(EXAMPLE)
    *path, name, value = steps
    holder = document
    for step in path:
        holder = holder.setdefault(step, {})
    holder[name] = value
    assert list_refusals(document) != []
    assert has_errors(document)


def test_an_environment_states_only_what_changes() -> None:
    document = deepcopy(EXAMPLE)
    document["environments"] = {"development": {"agents": {"orchestrator": {"tags": ["dev"]}}, "models": {"small": {}}}}
    assert list_refusals(document) == []
    document["agents"]["fresh"] = {"tags": ["no model"]}
    assert list_refusals(document) != []


@pytest.mark.parametrize("reader", WRITERS)
def test_defaults_are_written_as_the_grammar_reads_them(reader: Any) -> None:
    for value in (1, 60, 1_000, 60_000, 86_400, 500_000, 1_000_000):
        written = WRITERS[reader](value)
        assert reader(written) == value
        assert any(re.search(str(grammar.get("pattern")), written) for grammar in GRAMMARS.values())


def test_the_agents_of_init_are_among_the_documents() -> None:
    assert all(name in DOCUMENTS["of init"] for name in AGENTS)


def has_errors(document: object) -> bool:
    return compile_with_variables(json.dumps(document)).snapshot is None


def mutate(document: Any) -> Iterator[tuple[str, Any]]:
    """The document with one thing changed: a value replaced, left out or renamed."""
    for path in list_paths(document):
        for value in STRAY:
            yield f"{path} = {value!r}", change(document, path, partial(replace, value=value))
        yield f"{path} left out", change(document, path, lambda holder, step: holder.pop(step))
        yield f"{path} renamed", change(document, path, rename)


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inside in below:
        yield (*path, step)
        yield from list_paths(inside, (*path, step))


def change(document: Any, path: tuple[Any, ...], how: Any) -> Any:
    changed = deepcopy(document)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    how(holder, path[-1])
    return changed


def replace(holder: Any, step: Any, value: Any) -> None:
    holder[step] = deepcopy(value)


def rename(holder: Any, step: Any) -> None:
    if isinstance(holder, dict):
        holder[f"{step}-x"] = holder.pop(step)


def walk(schema: Any) -> Iterator[dict[str, Any]]:
    """Every mapping within a schema."""
    if isinstance(schema, dict):
        yield schema
    for below in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from walk(below)


def list_properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    properties = schema.get("properties")
    if isinstance(properties, dict):
        yield from ((name, said) for name, said in properties.items() if isinstance(said, dict))
