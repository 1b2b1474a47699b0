"""Google's JSON may name a field in camel case or in snake case; inside the caller's own objects no name is touched."""

from typing import Any, TypeVar

import msgspec

from pointsman.simulator.refusal import Refusal
from pointsman.simulator.strict_json import convert_strictly, decode_strictly

T = TypeVar("T")

_FREE = frozenset(
    {"args", "parametersJsonSchema", "responseJsonSchema", "partMetadata", "default", "example", "labels"}
)
"""Fields whose inside belongs to the caller."""
_MAPS = frozenset({"properties", "$defs"})
"""Fields whose names belong to the caller and whose values do not."""
_SCHEMA_REFERENCES = {"ref": "$ref", "defs": "$defs"}

DEEPEST = 100
"""How far Google lets objects and lists be nested."""

_OBJECT = msgspec.json.Decoder(dict[str, Any])


def decode_google(body: bytes, kind: type[T]) -> T:
    """The body as a `kind`, whose fields may be named either way.

    Raises:
        Refusal: 400 that names the field at fault.
    """
    return convert_strictly(_rename(decode_strictly(body, _OBJECT), "", 0), kind, "")


def _rename(value: Any, above: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise Refusal(400, "Message too deep. Max recursion depth reached.", code="invalid_value")
    if isinstance(value, list):
        return [_rename(one, above, depth + 1) for one in value]
    if not isinstance(value, dict):
        return value
    if above in _MAPS:
        return {name: _rename(inner, "", depth + 1) for name, inner in value.items()}
    renamed: dict[str, Any] = {}
    for name, inner in value.items():
        camel = _SCHEMA_REFERENCES.get(name) or _write_camel(name)
        if camel in renamed:
            raise Refusal(400, f"The field '{camel}' was given twice.", code="duplicate_key", param=camel)
        is_free = camel in _FREE or (above == "functionResponse" and camel == "response")
        renamed[camel] = inner if is_free else _rename(inner, camel, depth + 1)
    return renamed


def _write_camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest) if first else name
