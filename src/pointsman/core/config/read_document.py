"""Reads the tree into the document, entry by entry, so that one wrong entry hides no problem of another."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel, ValidationError

from pointsman.core.config.document import MODEL_NAME, SECTIONS, TOP_KEYS, Head
from pointsman.core.config.inline_secrets import holds_secret
from pointsman.core.config.mistakes import report_mistake, report_unknown_key
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, Plain, find_node, to_plain
from pointsman.core.config.problems import Findings, Place, quote
from pointsman.core.config.sections.callers import Agent, Experiment, Interaction, Policy, Task
from pointsman.core.config.sections.limits import Limit
from pointsman.core.config.sections.operations import (
    Alerts,
    Cache,
    Privacy,
    Retention,
    Security,
    Server,
    Storage,
    Telemetry,
)
from pointsman.core.config.sections.providers import Model, Provider
from pointsman.core.config.sections.routing import Budget, Routing

MOST_LISTED = 10_000

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
    """All entries that could be read, the defaults of sections that are not written, and every name that is written."""

    head: Head
    providers: dict[str, Written[Provider]]
    models: dict[str, Written[Model]]
    agents: dict[str, Written[Agent]]
    interactions: dict[str, Written[Interaction]]
    tasks: dict[str, Written[Task]]
    experiments: dict[str, Written[Experiment]]
    budgets: tuple[Written[Budget], ...]
    limits: tuple[Written[Limit], ...]
    routing: Written[Routing]
    policy: Written[Policy]
    privacy: Written[Privacy]
    cache: Written[Cache]
    alerts: Written[Alerts]
    retention: Written[Retention]
    security: Written[Security]
    telemetry: Written[Telemetry]
    server: Written[Server]
    storage: Written[Storage]
    names: dict[str, frozenset[str]]

    @property
    def provider_names(self) -> frozenset[str]:
        """Every provider that is written, readable or not."""
        return self.names["providers"]

    def list_values(self) -> list[object]:
        """Everything that is said, section by section, in values that can be encoded."""
        single: list[BaseModel] = [self.routing.value, self.policy.value, self.cache.value, self.alerts.value]
        single += [
            self.privacy.value,
            self.retention.value,
            self.security.value,
            self.telemetry.value,
            self.server.value,
        ]
        return [
            self.head.source,
            _dump(self.providers),
            _dump(self.models),
            _dump(self.agents),
            _dump(self.interactions),
            _dump(self.tasks),
            _dump(self.experiments),
            [budget.value.model_dump() for budget in self.budgets],
            [limit.value.model_dump() for limit in self.limits],
            [value.model_dump() for value in (*single, self.storage.value)],
        ]

    @property
    def model_names(self) -> frozenset[str]:
        """Every model that is written, readable or not."""
        return self.names["models"]


def _dump(entries: Mapping[str, Written[Kind]]) -> dict[str, object]:
    return {name: written.value.model_dump() for name, written in entries.items()}


def read_document(root: MappingNode, findings: Findings) -> Document:
    """Read a document whose layers have been laid over one another; never raises."""
    head = _read_head(root, findings)
    named = {
        name: _read_section(root, name, findings) for name, section in SECTIONS.items() if section.shape == "named"
    }
    return Document(
        head=head,
        providers=_read_entries("providers", Provider, named, findings),
        models=_read_entries("models", Model, named, findings),
        agents=_read_entries("agents", Agent, named, findings),
        interactions=_read_entries("interactions", Interaction, named, findings),
        tasks=_read_entries("tasks", Task, named, findings),
        experiments=_read_entries("experiments", Experiment, named, findings),
        budgets=_read_list("budgets", Budget, root, findings),
        limits=_read_list("limits", Limit, root, findings),
        routing=_read_single("routing", Routing, root, findings),
        policy=_read_single("policy", Policy, root, findings),
        privacy=_read_single("privacy", Privacy, root, findings),
        cache=_read_single("cache", Cache, root, findings),
        alerts=_read_single("alerts", Alerts, root, findings),
        retention=_read_single("retention", Retention, root, findings),
        security=_read_single("security", Security, root, findings),
        telemetry=_read_single("telemetry", Telemetry, root, findings),
        server=_read_single("server", Server, root, findings),
        storage=_read_single("storage", Storage, root, findings),
        names={name: frozenset(entries) for name, entries in named.items()},
    )


def refuse_secrets_and_nulls(node: Node, findings: Findings, *, takes_nulls: bool = False) -> None:
    """Look at every scalar for what may stand nowhere: a key in the clear, and a key without a value."""
    if isinstance(node, MappingNode):
        for name, entry in node.entries.items():
            if holds_secret(name):
                findings.spoil(entry.key, "inline_secret", "this looks like a secret; a document may hold none")
            refuse_secrets_and_nulls(entry.value, findings, takes_nulls=takes_nulls)
    elif isinstance(node, ListNode):
        for item in node.items:
            refuse_secrets_and_nulls(item, findings, takes_nulls=takes_nulls)
    elif node.value is None and not takes_nulls:
        findings.add(
            node.place, "invalid_type", "there is no value; leave the key out, or write {} for an empty mapping"
        )
    elif isinstance(node.value, str) and holds_secret(node.text):
        message = "this looks like a secret; refer to it as {env: NAME} or {file: PATH}"
        findings.spoil(node.place, "inline_secret", message)


def _read_head(root: MappingNode, findings: Findings) -> Head:
    for name, entry in root.entries.items():
        if name not in TOP_KEYS:
            report_unknown_key(name, entry.key, TOP_KEYS, findings)
    if "providers" not in root.entries:
        findings.add(root.place, "missing_key", "`providers` is missing; write for example `providers: {openai: {}}`")
    head = {name: entry for name, entry in root.entries.items() if name in Head.model_fields}
    return _read_entry(Head, MappingNode(root.place, head), root.place, findings) or Head()


def _read_section(root: MappingNode, name: str, findings: Findings) -> dict[str, Entry]:
    section = root.entries.get(name)
    if section is None:
        return {}
    if isinstance(section.value, MappingNode):
        return section.value.entries
    findings.add(section.value.place, "invalid_type", f"expected a mapping of {name} by name")
    return {}


def _read_list(name: str, kind: type[Kind], root: MappingNode, findings: Findings) -> tuple[Written[Kind], ...]:
    section = root.entries.get(name)
    if section is None:
        return ()
    if not isinstance(section.value, ListNode):
        findings.add(section.value.place, "invalid_type", f"expected a list of {name}, each a mapping")
        return ()
    if len(section.value.items) > MOST_LISTED:
        findings.add(section.key, "too_large", f"there are more than {MOST_LISTED:,} {name}")
    read: list[Written[Kind]] = []
    for item in section.value.items[:MOST_LISTED]:
        if not isinstance(item, MappingNode):
            findings.add(item.place, "invalid_type", "expected a mapping, such as {key: value}")
            continue
        value = _read_entry(kind, item, item.place, findings)
        if value is not None:
            read.append(Written(item.place, item, value))
    return tuple(read)


def _read_single(name: str, kind: type[Kind], root: MappingNode, findings: Findings) -> Written[Kind]:
    section = root.entries.get(name)
    if section is None:
        return Written(root.place, MappingNode(root.place, {}), kind())
    if not isinstance(section.value, MappingNode):
        findings.add(section.value.place, "invalid_type", f"expected a mapping: what {name} says")
        return Written(section.key, MappingNode(section.key, {}), kind())
    value = _read_entry(kind, section.value, section.key, findings)
    return Written(section.key, section.value, value or kind())


def _read_entries(
    section: str, kind: type[Kind], sections: dict[str, dict[str, Entry]], findings: Findings
) -> dict[str, Written[Kind]]:
    read: dict[str, Written[Kind]] = {}
    names = SECTIONS[section].names
    for name, entry in sections[section].items():
        if not names.fullmatch(name):
            report_bad_name(name, entry.key, names, findings)
        if not isinstance(entry.value, MappingNode):
            findings.add(entry.value.place, "invalid_type", "expected a mapping, such as {key: value}")
            continue
        value = _read_entry(kind, entry.value, entry.key, findings)
        if value is not None:
            read[name] = Written(entry.key, entry.value, value)
    return read


def report_bad_name(name: str, place: Place, names: re.Pattern[str], findings: Findings) -> None:
    """Note that nothing can be called this."""
    allowed = "letters, digits and . _ - / : @" if names is MODEL_NAME else "small letters, digits and . _ -"
    findings.add(place, "invalid_name", f"{quote(name)} is not a name; use {allowed}")


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
