"""Instances obey their schemas, and recursive schemas end."""

import re
from random import Random
from typing import Any

import pytest

from pointsman.simulator.schema_instance import build_instance

WORDS = ["Lyon", "train"]


def build(schema: dict[str, Any], seed: int = 1) -> Any:
    return build_instance(schema, Random(seed), WORDS)


@pytest.mark.parametrize("seed", range(25))
def test_numbers_stay_within_their_bounds(seed: int) -> None:
    assert 3 <= build({"type": "integer", "minimum": 3, "maximum": 5}, seed) <= 5
    assert 0 < build({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.3}, seed) < 0.3
    assert build({"type": "integer", "multipleOf": 5, "minimum": 11}, seed) % 5 == 0
    assert build({"type": "integer", "maximum": -4}, seed) <= -4
    assert isinstance(build({"type": "integer"}, seed), int)


def test_strings_have_their_length_and_format() -> None:
    assert len(build({"type": "string", "minLength": 40, "maxLength": 44})) in range(40, 45)
    assert len(build({"type": "string", "maxLength": 2})) <= 2
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", build({"type": "string", "format": "date"}))
    assert build({"type": "string"}) in WORDS


def test_objects_have_all_properties_and_what_is_required() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"enum": ["C", "F"]},
            "kind": {"const": "forecast"},
            "days": {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 3},
            "note": {"type": ["string", "null"]},
        },
        "required": ["city", "unit", "unlisted"],
    }
    made = build(schema)
    assert list(made) == ["city", "unit", "kind", "days", "note", "unlisted"]
    assert made["unit"] in ("C", "F")
    assert made["kind"] == "forecast"
    assert len(made["days"]) in (2, 3)
    assert all(isinstance(day, bool) for day in made["days"])


def test_unique_items_differ() -> None:
    schema = {"type": "array", "items": {"enum": ["a", "b", "c"]}, "uniqueItems": True, "minItems": 3}
    assert sorted(build(schema)) == ["a", "b", "c"]


def test_references_and_combinations_are_followed() -> None:
    schema = {
        "$defs": {"name": {"type": "string"}, "age": {"properties": {"age": {"type": "integer"}}, "required": ["age"]}},
        "allOf": [{"$ref": "#/$defs/age"}, {"type": "object", "properties": {"name": {"$ref": "#/$defs/name"}}}],
    }
    made = build(schema)
    assert isinstance(made["age"], int)
    assert made["name"] in WORDS


@pytest.mark.parametrize("seed", range(25))
def test_a_choice_takes_one_of_its_branches(seed: int) -> None:
    made = build({"oneOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "null"}]}, seed)
    assert made is None or isinstance(made, int)


def test_recursive_schemas_end() -> None:
    tree = {
        "$defs": {
            "node": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}
        },
        "$ref": "#/$defs/node",
    }
    chain = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}, "value": {"type": "integer"}},
        "required": ["next", "value"],
    }
    endless = {"type": "object", "properties": {"self": {"$ref": "#"}}, "required": ["self"]}
    doubling = {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}
    for schema in (tree, chain, endless, doubling, {"$ref": "#"}):
        build(schema)
