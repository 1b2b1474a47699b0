"""Turns what pydantic refuses into problems of ours: our codes, our words, and what was probably meant."""

import re

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.fields import find_kind, list_fields
from pointsman.core.config.nodes import MappingNode, Node, ScalarNode, find_node
from pointsman.core.config.problems import Findings, Place, quote
from pointsman.core.config.source import resolve_plain

_SPELT_BOOLS = frozenset(("yes", "no", "on", "off", "y", "n"))
_SPELT_NUMBER = re.compile(r"[-+.]*(?:[0-9]|inf|nan)", re.IGNORECASE)

_QUOTED = re.compile("'([^']*)'")
_KEY = "[key]"
"""The last step of what pydantic says of an entry's name instead of its value."""

_MESSAGES: dict[str, tuple[str, str]] = {
    "string_type": ("invalid_type", "expected a text"),
    "int_type": ("invalid_type", "expected a whole number"),
    "float_type": ("invalid_type", "expected a number"),
    "bool_type": ("invalid_type", "expected true or false"),
    "list_type": ("invalid_type", "expected a list, such as [a, b]"),
    "model_type": ("invalid_type", "expected a mapping, such as {{key: value}}"),
    "literal_error": ("invalid_value", "expected {expected}"),
    "greater_than_equal": ("out_of_range", "expected at least {ge}"),
    "less_than_equal": ("out_of_range", "expected at most {le}"),
    "string_too_short": ("out_of_range", "expected a text of at least {min_length} characters"),
    "string_pattern_mismatch": ("invalid_name", "this is not a name of that kind"),
    "dict_type": ("invalid_type", "expected a mapping, such as {{key: value}}"),
    "greater_than": ("out_of_range", "expected more than {gt}"),
    "too_long": ("out_of_range", "expected at most {max_length} entries"),
    "too_short": ("out_of_range", "expected at least {min_length} entries"),
    "string_too_long": ("out_of_range", "expected a text of at most {max_length} characters"),
}
"""What pydantic calls an error, to our code and words; our own validators raise with their code as the type."""


def report_mistake(
    detail: ErrorDetails, kind: type[BaseModel], node: MappingNode, key: Place, findings: Findings
) -> None:
    """Note one refusal of an entry at the place of the value that caused it.

    Args:
        detail: as pydantic tells it.
        kind: what the entry was read as.
        node: the entry's fields.
        key: where the entry's name stands.
        findings: where the problem goes.
    """
    steps = detail["loc"]
    found = find_node(node, *steps)
    place = key if found is node else found.place
    if detail["type"] == "extra_forbidden":
        parent = find_node(node, *steps[:-1])
        assert isinstance(parent, MappingNode), "an unknown key stands in a mapping"
        name = str(steps[-1])
        known = tuple(_model_at(kind, steps[:-1]).model_fields)
        report_unknown_key(name, parent.entries[name].key, known, findings)
    elif steps and steps[-1] == _KEY:
        _report_unknown_name(detail, node, findings)
    elif detail["type"] == "missing":
        path = f"{place.path}.{steps[-1]}"
        findings.add(place.renamed(path), "missing_key", f"`{steps[-1]}` is missing")
    else:
        code, message = _explain(detail, found)
        findings.add(place, code, message)


def _report_unknown_name(detail: ErrorDetails, node: MappingNode, findings: Findings) -> None:
    """Note an entry whose name is not one of those that there are."""
    *parents, name, _ = detail["loc"]
    parent = find_node(node, *parents)
    assert isinstance(parent, MappingNode), "a name stands in a mapping"
    known = _QUOTED.findall(detail.get("ctx", {}).get("expected", ""))
    message = f"unknown key {quote(str(name))}; there are {', '.join(known)}"
    suggestion = findings.guess_name(str(name), known)
    findings.add(parent.entries[str(name)].key, "unknown_key", message, suggestion=suggestion)


def _explain(detail: ErrorDetails, found: Node) -> tuple[str, str]:
    code, template = _MESSAGES.get(detail["type"], (detail["type"], ""))
    message = template.format_map(detail.get("ctx", {})) if template else detail["msg"]
    if not isinstance(found, ScalarNode) or not isinstance(found.value, str) or code != "invalid_type":
        return code, message
    if detail["type"] == "bool_type" and found.text.lower() in _SPELT_BOOLS:
        return "invalid_bool", f"{message}, not {quote(found.text)}"
    if detail["type"] in ("int_type", "float_type"):
        if not isinstance(resolve_plain(found.text), str):
            return code, f"{message}, without quotes"
        if _SPELT_NUMBER.match(found.text):
            return "invalid_number", f"{quote(found.text)} is no decimal number in the usual form, such as 17 or 0.5"
    return code, f"{message}, not {quote(found.text)}"


def report_unknown_key(name: str, place: Place, known: tuple[str, ...], findings: Findings) -> None:
    """Note a key that does not exist here, with the level where it does, or the key that was probably meant."""
    elsewhere = _PLACES_OF_KEYS.get(name)
    suggestion = findings.guess_name(name, known)
    if elsewhere and (suggestion is None or not _is_nearly(name, suggestion)):
        message = f"unknown key {quote(name)}; it exists under {_parent_of(elsewhere)}"
        findings.add(place, "unknown_key", message, suggestion=elsewhere)
    else:
        suggestion = suggestion or _PLACES_OF_KEYS.get(findings.guess_name(name, _PLACES_OF_KEYS) or "")
        findings.add(place, "unknown_key", f"unknown key {quote(name)}", suggestion=suggestion)


def _is_nearly(name: str, meant: str) -> bool:
    """Whether only the case or an ending differs."""
    name, meant = name.lower(), meant.lower()
    return name.startswith(meant) or meant.startswith(name)


def _parent_of(path: str) -> str:
    return path.rpartition(".")[0] or "the top level"


def _model_at(kind: type[BaseModel], steps: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the mapping that the steps lead to."""
    for step in steps:
        field = kind.model_fields.get(str(step))
        if field is not None:
            kind = find_kind(field.annotation) or kind
    return kind


def _place_keys() -> dict[str, str]:
    """Each key of the document and one place where it belongs."""
    places = {name: name for name in TOP_KEYS}
    for field in list_fields():
        places.setdefault(field.name, field.path)
    return places


_PLACES_OF_KEYS = _place_keys()
