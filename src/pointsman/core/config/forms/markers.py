"""Finds the keys by which a form is recognised: each is one that no other form, ours included, has in that place."""

from collections.abc import Iterable, Iterator, Sequence

from pointsman.core.config.forms.adaptation import Marker
from pointsman.core.config.nodes import Entry, MappingNode, Node

EACH = "*"
"""Stands in a path for every key of a mapping."""


def find_marked(root: MappingNode, path: Sequence[str], names: Iterable[str]) -> Marker | None:
    """The first of some keys in the mappings that a path leads to."""
    wanted = frozenset(names)
    for holder in find_below(root, path):
        if isinstance(holder, MappingNode):
            for name, entry in holder.entries.items():
                if name in wanted:
                    return Marker(name, entry.key)
    return None


def find_below(root: Node, path: Sequence[str]) -> Iterator[Node]:
    """The nodes that a path leads to."""
    if not path:
        yield root
    elif isinstance(root, MappingNode):
        for entry in _choose(root, path[0]):
            yield from find_below(entry.value, path[1:])


def _choose(node: MappingNode, step: str) -> Iterable[Entry]:
    if step == EACH:
        return node.entries.values()
    return (node.entries[step],) if step in node.entries else ()
