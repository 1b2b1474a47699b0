"""Gemini's own schemas, a part of OpenAPI's with types in capitals, as the JSON Schema that every other format has."""

from pointsman.core.chat.conversation import JsonObject
from pointsman.core.dialects.gemini.names import spell

_TYPES = {
    "STRING": "string",
    "NUMBER": "number",
    "INTEGER": "integer",
    "BOOLEAN": "boolean",
    "ARRAY": "array",
    "OBJECT": "object",
    "NULL": "null",
}
_NAMES = {"defs": "$defs", "ref": "$ref"}
_ONE = frozenset({"items", "additionalProperties", "not"})
_SEVERAL = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_NAMED = frozenset({"properties", "$defs"})
_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})


def read_schema(schema: JsonObject) -> JsonObject:
    """The same schema as JSON Schema; what is that already stays as it is."""
    read: JsonObject = {}
    for written, value in schema.items():
        name = spell(written)
        name = _NAMES.get(name, name)
        if name == "type":
            if value != "TYPE_UNSPECIFIED":
                read["type"] = _TYPES.get(value, value) if type(value) is str else value
        elif name == "example":
            read["examples"] = [value]
        elif name != "nullable":
            read[name] = _read_member(name, value)
    if schema.get("nullable") is True:
        _allow_null(read)
    return read


def _read_member(name: str, value: object) -> object:
    if name in _ONE and type(value) is dict:
        return read_schema(value)
    if name in _SEVERAL and type(value) is list:
        return [read_schema(item) if type(item) is dict else item for item in value]
    if name in _NAMED and type(value) is dict:
        return {key: read_schema(item) if type(item) is dict else item for key, item in value.items()}
    if name in _COUNTS and type(value) is str and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)  # 64-bit integers are strings in JSON of protocol buffers
    return value


def _allow_null(schema: JsonObject) -> None:
    kind = schema.get("type")
    if type(kind) is str and kind != "null":
        schema["type"] = [kind, "null"]
    several = schema.get("anyOf")
    if type(several) is list and {"type": "null"} not in several:
        schema["anyOf"] = [*several, {"type": "null"}]
    allowed = schema.get("enum")
    if type(allowed) is list and None not in allowed:
        schema["enum"] = [*allowed, None]
