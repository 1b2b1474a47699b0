"""Keeps the budgets of the document in force in an environment that adds one, where a list would replace them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from pointsman.core.config.assemble import ReadFile
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, to_plain

_SAME = ("scope", "window")
"""What makes two budgets one: the later one counts."""


def keep_budgets_of_all(adapted: ReadFile, others: Sequence[ReadFile]) -> ReadFile:
    """The adapted file whose environments repeat the budgets of the document before their own."""
    below = [item for file in (adapted, *others) if file.environment is None for item in _budgets_of(file.root)]
    environments = adapted.root.entries.get("environments")
    if not below or environments is None or not isinstance(environments.value, MappingNode):
        return adapted
    overlays = {
        name: Entry(entry.key, _with_budgets(entry.value, below)) for name, entry in environments.value.entries.items()
    }
    value = MappingNode(environments.value.place, overlays)
    entries = {**adapted.root.entries, "environments": Entry(environments.key, value)}
    return replace(adapted, root=MappingNode(adapted.root.place, entries))


def _with_budgets(overlay: Node, below: Iterable[Node]) -> Node:
    own = _budgets_of(overlay)
    if not own or not isinstance(overlay, MappingNode):
        return overlay
    named = [_identify(item) for item in own]
    items = (*(item for item in below if _identify(item) not in named), *own)
    entry = overlay.entries["budgets"]
    return MappingNode(
        overlay.place, {**overlay.entries, "budgets": Entry(entry.key, ListNode(entry.value.place, items))}
    )


def _budgets_of(node: Node) -> tuple[Node, ...]:
    entry = node.entries.get("budgets") if isinstance(node, MappingNode) else None
    return entry.value.items if entry is not None and isinstance(entry.value, ListNode) else ()


def _identify(budget: Node) -> tuple[object, ...]:
    plain = to_plain(budget)
    return tuple(plain.get(name) for name in _SAME) if isinstance(plain, dict) else (id(budget),)
