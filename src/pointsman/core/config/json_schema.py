"""The JSON Schema (draft 7) of a whole document, generated from its fields, for editors and other checkers.

It refuses nothing that the compiler takes; what only the compiler can tell, such as an unknown model, it lets through.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

from pydantic.json_schema import GenerateJsonSchema, JsonRef, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from pointsman.core.config.document import SECTIONS, Head, Section
from pointsman.core.config.layers import REPLACED_WHOLE
from pointsman.core.config.overlay import MOST_ENVIRONMENTS
from pointsman.core.config.read_document import MOST_LISTED
from pointsman.core.config.sections.values import (
    LARGEST_WEIGHT,
    MOST_STOPS,
    check_weight,
    read_duration,
    read_money,
    read_period,
    read_quantity,
    read_ratio,
    read_scalar,
    read_secret_reference,
    read_size,
    read_stop,
    read_version,
)
from pointsman.core.config.written_form import WRITERS

Schema = dict[str, object]

DIALECT = "http://json-schema.org/draft-07/schema#"
TITLE = "pointsman.yaml"
ABOUT = "The configuration of Pointsman: which model each agent runs on."

GRAMMARS: dict[str, Schema] = {
    "duration": {"type": "string", "pattern": r"^[0-9]{1,9}(ms|s|m|h)$|\$\{"},
    "period": {"type": "string", "pattern": r"^[0-9]{1,9}(s|m|h|d)$|\$\{"},
    "size": {"type": "string", "pattern": r"^[0-9]{1,9}(B|KiB|MiB|GiB|TiB)$|\$\{"},
    "share": {
        "type": ["string", "number"],
        "pattern": r"^[0-9]{1,3}(\.[0-9]{1,4})?%$|\$\{",
        "minimum": 0,
        "maximum": 1,
    },
    "money": {
        "type": ["string", "number"],
        "pattern": r"^\$?[0-9]{1,7}(\.[0-9]{1,9})?$|\$\{",
        "minimum": 0,
        "exclusiveMaximum": 10_000_000,
    },
    "version": {"enum": [1, "1", "1.0"]},
    "stop": {
        "type": ["string", "array"],
        "items": {"type": "string"},
        "minItems": 1,
        "maxItems": MOST_STOPS,
    },
    "quantity": {"type": "number"},
    "scalar": {"type": ["string", "number", "boolean"]},
    "variable": {"type": "string", "pattern": r"\$\{", "description": "a text with the value of ${NAME} in it"},
}
"""Each grammar of single values by the name it has under `$defs`; any text may hold a `${NAME}`."""

_READERS = {
    read_duration: "duration",
    read_period: "period",
    read_size: "size",
    read_ratio: "share",
    read_money: "money",
    read_version: "version",
    read_stop: "stop",
    read_quantity: "quantity",
    read_scalar: "scalar",
}

_CHECKS: dict[object, Schema] = {check_weight: {"minimum": 0, "maximum": LARGEST_WEIGHT}}
"""What checks a value that has been read, as far as a schema can say it."""

_ONE_OF: dict[str, Schema] = {
    "SecretReference": {"minProperties": 1, "maxProperties": 1},
    "Parameters": {"not": {"required": ["max_tokens", "max_completion_tokens"]}},
    "AgentRule": {"oneOf": [{"required": ["use"]}, {"required": ["deny"]}]},
}
"""Which keys exclude one another, as far as a schema can say so."""

_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}

_CHANGES = "Changes"
"""What a mapping is called where an environment changes some of it, and so needs to write no more than that."""


def build_json_schema() -> Schema:
    """The schema of a document."""
    kinds = [(section.kind, "validation") for section in SECTIONS.values()]
    _, generated = models_json_schema([*kinds, (Head, "validation")], schema_generator=_WrittenForm)  # type: ignore[list-item]
    definitions: dict[str, Schema] = generated["$defs"]
    for name, also in _ONE_OF.items():
        definitions[name] |= also
    head = definitions.pop("Head")
    changes = _Changes(definitions)
    environment = {name: changes.of_section(name, section) for name, section in SECTIONS.items()}
    properties = {
        **cast(Schema, head["properties"]),
        **{name: _describe_section(name, section) for name, section in SECTIONS.items()},
        "environments": {
            "type": "object",
            "description": "what differs by environment: the same sections, with the fields that change",
            "additionalProperties": _close({"type": "object", "properties": environment}),
            "maxProperties": MOST_ENVIRONMENTS,
        },
    }
    return {
        "$schema": DIALECT,
        "title": TITLE,
        "description": ABOUT,
        **_close({"type": "object", "properties": properties, "required": ["providers"]}),
        "$defs": dict(sorted((definitions | changes.definitions | GRAMMARS).items())),
    }


class _WrittenForm(GenerateJsonSchema):
    """Pydantic's generator, made to tell of values as they are written instead of what they are read as."""

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        reader: object = schema["function"]["function"]
        if reader is read_secret_reference:
            return self.generate_inner(schema["schema"])
        return {"$ref": f"#/$defs/{_READERS[reader]}"}  # type: ignore[index]

    def function_after_schema(self, schema: core_schema.AfterValidatorFunctionSchema) -> JsonSchemaValue:
        inner = super().function_after_schema(schema)
        return {**inner, **_CHECKS.get(schema["function"]["function"], {})}

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """A key without a value is refused, so null is never an alternative."""
        return self.generate_inner(schema["schema"])

    def literal_schema(self, schema: core_schema.LiteralSchema) -> JsonSchemaValue:
        values = list(schema["expected"])
        return {"anyOf": [{"type": "string", "enum": values}, {"$ref": "#/$defs/variable"}]}

    def str_schema(self, schema: core_schema.StringSchema) -> JsonSchemaValue:
        text = super().str_schema(schema)
        if "pattern" in text:
            text["pattern"] = rf"{text['pattern']}|\$\{{"
        return text

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        mapping = super().dict_schema(schema)
        keys = schema.get("keys_schema", {})
        if keys.get("type") == "literal":
            mapping["propertyNames"] = {"enum": list(cast(core_schema.LiteralSchema, keys)["expected"])}
        return mapping

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        inner = self.generate_inner(schema["schema"])
        default = write_default(schema["schema"], schema.get("default"))
        return inner if default is None else {**inner, "default": default}

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        model = super().model_schema(schema)
        model.pop("title", None)
        return cast(JsonSchemaValue, _name_bounds(model))

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Names say enough."""
        return False

    def get_schema_from_definitions(self, json_ref: JsonRef) -> JsonSchemaValue | None:
        """What pydantic knows of; our grammars are put beside its definitions at the end."""
        is_ours = json_ref.rpartition("/")[2] in GRAMMARS
        return None if is_ours else super().get_schema_from_definitions(json_ref)


def _name_bounds(schema: object) -> object:
    """A schema in which limits that pydantic left under its own names have those of JSON Schema."""
    if isinstance(schema, list):
        return [_name_bounds(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {_BOUNDS.get(name, name): _name_bounds(value) for name, value in schema.items()}


def write_default(schema: Mapping[str, Any], default: object) -> object:
    """A field's default as it would be written, `None` where there is none or it is empty."""
    match schema["type"]:
        case "nullable":
            return write_default(schema["schema"], default)
        case "list" if isinstance(default, list):
            return [write_default(schema["items_schema"], item) for item in default] or None
        case "function-before" if isinstance(default, int):
            writer = WRITERS.get(schema["function"]["function"])
            return writer(default) if writer else default
    return default if isinstance(default, bool | int | str) and default != "" else None


