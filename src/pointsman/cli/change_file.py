"""A file with parts of a document that are to be stored: what it says, and where in it each value stands."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pointsman.control.found_file import Unusable, name_file, read_file
from pointsman.core.config.find_path import find_path, find_value
from pointsman.core.config.forms.table import detect_form
from pointsman.core.config.nodes import ListNode, MappingNode, Node, Plain, ScalarNode, to_plain
from pointsman.core.config.problems import Findings, Place, Problem
from pointsman.core.config.source import Source, read_source

OF_FILES = {
    "environments": "what is stored counts in whatever environment the gateway runs in; leave out this key",
    "include": "only a file of the gateway can take in others; leave out this key",
    "source": "only the files say whether what is stored counts; set it there, and leave out this key",
}
"""Keys of the document that do nothing, or the wrong thing, in the stored layer; and why."""

VERSION = "version"
VERSIONS = (1, "1", "1.0")
"""What a document may say of its form; a part of one may say it too, and it is not stored."""

OF_KEYS = ("unknown_key", "missing_key", "invalid_name")
"""Codes of problems that stand at a key rather than at its value."""


@dataclass(frozen=True, slots=True)
class ChangeFile:
    """What a file sets.

    Attributes:
        name: how messages name it.
        root: as it was read, with places.
        values: the same as plain values.
        problems: why it cannot be sent; empty when it can.
    """

    name: str
    root: MappingNode | None
    values: dict[str, Plain] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def locate(self, problem: dict[str, Any]) -> dict[str, Any]:
        """A problem that the gateway found in what is stored, at the place in this file if the value stands here."""
        if self.root is None or not str(problem.get("file", "")).startswith("stored revision "):
            return problem
        path, code = str(problem.get("path", "")), problem.get("code")
        # What is missing stands nowhere, so its place is that of what it is missing in.
        where = path.rpartition(".")[0] if code == "missing_key" else path
        place = find_place(self.root, where, of_key=code in OF_KEYS)
        if place is None:
            return problem
        return problem | {"file": self.name, "line": place.line, "column": place.column}


def read_change_file(path: Path) -> ChangeFile | Unusable:
    """Read a file with parts of a document; `Unusable` when there is none."""
    found = read_file(path)
    if isinstance(found, Unusable):
        return found
    name, findings = name_file(path), Findings()
    root = read_source(Source(name, found.content), findings)
    if root is not None and not findings.count_errors():
        _judge(root, name, findings)
    if root is None or findings.count_errors():
        return ChangeFile(name, root, problems=findings.in_order())
    values = {key: _unescape(to_plain(entry.value)) for key, entry in root.entries.items() if key != VERSION}
    return ChangeFile(name, root, values)


def find_place(root: MappingNode, path: str, *, of_key: bool) -> Place | None:
    """Where the value at a path stands, or its key; `None` when the file does not say it."""
    steps = find_path(root, path)
    if not steps:
        return None
    holder, name = find_value(root, steps[:-1]), steps[-1]
    if of_key and isinstance(holder, MappingNode) and isinstance(name, str):
        return holder.entries[name].key
    found = find_value(root, steps)
    return found.place if found is not None else None


def _judge(root: MappingNode, name: str, findings: Findings) -> None:
    """Note what the stored layer would take for something else than the file means."""
    form = detect_form(root)
    if form is not None:
        findings.add(root.place, "mixed_forms", f"this is in the form {form}; `pointsman import {form} {name}` first")
        return
    for key, why in OF_FILES.items():
        if key in root.entries:
            findings.add(root.entries[key].key, "unknown_key", why)
    version = root.entries.get(VERSION)
    if version is not None and to_plain(version.value) not in VERSIONS:
        findings.add(version.value.place, "invalid_value", "there is one version of the document: write 1")
    _refuse_variables(root, findings)


def _refuse_variables(node: Node, findings: Findings) -> None:
    """What is stored is taken as it stands, so a variable would become a text that looks like one."""
    if isinstance(node, ScalarNode):
        if isinstance(node.value, str) and "${" in node.value.replace("$${", ""):
            message = "what is stored takes no variables; write the value, or $${ for a plain ${"
            findings.add(node.place, "unset_variable", message)
    elif isinstance(node, ListNode):
        for item in node.items:
            _refuse_variables(item, findings)
    else:
        for entry in node.entries.values():
            _refuse_variables(entry.value, findings)


def _unescape(value: Plain) -> Plain:
    """The value with a plain `${` where a file has `$${`."""
    if isinstance(value, dict):
        return {key: _unescape(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_unescape(item) for item in value]
    return value.replace("$${", "${") if isinstance(value, str) else value
