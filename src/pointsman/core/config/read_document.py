"""Reads the tree into the document, entry by entry, so that one wrong entry hides no problem of another."""

import re
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pointsman.core.config.document import SECTIONS, Agent, Head, Model, Provider
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.mistakes import TOP_KEYS, report_mistake, report_unknown_key
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, Plain, find_node, to_plain
from pointsman.core.config.problems import Findings, Place, quote

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_MODEL_NAME = re.compile(r"(?!agent:)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,126}")

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Written(Generic[Kind]):
    """An entry of a section that could be read.

    Attributes:
        key: where its name stands.
        node: its fields and where they stand.
        value: what it says.
    """

    key: Place
    node: MappingNode
    value: Kind

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
            report_unknown_key(name, entry.key, TOP_KEYS, findings)
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
    kind: type[Kind], entries: dict[str, Entry], names: re.Pattern[str], findings: Findings
) -> dict[str, Written[Kind]]:
    read: dict[str, Written[Kind]] = {}
    for name, entry in entries.items():
        if not names.fullmatch(name):
            allowed = "letters, digits and . _ - / : @" if names is _MODEL_NAME else "small letters, digits and . _ -"
            findings.add(entry.key, "invalid_name", f"{quote(name)} is not a name; use {allowed}")
        if not isinstance(entry.value, MappingNode):
            findings.add(entry.value.place, "invalid_type", "expected a mapping, such as {key: value}")
            continue
        value = _read_entry(kind, entry.value, entry.key, findings)
        if value is not None:
            read[name] = Written(entry.key, entry.value, value)
    return read


def _read_entry(kind: type[Kind], node: MappingNode, key: Place, findings: Findings) -> Kind | None:
    """Read one entry; what is wrong in it is reported and left out, so that the rest can still be judged."""
    plain = {name: to_plain(entry.value) for name, entry in node.entries.items()}
    try:
        return kind.model_validate(plain)
    except ValidationError as error:
        details = error.errors(include_url=False)
    for detail in details:
        report_mistake(detail, kind, node, key, findings)
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
