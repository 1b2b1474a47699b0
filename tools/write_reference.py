"""Writes docs/reference.md from the fields of the document; `--check` says whether the page is what it would write."""

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pointsman.core.config.document import SECTIONS
from pointsman.core.config.fields import ITEM, NAME, DocumentField, list_fields
from pointsman.core.config.json_schema import build_json_schema
from pointsman.core.config.pending import find_pending_values, find_topic

PAGE = Path(__file__).parents[1] / "docs" / "reference.md"

Schema = dict[str, Any]
BACKSLASH = "\\"
OR_VARIABLE = r"|\$\{"
"""What lets a text with a `${NAME}` through, whatever its form."""

INTRODUCTION = f"""\
# Every key of the configuration

Written by `python tools/write_reference.py` from the fields that read the document; `pointsman schema` prints the same
for editors. What the keys mean together, with an example of all sections, is in [configuration.md](configuration.md);
so is [how durations, shares, sizes and money are written](configuration.md#values).

`{NAME}` stands for a name of yours, `{ITEM}` for an entry of a list. What is required is required where the mapping
that it stands in is written. An empty default means nothing, or what the description says.

A key marked *not yet*, or a value that stands behind these words, is read and checked, and changes nothing until the
part of Pointsman that it belongs to is there; `pointsman check` says which of them a document holds.
"""

WORDS = {
    "duration": "a duration",
    "period": "a period",
    "size": "a size",
    "share": "a share",
    "money": "dollars",
    "version": '`1`, or in quotes `"1"` or `"1.0"`',
    "stop": "a text, or a list of 1 to 16 texts",
    "quantity": "a number",
    "scalar": "a text, a number, true or false",
}
"""The grammars of `sections/values.py`, as people would say them."""

PLURALS = {
    "a text": "texts",
    "a share": "shares",
    "a mapping": "mappings",
    "a text, a number, true or false": "texts, numbers, true or false",
}


def write_reference() -> str:
    """The whole page."""
    schema = build_json_schema()
    parts = [INTRODUCTION]
    for section, fields in groupby(list_fields(), lambda field: find_section(field.path)):
        rows = [write_row(field, find_schema(field, schema)) for field in fields]
        parts.append("\n".join([*write_heading(section), *rows, ""]))
    parts.append("\n".join(write_environments()))
    return "\n".join(parts)


def find_section(path: str) -> str:
    """The section that a path begins with, `""` for what stands beside them."""
    first = path.partition(".")[0].removesuffix(ITEM)
    return first if first in SECTIONS else ""


def write_heading(section: str) -> Iterator[str]:
    """The heading of a section, what it is, and the head of its table."""
    yield f"## {section or 'At the top'}"
    yield ""
    if section:
        kind = SECTIONS[section].kind
        said = (kind.__doc__ or "").strip().splitlines()[0]
        names = {"named": "Entries by name. ", "listed": "A list of entries. ", "single": ""}[SECTIONS[section].shape]
        yield f"{names}{said}"
        yield ""
    yield "| key | value | unless written | what it does |"
    yield "|---|---|---|---|"


def write_environments() -> Iterator[str]:
    """The one key that holds the sections again."""
    yield from ("## environments", "", "| key | value | unless written | what it does |", "|---|---|---|---|")
    yield "| `environments.NAME` | a mapping: the sections again, with the fields that change | | what differs there |"
    yield ""


def find_schema(field: DocumentField, schema: Schema) -> Schema:
    """What the schema says of a field."""
    definitions: dict[str, Schema] = schema["$defs"]
    holder = definitions.get(field.holder.__name__, schema)
    found: Schema = holder["properties"][field.name]
    return found


def write_row(field: DocumentField, schema: Schema) -> str:
    """One line of a table."""
    waiting = find_topic(field.path) or _join_topics(find_pending_values(field.path))
    what = f"{field.info.description} (*not yet: {waiting}*)" if waiting else field.info.description or ""
    cells = (f"`{field.path}`", describe_value(schema), describe_default(field, schema), what)
    return "|" + "|".join(f" {cell.replace('|', BACKSLASH + '|')} " if cell else " " for cell in cells) + "|"


def _join_topics(topics: dict[str, str]) -> str:
    """Values that do not act yet, by the topic that they wait for."""
    values = {topic: [value for value, other in topics.items() if other == topic] for topic in topics.values()}
    return "; ".join(f"{', '.join(f'`{value}`' for value in some)}: {topic}" for topic, some in values.items())


def describe_default(field: DocumentField, schema: Schema) -> str:
    """What counts where the key is not written."""
    if field.info.is_required():
        return "required"
    default = schema.get("default")
    if default is None:
        return ""
    written = default if isinstance(default, list) else [default]
    return ", ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in written)


def describe_value(schema: Schema) -> str:
    """What may be written, in words."""
    if "$ref" in schema:
        return WORDS.get(schema["$ref"].rpartition("/")[2], "a mapping")
    if "anyOf" in schema:
        return _join_spans(schema["anyOf"][0]["enum"])
    match schema["type"]:
        case "boolean":
            return "`true` or `false`"
        case "integer":
            return f"a whole number{_describe_range(schema)}"
        case "number":
            return f"a number{_describe_range(schema)}"
        case "string":
            return _describe_text(schema)
        case "array":
            return _describe_list(schema)
    return _describe_mapping(schema)


def _describe_range(schema: Schema) -> str:
    least, most, above = schema.get("minimum"), schema.get("maximum"), schema.get("exclusiveMinimum")
    if above is not None:
        return f" above {above:,}, at most {most:,}"
    return f" from {least:,} to {most:,}" if least is not None and most is not None else ""


def _describe_text(schema: Schema) -> str:
    if "pattern" in schema:
        return f"a text of the form `{schema['pattern'].removesuffix(OR_VARIABLE)}`"
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    if most is None:
        return "a text"
    return f"a text of {least:,} to {most:,} characters" if least else f"a text of at most {most:,} characters"


def _describe_list(schema: Schema) -> str:
    item = schema["items"]
    words = describe_value(item)
    if "anyOf" in item:
        return f"a list of {words}"
    plural = words.replace("a list", "lists", 1) if item.get("type") == "array" else PLURALS.get(words)
    many = f"at most {schema['maxItems']:,} " if "maxItems" in schema else ""
    return f"a list of {many}{plural or words.replace('a text', 'texts', 1)}"


def _describe_mapping(schema: Schema) -> str:
    inside = describe_value(schema["additionalProperties"])
    names = schema.get("propertyNames", {}).get("enum")
    least, most = schema.get("minProperties"), schema.get("maxProperties")
    many = f"{least} to {most} " if least else f"at most {most} " if most else ""
    whose = _join_spans(names) if names else f"{many}names"
    return f"a mapping of {whose}" if inside == "a mapping" else f"a mapping of {whose} to {inside}"


def _join_spans(values: list[object]) -> str:
    spans = [f"`{value}`" for value in values]
    return f"{', '.join(spans[:-1])} or {spans[-1]}" if len(spans) > 1 else spans[0]


def main(arguments: list[str]) -> int:
    """Write the page, or compare it."""
    text = write_reference()
    if "--check" in arguments:
        fresh = PAGE.is_file() and PAGE.read_text(encoding="utf-8") == text
        if not fresh:
            sys.stderr.write(f"{PAGE.name} is not fresh. Next: python tools/write_reference.py\n")
        return 0 if fresh else 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
