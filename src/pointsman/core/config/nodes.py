"""The tree that a YAML text is read into: plain values, each knowing where it stands and how it was written."""

from dataclasses import dataclass

from pointsman.core.config.problems import Place

ScalarValue = str | int | float | bool | None
Plain = ScalarValue | list["Plain"] | dict[str, "Plain"]


class WrittenFloat(float):
    """A number with decimals that keeps its source text, because money is read from text and never from a float."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "WrittenFloat":
        number = super().__new__(cls, text)
        number.text = text
        return number


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value.

    Attributes:
        place: where it stands.
        text: as written, without quotes and escapes.
        value: what the text means; a quoted text is always a string.
        lead: how many characters after `place` the text begins, where it stands in the file character by character;
            `None` where it is folded, escaped or put in.
    """

    place: Place
    text: str
    value: ScalarValue
    lead: int | None = None


@dataclass(frozen=True, slots=True)
class ListNode:
    """Values in order."""

    place: Place
    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping and its value; `key` is where the key stands."""

    key: Place
    value: "Node"


@dataclass(frozen=True, slots=True)
class MappingNode:
    """Named values in the order of the document; a key is its source text, whatever it looks like."""

    place: Place
    entries: dict[str, Entry]


Node = ScalarNode | ListNode | MappingNode


def to_plain(node: Node) -> Plain:
    """The value without its places."""
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [to_plain(item) for item in node.items]
    return {key: to_plain(entry.value) for key, entry in node.entries.items()}


def find_node(root: MappingNode, *steps: str | int) -> Node:
    """The node that the steps lead to, or the last one on the way that exists."""
    node: Node = root
    for step in steps:
        below = _step(node, step)
        if below is None:
            break
        node = below
    return node


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(node, MappingNode) and isinstance(step, str):
        entry = node.entries.get(step)
        return None if entry is None else entry.value
    if isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None
