"""Layers of a configuration and the one function that lays one over another: mappings merge, all else is replaced.

Values keep their places, so each one in the effective document still tells which layer it came from.
"""

from dataclasses import dataclass
from typing import Literal

from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, Plain, ScalarNode, WrittenFloat
from pointsman.core.config.problems import Place
from pointsman.core.config.source import join_path

LayerName = Literal["defaults", "catalogue", "variables", "file", "environment", "stored", "override"]
"""From the lowest to the highest."""

REPLACED_WHOLE = frozenset(("api_key", "webhook", "redis", "price_per_1m_tokens", "split"))
"""Mappings that mean one thing together; half of an old one would mix two."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of values.

    Attributes:
        name: which kind of source.
        root: its values, in the form of the document.
        author: who wrote it, where somebody in particular did.
        reason: why, where that was said.
        since_ms: from when on it counts, in milliseconds since the Unix epoch, or `None` where a file tells.
        expires_at_ms: when it ends by itself, or `None`.
        id: of the override, or the number of the stored revision; `""` for files.
    """

    name: LayerName
    root: MappingNode
    author: str = ""
    reason: str = ""
    since_ms: int | None = None
    expires_at_ms: int | None = None
    id: str = ""

    @property
    def removes(self) -> bool:
        """Whether null takes away what lies below, as only a change made by API or console can say."""
        return self.name in ("stored", "override")


def lay_over(below: MappingNode, layer: Layer) -> MappingNode:
    """The document with a layer's values in place of its own."""
    return _merge(below, layer.root, layer.removes)


def build_node(value: Plain, file: str, path: str = "") -> Node:
    """A tree for values that come from no text, such as the stored layer; each place tells `file` and the path."""
    place = Place(1, 1, path, file)
    if isinstance(value, dict):
        entries = {}
        for name, below in value.items():
            step = join_path(path, name)
            entries[name] = Entry(Place(1, 1, step, file), build_node(below, file, step))
        return MappingNode(place, entries)
    if isinstance(value, list):
        return ListNode(place, tuple(build_node(item, file, f"{path}[{index}]") for index, item in enumerate(value)))
    if isinstance(value, float) and not isinstance(value, WrittenFloat):
        value = WrittenFloat(repr(value))
    return ScalarNode(place, value.text if isinstance(value, WrittenFloat) else str(value), value)


def build_mapping(value: dict[str, Plain], file: str) -> MappingNode:
    """The same for a whole layer."""
    root = build_node(value, file)
    assert isinstance(root, MappingNode), "a mapping becomes a mapping"
    return root


def _merge(below: MappingNode, above: MappingNode, removes: bool) -> MappingNode:
    entries = dict(below.entries)
    for name, entry in above.entries.items():
        if removes and isinstance(entry.value, ScalarNode) and entry.value.value is None:
            entries.pop(name, None)
            continue
        under = entries.get(name)
        entries[name] = Entry(entry.key, _merge_values(name, under.value if under else None, entry.value, removes))
    return MappingNode(below.place, entries)


def _merge_values(name: str, below: Node | None, above: Node, removes: bool) -> Node:
    if not isinstance(above, MappingNode):
        return above
    if isinstance(below, MappingNode) and name not in REPLACED_WHOLE:
        return _merge(below, above, removes)
    return _merge(MappingNode(above.place, {}), above, removes) if removes else above
