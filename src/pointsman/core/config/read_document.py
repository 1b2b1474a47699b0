"""Reads the tree into the document, entry by entry, so that one wrong entry hides no problem of another."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pointsman.core.config.document import SECTIONS, Agent, Head, Model, Provider
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, Plain, ScalarNode, find_node, to_plain
from pointsman.core.config.problems import Findings, Place, quote
from pointsman.core.config.source import resolve_plain

TOP_KEYS = ("version", *SECTIONS, "environments")

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_MODEL_NAME = re.compile(r"(?!agent:)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}")
_SPELT_BOOLS = frozenset(("yes", "no", "on", "off", "y", "n"))
_SPELT_NUMBER = re.compile(r"[-+.]*(?:[0-9]|inf|nan)", re.IGNORECASE)

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
    "string_too_long": ("out_of_range", "expected a text of at most {max_length} characters"),
}
"""What pydantic calls an error, to our code and words; our own validators raise with their code as the type."""

Written_co = TypeVar("Written_co", bound=BaseModel, covariant=True)


@dataclass(frozen=True, slots=True)
class Written(Generic[Written_co]):
    """An entry of a section that could be read.

    Attributes:
        key: where its name stands.
        node: its fields and where they stand.
        value: what it says.
    """

    key: Place
    node: MappingNode
    value: Written_co

    def place_of(self, *steps: str | int) -> Place:
        """Where a field stands, or the entry itself when the field is not written."""
        node = find_node(self.node, *steps)
        return self.key if node is self.node else node.place


@dataclass(frozen=True, slots=True)
class Document:
    """All entries that could be read, and the names of all that were written."""

    providers: dict[str, Written[Provider]]
    models: dict[str, Written[Model]]
    agents: dict[str, Written[Agent]]
    provider_names: frozenset[str]
    model_names: frozenset[str]


def read_document(root: MappingNode, findings: Findings) -> Document:
    """Read a document whose environment has been laid over it; never raises."""
    _read_head(root, findings)
    sections = {name: _read_section(root, name, findings) for name in SECTIONS}
    return Document(
        providers=_read_entries(Provider, sections["providers"], _NAME, findings),
        models=_read_entries(Model, sections["models"], _MODEL_NAME, findings),
        agents=_read_entries(Agent, sections["agents"], _NAME, findings),
        provider_names=frozenset(sections["providers"]),
        model_names=frozenset(sections["models"]),
    )


def refuse_secrets_and_nulls(node: Node, findings: Findings) -> None:
    """Look at every scalar for what may stand nowhere: a key in the clear, and a key without a value."""
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            if holds_secret(name):
                findings.spoil(entry.key, "inline_secret", "this looks like a secret; a document may hold none")
            refuse_secrets_and_nulls(entry.value, findings)
    elif isinstance(node, ListNode):
        for item in node.items:
            refuse_secrets_and_nulls(item, findings)
    elif node.value is None:
        findings.add(
            node.place, "invalid_type", "there is no value; leave the key out, or write {} for an empty mapping"
        )
    elif isinstance(node.value, str) and holds_secret(node.text):
        message = "this looks like a secret; refer to it as {env: NAME} or {file: PATH}"
        findings.spoil(node.place, "inline_secret", message)


def _read_head(root: MappingNode, findings: Findings) -> None:
    for name, entry in root.entries.items():
        if name not in TOP_KEYS:
            _report_unknown_key(name, entry.key, TOP_KEYS, findings)
    if "providers" not in root.entries:
        findings.add(root.place, "missing_key", "`providers` is missing; write for example `providers: {openai: {}}`")
    head = {name: entry for name, entry in root.entries.items() if name in Head.model_fields}
    _read_entry(Head, MappingNode(root.place, head), root.place, findings)


def _read_section(root: MappingNode, name: str, findings: Findings) -> dict[str, Entry]:
    section = root.entries.get(name)
    if section is None:
        return {}
    if isinstance(section.value, MappingNode):
        return section.value.entries
    findings.add(section.value.place, "invalid_type", f"expected a mapping of {name} by name")
    return {}


def _read_entries(
    kind: type[Written_co], entries: dict[str, Entry], names: re.Pattern[str], findings: Findings
) -> dict[str, Written[Written_co]]:
    read: dict[str, Written[Written_co]] = {}
    for name, entry in entries.items():
        if not names.fullmatch(name):
            allowed = "letters, digits and . _ - / :" if names is _MODEL_NAME else "small letters, digits and . _ -"
            findings.add(entry.key, "invalid_name", f"{quote(name)} is not a name; use {allowed}")
        if not isinstance(entry.value, MappingNode):
            findings.add(entry.value.place, "invalid_type", "expected a mapping, such as {key: value}")
            continue
        value = _read_entry(kind, entry.value, entry.key, findings)
        if value is not None:
            read[name] = Written(entry.key, entry.value, value)
    return read


def _read_entry(kind: type[Written_co], node: MappingNode, key: Place, findings: Findings) -> Written_co | None:
    """Read one entry; what is wrong in it is reported and left out, so that the rest can still be judged."""
    plain = {name: to_plain(entry.value) for name, entry in node.entries.items()}
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        _report(detail, kind, node, key, findings)
        _leave_out(plain, detail["loc"])
    try:
        return kind.model_validate(plain)
    except ValidationError:
        return None


def _leave_out(plain: dict[str, Plain], steps: tuple[str | int, ...]) -> None:
    """Remove what the steps lead to: the innermost field that is there, and a list as a whole."""
    holder, name = plain, ""
    found: Plain = plain
    for step in steps:
        if not (isinstance(found, dict) and isinstance(step, str) and step in found):
            break
        holder, name, found = found, step, found[step]
    holder.pop(name, None)


def _report(detail: ErrorDetails, kind: type[BaseModel], node: MappingNode, key: Place, findings: Findings) -> None:
    steps = detail["loc"]
    found = find_node(node, *steps)
    place = key if found is node else found.place
    if detail["type"] == "extra_forbidden":
        parent = find_node(node, *steps[:-1])
        assert isinstance(parent, MappingNode), "an unknown key stands in a mapping"
        name = str(steps[-1])
        known = tuple(_model_at(kind, steps[:-1]).model_fields)
        _report_unknown_key(name, parent.entries[name].key, known, findings)
    elif detail["type"] == "missing":
        path = f"{place.path}.{steps[-1]}"
        findings.add(Place(place.line, place.column, path), "missing_key", f"`{steps[-1]}` is missing")
    else:
        code, message = _explain(detail, found)
        findings.add(place, code, message)


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


def _report_unknown_key(name: str, place: Place, known: tuple[str, ...], findings: Findings) -> None:
    elsewhere = _PLACES_OF_KEYS.get(name)
    suggestion = findings.guess_name(name, known)
    if elsewhere and (suggestion is None or suggestion.lower() != name.lower()):
        message = f"unknown key {quote(name)}; it exists under {_parent_of(elsewhere)}"
        findings.add(place, "unknown_key", message, suggestion=elsewhere)
    else:
        suggestion = suggestion or _PLACES_OF_KEYS.get(findings.guess_name(name, _PLACES_OF_KEYS) or "")
        findings.add(place, "unknown_key", f"unknown key {quote(name)}", suggestion=suggestion)


def _parent_of(path: str) -> str:
    return path.rpartition(".")[0] or "the top level"


def _model_at(kind: type[BaseModel], steps: tuple[str | int, ...]) -> type[BaseModel]:
    """The model of the mapping that the steps lead to."""
    for step in steps:
        field = kind.model_fields.get(str(step))
        if field is not None:
            kind = next(_models_in(field.annotation), kind)
    return kind


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _list_keys(kind: type[BaseModel], path: str) -> Iterator[tuple[str, str]]:
    for name, field in kind.model_fields.items():
        yield name, f"{path}.{name}"
        for below in _models_in(field.annotation):
            yield from _list_keys(below, f"{path}.{name}")


def _place_keys() -> dict[str, str]:
    """Each key of the document and one place where it belongs."""
    places = {name: name for name in TOP_KEYS}
    for section, kind in (("agents", Agent), ("models", Model), ("providers", Provider)):
        for name, path in _list_keys(kind, f"{section}.NAME"):
            places.setdefault(name, path)
    return places


_PLACES_OF_KEYS = _place_keys()
