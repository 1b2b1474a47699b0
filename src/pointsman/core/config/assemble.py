"""Joins the files of a document into one tree: sections merge, lists go on, and no name may stand in two files."""

from collections.abc import Sequence
from dataclasses import dataclass

from pointsman.core.config.nodes import Entry, ListNode, MappingNode
from pointsman.core.config.problems import Findings, Place, quote

ENVIRONMENTS = "environments"

_EACH_FILE = frozenset(("version", "include"))
"""Said by each file for itself."""

_LEVELS = {"routing": 1, ENVIRONMENTS: 2}
"""How many mappings deep the files of a section meet: `routing.strategies`, and an environment's sections."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """One file of a document; `environment` names the environment that it is the overlay of, if any."""

    file: str
    root: MappingNode
    environment: str | None = None


def assemble(files: Sequence[ReadFile], findings: Findings) -> MappingNode:
    """The document that the files make together; the first one is where what is missing is missed."""
    document = MappingNode(files[0].root.place, {})
    for file in files:
        document = _join(document, _place_overlay(file), findings)
    return document


def _place_overlay(file: ReadFile) -> MappingNode:
    """A file of `environments/` as the part of the document that it stands for."""
    if file.environment is None:
        return file.root
    start = Place(1, 1, "", file.file)
    sections = {name: entry for name, entry in file.root.entries.items() if name not in _EACH_FILE}
    overlay = Entry(start, MappingNode(file.root.place, sections))
    return MappingNode(start, {ENVIRONMENTS: Entry(start, MappingNode(start, {file.environment: overlay}))})


def _join(below: MappingNode, above: MappingNode, findings: Findings) -> MappingNode:
    entries = dict(below.entries)
    for name, entry in above.entries.items():
        first = entries.get(name)
        if first is None:
            entries[name] = entry
        elif name not in _EACH_FILE:
            entries[name] = _join_entries(name, first, entry, 1 + _LEVELS.get(name, 0), findings)
    return MappingNode(below.place, entries)


def _join_entries(name: str, first: Entry, second: Entry, levels: int, findings: Findings) -> Entry:
    if isinstance(first.value, ListNode) and isinstance(second.value, ListNode):
        return Entry(first.key, ListNode(first.value.place, first.value.items + second.value.items))
    if levels and isinstance(first.value, MappingNode) and isinstance(second.value, MappingNode):
        entries = dict(first.value.entries)
        for below, entry in second.value.entries.items():
            under = entries.get(below)
            entries[below] = entry if under is None else _join_entries(below, under, entry, levels - 1, findings)
        return Entry(first.key, MappingNode(first.value.place, entries))
    message = f"{quote(name)} stands in {first.key.file}:{first.key.line}:{first.key.column} already; keep one of them"
    findings.add(second.key, "duplicate_name", message)
    return first
