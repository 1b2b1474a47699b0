"""Closes the objects of an answer's schema: Anthropic takes none that may hold members which it does not name."""

from collections.abc import Mapping

from pointsman.core.chat.conversation import JsonObject

CHANGE = "output_config.format.schema.additionalProperties=false"
_SCHEMAS_BY_NAME = ("properties", "$defs", "definitions")
_SCHEMAS_IN_LIST = ("anyOf", "oneOf", "allOf", "prefixItems")


def close_schema(schema: JsonObject) -> JsonObject:
    """The schema with every object closed of which nothing is said; the very same one where there is none."""
    closed: JsonObject = {}
    for name, value in schema.items():
        if name in _SCHEMAS_BY_NAME and type(value) is dict:
            closed[name] = _close_all(value)
        elif name in _SCHEMAS_IN_LIST and type(value) is list:
            closed[name] = [_close(item) for item in value]
        else:
            closed[name] = _close(value) if name == "items" else value
    if _is_object(schema) and "additionalProperties" not in schema:
        closed["additionalProperties"] = False
    return schema if closed == schema else closed


def _close(schema: object) -> object:
    return close_schema(schema) if type(schema) is dict else schema


def _close_all(schemas: Mapping[str, object]) -> JsonObject:
    return {name: _close(schema) for name, schema in schemas.items()}


def _is_object(schema: JsonObject) -> bool:
    kind = schema.get("type")
    return kind == "object" or (type(kind) is list and "object" in kind) or (kind is None and "properties" in schema)
