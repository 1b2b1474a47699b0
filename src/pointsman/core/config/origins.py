"""Which layer each value of the effective document comes from: the one that holds the very same node.

The merge function takes nodes over as they are, so a value has exactly one origin; only mappings are put together.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pointsman.core.config.find_path import Steps, find_value
from pointsman.core.config.layers import REPLACED_WHOLE, Layer, LayerName, lay_over
from pointsman.core.config.nodes import ListNode, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import Place

KNOWN: frozenset[LayerName] = frozenset(("defaults", "catalogue"))
"""Layers that hold wherever nobody says anything; null in a layer above brings them back."""

OF_FILES: frozenset[LayerName] = frozenset(("file", "environment"))
"""Layers whose values stand somewhere."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from.

    Attributes:
        position: of the layer, counted from the lowest.
        layer: that gives it.
        node: as the layer has it.
    """

    position: int
    layer: Layer
    node: Node

    @property
    def place(self) -> Place | None:
        """Where it stands, or `None` for a layer that no file holds."""
        return self.node.place if self.layer.name in OF_FILES else None


class Origins:
    """The effective document of some layers, and the origin of each of its values.

    Args:
        layers: all of them, the lowest first.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = tuple(layers)
        self.effective = merge_layers(layers)
        self._positions = {
            id(node): position for position, layer in enumerate(layers) for node in _list_nodes(layer.root)
        }

    def find(self, node: Node, steps: Steps) -> Origin:
        """The origin of a value; a mapping comes from the highest layer that adds to it.

        Args:
            node: as the effective document has it.
            steps: lead to it.
        """
        position = self._positions.get(id(node))
        if position is not None:
            return Origin(position, self.layers[position], node)
        for position in reversed(self._list_living(steps)):
            found = find_value(self.layers[position].root, steps)
            if isinstance(found, MappingNode):
                return Origin(position, self.layers[position], found)
        raise AssertionError("a mapping is made of mappings")

    def find_remover(self, steps: Steps) -> Origin | None:
        """The null of the highest layer that takes a value away, or what it stands in."""
        for position in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[position]
            for depth in range(1, len(steps) + 1) if layer.removes else ():
                found = find_value(layer.root, steps[:depth])
                if found is not None and is_null(found):
                    return Origin(position, layer, found)
        return None

    def find_taker(self, steps: Steps) -> Origin:
        """The null that takes a value away, else what was put in place of something that the value stood in."""
        remover = self.find_remover(steps)
        if remover is not None:
            return remover
        holders = ((steps[:depth], find_value(self.effective, steps[:depth])) for depth in range(len(steps)))
        above, holder = [(above, node) for above, node in holders if node is not None][-1]
        return self.find(holder, above)

    def _list_living(self, steps: Steps) -> list[int]:
        """The layers whose mapping at a path no layer above has taken away."""
        known = [position for position, layer in enumerate(self.layers) if layer.name in KNOWN]
        said: list[int] = []
        for position, merged in self._merged_up_to:
            said.append(position)
            if not isinstance(find_value(merged, steps), MappingNode):
                said.clear()
        return known + said

    @cached_property
    def _merged_up_to(self) -> list[tuple[int, MappingNode]]:
        """All that is said up to each layer, without the known ones."""
        merged = _merge(())
        stages: list[tuple[int, MappingNode]] = []
        for position, layer in enumerate(self.layers):
            if layer.name not in KNOWN:
                merged = lay_over(merged, layer)
                stages.append((position, merged))
        return stages


def merge_layers(layers: Sequence[Layer]) -> MappingNode:
    """The effective document; the known layers lie below all that is said, whatever takes some of that away."""
    said = _merge([layer for layer in layers if layer.name not in KNOWN])
    known = _merge([layer for layer in layers if layer.name in KNOWN])
    return lay_over(known, Layer("file", said)) if known.entries else said


def list_leaves(node: Node, steps: Steps = ()) -> Iterator[tuple[Steps, Node]]:
    """Every value that is set as one: single ones, lists, empty mappings, and mappings that mean one thing."""
    if isinstance(node, MappingNode) and node.entries and not is_one_thing(steps):
        for name, entry in node.entries.items():
            yield from list_leaves(entry.value, (*steps, name))
    else:
        yield steps, node


def is_one_thing(steps: Steps) -> bool:
    """Whether a mapping at this path is replaced as a whole."""
    return bool(steps) and steps[-1] in REPLACED_WHOLE


def is_null(node: Node) -> bool:
    """Whether there is no value, which in a layer above the files takes away what lies below."""
    return isinstance(node, ScalarNode) and node.value is None


def _merge(layers: Sequence[Layer]) -> MappingNode:
    merged = MappingNode(layers[0].root.place if layers else Place(1, 1, "", ""), {})
    for layer in layers:
        merged = lay_over(merged, layer)
    return merged


def _list_nodes(node: Node) -> Iterator[Node]:
    yield node
    if isinstance(node, MappingNode):
        for entry in node.entries.values():
            yield from _list_nodes(entry.value)
    elif isinstance(node, ListNode):
        for item in node.items:
            yield from _list_nodes(item)
