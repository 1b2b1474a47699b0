"""An instance of a JSON Schema, chosen by dice and filled with given words.

Honoured: `$ref`, `const`, `enum`, `anyOf`, `oneOf`, `allOf`, types, nesting, `required`, bounds of numbers, strings and
arrays, common string formats. Not honoured: `pattern`, `not`, `if`.
"""

import math
from random import Random
from typing import Any

Schema = dict[str, Any]

DEEPEST = 24
"""Below this a recursive schema gets the emptiest value."""

ROOMY = 4
"""Below this depth, optional properties and extra array items are left out so that recursion ends."""

MOST_STEPS = 20_000
"""How much work one schema may cause; what is left of it then is null."""

MOST_ITEMS = 1_000
MOST_CHARACTERS = 10_000
"""Of one array and of one string, whatever the schema demands."""

_COMBINATIONS = ("$ref", "allOf", "anyOf", "oneOf")
_FORMATS = {
    "date": "2026-03-14",
    "time": "09:26:53Z",
    "date-time": "2026-03-14T09:26:53Z",
    "duration": "PT15M",
    "email": "ada@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.7",
    "ipv6": "2001:db8::7",
    "uri": "https://example.com/",
    "uuid": "7f1e4c52-8a0b-4d3e-9b6a-2c5d8e9f0a1b",
}


def build_instance(schema: Schema, dice: Random, words: list[str]) -> object:
    """A value that `schema` accepts.

    Args:
        schema: a JSON Schema; local references (`#/...`) are followed.
        dice: makes the choices; the same dice make the same value.
        words: what free strings are made of, the fittest first; not empty.
    """
    return _Builder(schema, dice, words).build(schema, 0)


class _Builder:
    """Walks one schema; one method for each kind of value."""

    def __init__(self, root: Schema, dice: Random, words: list[str]) -> None:
        self._root = root
        self._dice = dice
        self._words = words
        self._strings_made = 0
        self._steps_left = MOST_STEPS

    def build(self, schema: Schema | bool, depth: int) -> object:
        if isinstance(schema, bool) or self._steps_left < 0:
            return None
        schema = self._flatten(schema, depth)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return self._dice.choice(schema["enum"])
        match self._choose_type(schema, depth):
            case "object":
                return self._build_object(schema, depth)
            case "array":
                return self._build_array(schema, depth)
            case "integer" | "number" as kind:
                return self._build_number(schema, whole=kind == "integer")
            case "boolean":
                return self._dice.random() < 0.5
            case "null":
                return None
            case _:
                return self._build_string(schema)

    def _flatten(self, schema: Schema, depth: int) -> Schema:
        """Follow references and fold `allOf`, `anyOf`, `oneOf` into one schema; deep down, the simplest branch."""
        self._steps_left -= 1
        parts = [] if self._steps_left < 0 or depth > DEEPEST else self._take_parts(schema, depth)
        if not parts:
            return schema
        rest = {key: value for key, value in schema.items() if key not in _COMBINATIONS}
        return _merge([*(self._flatten(part, depth + 1) for part in parts), rest])

    def _take_parts(self, schema: Schema, depth: int) -> list[Schema]:
        """The other schemas that an instance of this one obeys too."""
        parts: list[Schema] = [*schema.get("allOf", [])]
        if "$ref" in schema:
            parts.append(self._resolve(schema["$ref"]))
        for branches in (schema.get("anyOf"), schema.get("oneOf")):
            if branches:
                parts.append(self._dice.choice(branches) if depth <= ROOMY else min(branches, key=_weight))
        return parts

    def _resolve(self, reference: str) -> Schema:
        place: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            place = place.get(step.replace("~1", "/").replace("~0", "~"), {})
        return dict(place)

    def _choose_type(self, schema: Schema, depth: int) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            if "null" in kind and depth > ROOMY:
                return "null"
            kind = next((name for name in kind if name != "null"), "null")
        if kind is None:
            kind = "object" if "properties" in schema else "array" if "items" in schema else "string"
        return str(kind)

    def _build_object(self, schema: Schema, depth: int) -> dict[str, object]:
        properties: dict[str, Schema] = schema.get("properties", {})
        required = schema.get("required", [])
        if depth >= DEEPEST:
            return {}
        wanted = [name for name in properties if name in required or depth < ROOMY]
        made = {name: self.build(properties[name], depth + 1) for name in wanted}
        for name in required:
            made.setdefault(name, self._next_word())
        return made

    def _build_array(self, schema: Schema, depth: int) -> list[object]:
        roomy = depth < ROOMY
        least = min(int(schema.get("minItems", int(roomy))), MOST_ITEMS)
        most = min(int(schema.get("maxItems", least + 2)), least + 2 * roomy)
        length = self._dice.randint(min(least, most), most)
        fixed: list[Schema] = schema.get("prefixItems", [])
        rest: Schema | bool = schema.get("items", {"type": "string"})
        made: list[object] = []
        for place in range(max(length, len(fixed)) if depth < DEEPEST else 0):
            made.append(self._build_item(fixed[place] if place < len(fixed) else rest, made, schema, depth))
        return made

    def _build_item(self, item: Schema | bool, made: list[object], schema: Schema, depth: int) -> object:
        value = self.build(item, depth + 1)
        for _ in range(32 if schema.get("uniqueItems") else 0):
            if value not in made:
                break
            value = self.build(item, depth + 1)
        return value

    def _build_number(self, schema: Schema, *, whole: bool) -> int | float:
        least, most = _read_bounds(schema)
        step = schema.get("multipleOf", 1 if whole else (most - least) / 64 or 1)
        first, last = math.ceil(least / step), math.floor(most / step)
        first += first * step == schema.get("exclusiveMinimum")
        last -= last * step == schema.get("exclusiveMaximum")
        value = self._dice.randint(first, max(first, last)) * step
        return int(value) if whole else float(value)

    def _build_string(self, schema: Schema) -> str:
        text = _FORMATS.get(schema.get("format", "")) or self._next_word()
        least, most = min(int(schema.get("minLength", 0)), MOST_CHARACTERS), schema.get("maxLength")
        while len(text) < least:
            text += f" {self._next_word()}"
        return text if most is None else text[: int(most)]

    def _next_word(self) -> str:
        word = self._words[self._strings_made % len(self._words)]
        self._strings_made += 1
        return word


def _read_bounds(schema: Schema) -> tuple[float, float]:
    """The range of a number, both ends included; where one end is open, a hundred numbers."""
    least = schema.get("minimum", schema.get("exclusiveMinimum"))
    most = schema.get("maximum", schema.get("exclusiveMaximum"))
    if least is None:
        least = 1 if most is None or most > 1 else most - 99
    return least, least + 99 if most is None else most


def _merge(schemas: list[Schema]) -> Schema:
    merged: Schema = {}
    for schema in schemas:
        both = {**merged.get("properties", {}), **schema.get("properties", {})}
        required = [*merged.get("required", []), *schema.get("required", [])]
        merged = {**merged, **schema}
        merged |= {"properties": both} if both else {}
        merged |= {"required": required} if required else {}
    return merged


def _weight(schema: Schema) -> int:
    """How much an instance is likely to hold: null weighs nothing, an object the most."""
    return {"null": 0, "boolean": 1, "integer": 1, "number": 1, "string": 2}.get(str(schema.get("type")), 3)
