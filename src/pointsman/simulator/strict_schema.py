"""What a provider demands of a schema that it follows strictly: closed objects, and for OpenAI nothing optional."""

from pointsman.simulator.asked import JsonObject
from pointsman.simulator.refusal import Refusal

_INSIDE_ONE = ("items", "not")
_INSIDE_MANY = ("anyOf", "allOf", "oneOf", "prefixItems")
_INSIDE_NAMED = ("properties", "$defs", "definitions")


def refuse_loose_schema(schema: JsonObject, param: str, *, all_required: bool) -> None:
    """Refuse a schema with an open object.

    Args:
        schema: of a strict tool or answer.
        param: where it stands in the request.
        all_required: whether every property must be required, as OpenAI has it.

    Raises:
        Refusal: 400 `invalid_json_schema`.
    """
    waiting: list[object] = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, dict):
            continue
        if part.get("type") == "object" or "properties" in part:
            _refuse_loose_object(part, param, all_required=all_required)
        waiting += [part[name] for name in _INSIDE_ONE if name in part]
        for name in _INSIDE_MANY:
            waiting += part[name] if isinstance(part.get(name), list) else []
        for name in _INSIDE_NAMED:
            waiting += part[name].values() if isinstance(part.get(name), dict) else []


def _refuse_loose_object(part: JsonObject, param: str, *, all_required: bool) -> None:
    if part.get("additionalProperties") is not False:
        message = f"Invalid schema for '{param}': 'additionalProperties' is required to be supplied and to be false."
        raise Refusal(400, message, code="invalid_json_schema", param=param)
    properties, required = part.get("properties"), part.get("required")
    if not all_required or not isinstance(properties, dict):
        return
    missing = [name for name in properties if not isinstance(required, list) or name not in required]
    if missing:
        message = (
            f"Invalid schema for '{param}': 'required' is required to be supplied and to be an array including every "
            f"key in properties. Missing '{missing[0]}'."
        )
        raise Refusal(400, message, code="invalid_json_schema", param=param)