class _Changes:
    """Copies of the definitions in which nothing is required, for as much of them as an environment merges."""

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._full = definitions
        self.definitions: dict[str, Schema] = {}

    def of_section(self, name: str, section: Section) -> Schema:
        whole = _describe_section(name, section)
        if section.shape == "named":
            return whole | {"additionalProperties": self._relax(cast(Schema, whole["additionalProperties"]))}
        return whole if section.shape == "listed" else self._relax(whole)

    def _relax(self, schema: Schema) -> Schema:
        """The schema for a part of what another describes; lists are replaced as wholes, so they stay as they are."""
        relaxed = {name: value for name, value in schema.items() if name not in ("required", "default")}
        if isinstance(reference := schema.get("$ref"), str):
            relaxed["$ref"] = self._relax_definition(reference)
        if isinstance(properties := schema.get("properties"), dict):
            relaxed["properties"] = {
                name: below if name in REPLACED_WHOLE else self._relax(below) for name, below in properties.items()
            }
        if isinstance(entries := schema.get("additionalProperties"), dict):
            relaxed["additionalProperties"] = self._relax(entries)
        return relaxed

    def _relax_definition(self, reference: str) -> str:
        name = reference.rpartition("/")[2]
        if name not in self._full:
            return reference
        if name + _CHANGES not in self.definitions:
            self.definitions[name + _CHANGES] = self._relax(self._full[name])
        return reference + _CHANGES


def _describe_section(name: str, section: Section) -> Schema:
    """A whole section: entries by name, entries in order, or one mapping."""
    entry: Schema = {"$ref": f"#/$defs/{section.kind.__name__}"}
    match section.shape:
        case "named":
            names = {"pattern": _to_ecma(section.names)}
            return {"type": "object", "additionalProperties": entry, "propertyNames": names}
        case "listed":
            return {"type": "array", "items": entry, "maxItems": MOST_LISTED}
        case "single":
            return entry


def _to_ecma(pattern: re.Pattern[str]) -> str:
    """A pattern for a whole text, in the dialect of JSON Schema."""
    return f"^(?:{pattern.pattern.replace(chr(92) + 'Z', '$')})$"


def _close(schema: Schema) -> Schema:
    return {**schema, "additionalProperties": False}
