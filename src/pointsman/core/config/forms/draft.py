"""A document in the making: each key and value keeps the place in the original text that it comes from."""

from dataclasses import dataclass, field
from typing import Union

from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode, ScalarValue, WrittenFloat
from pointsman.core.config.problems import Findings, Place, quote


@dataclass(slots=True)
class Draft:
    """A mapping that entries are put into one by one.

    Attributes:
        place: where what it stands for is written.
        findings: where a second value for one key is noted.
        parts: the entries so far.
    """

    place: Place
    findings: Findings
    parts: dict[str, Union["Draft", "DraftList", Entry]] = field(default_factory=dict)

    def at(self, name: str, place: Place) -> "Draft":
        """The mapping at a key, made where there is none yet; `place` is where its key comes from."""
        part = self.parts.get(name)
        if not isinstance(part, Draft):
            part = self.parts[name] = Draft(place, self.findings)
        return part

    def put(self, name: str, key: Place, value: Node) -> None:
        """Set a key; the first value counts, and a second one is a problem."""
        part = self.parts.get(name)
        if part is not None:
            first = part.key if isinstance(part, Entry) else part.place
            message = f"this says {quote(name)}, as {first.file}:{first.line} does; keep one of them"
            self.findings.add(key, "duplicate_name", message)
            return
        self.parts[name] = Entry(key, value)

    def put_all(self, entries: dict[str, Entry]) -> None:
        """Take over entries as they are."""
        for name, entry in entries.items():
            self.put(name, entry.key, entry.value)

    def append(self, name: str, key: Place, *values: Node) -> None:
        """Add to the list at a key."""
        part = self.parts.get(name)
        if not isinstance(part, DraftList):
            part = self.parts[name] = DraftList(key)
        part.items.extend(values)

    def build(self) -> MappingNode:
        """The finished mapping."""
        return MappingNode(self.place, {name: _build_entry(part) for name, part in self.parts.items()})


@dataclass(slots=True)
class DraftList:
    """A list in the making."""

    place: Place
    items: list[Node] = field(default_factory=list)


def build_text(place: Place, text: str) -> ScalarNode:
    """A text that stands for what is written there."""
    return ScalarNode(place, text, text)


def build_scalar(place: Place, value: ScalarValue) -> ScalarNode:
    """A value that stands for what is written there."""
    return ScalarNode(place, value.text if isinstance(value, WrittenFloat) else str(value), value)


def build_mapping(place: Place, **values: Node) -> MappingNode:
    """A small mapping whose keys all come from one place."""
    return MappingNode(place, {name: Entry(place, value) for name, value in values.items()})


def put_entry(draft: Draft, name: str, entry: Entry) -> None:
    """Set a key of the draft to what another key says."""
    draft.put(name, entry.key, entry.value)


def put_list(draft: Draft, name: str, entry: Entry) -> None:
    """The same for a list that may be written as its only item."""
    single = isinstance(entry.value, ScalarNode)
    draft.put(name, entry.key, ListNode(entry.value.place, (entry.value,)) if single else entry.value)


def _build_entry(part: Draft | DraftList | Entry) -> Entry:
    if isinstance(part, Entry):
        return part
    node = part.build() if isinstance(part, Draft) else ListNode(part.place, tuple(part.items))
    return Entry(part.place, node)
