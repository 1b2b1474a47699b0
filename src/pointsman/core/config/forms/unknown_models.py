"""Takes models that nobody serves out of a document that is imported, as reading the other form directly skips them.

A caller that would be left without any model keeps its own, so that the import is refused and says why.
"""

from collections.abc import Sequence

from pointsman.core.config.forms.adaptation import Note
from pointsman.core.config.forms.completion import change_references, list_references
from pointsman.core.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from pointsman.core.config.problems import quote

_CALLERS = ("agents", "interactions", "tasks")
_ORDERED = ("model", "fallback")


def leave_out_unknown(root: MappingNode) -> tuple[MappingNode, tuple[Note, ...]]:
    """The document without models that it does not define, and what was left out.

    Args:
        root: a document whose models are all defined, as `complete_files` makes it.
    """
    models = frozenset(_entries_of(root, "models"))
    reordered = _reorder(root, root, models)
    environments = {
        name: Entry(entry.key, _reorder(entry.value, root, models))
        for name, entry in _entries_of(root, "environments").items()
    }
    if environments:
        written = root.entries["environments"]
        value = MappingNode(written.value.place, environments)
        reordered = MappingNode(root.place, {**reordered.entries, "environments": Entry(written.key, value)})
    kept = _list_last_resorts(reordered)
    changed = change_references(reordered, lambda node: (node,) if node.value in models or node in kept else ())
    left = [node.place for node in list_references(changed)]
    notes = tuple(
        Note(node.place, f"{quote(str(node.value))} is left out: nobody is known to serve it")
        for node in list_references(root)
        if node.value not in models and node.place not in left
    )
    return changed, notes


def _reorder(document: Node, base: MappingNode, models: frozenset[str]) -> MappingNode:
    """Callers whose first model is unknown run on the first one that is known, as `compile` decides it."""
    assert isinstance(document, MappingNode), "a document is a mapping"
    sections: dict[str, Entry] = {}
    for section in _CALLERS:
        if section not in document.entries:
            continue
        written = document.entries[section]
        below = _entries_of(base, section)
        callers = {
            name: Entry(entry.key, _promote(entry.value, below.get(name), models))
            for name, entry in _entries_of(document, section).items()
        }
        sections[section] = Entry(written.key, MappingNode(written.value.place, callers))
    return MappingNode(document.place, {**document.entries, **sections})


def _promote(caller: Node, below: Entry | None, models: frozenset[str]) -> Node:
    if not isinstance(caller, MappingNode) or caller.entries.keys().isdisjoint(_ORDERED):
        return caller
    base = below.value.entries if below is not None and isinstance(below.value, MappingNode) else {}
    names = _list_names({**base, **caller.entries})
    known = [node for node in names if node.value in models]
    if not known or names[0].value in models:
        return caller
    first = caller.entries.get("model") or caller.entries["fallback"]
    fallback = ListNode(first.value.place, tuple(known[1:]))
    changed = {"model": Entry(first.key, known[0]), "fallback": Entry(first.key, fallback)}
    return MappingNode(caller.place, {**caller.entries, **changed})


def _list_names(caller: dict[str, Entry]) -> list[ScalarNode]:
    """The models of a caller in order."""
    found: list[ScalarNode] = []
    for name in _ORDERED:
        node = caller[name].value if name in caller else None
        items: Sequence[Node] = node.items if isinstance(node, ListNode) else () if node is None else (node,)
        found += [item for item in items if isinstance(item, ScalarNode)]
    return found


def _list_last_resorts(root: MappingNode) -> list[Node]:
    """What callers run on first; after reordering, an unknown one is all that they have."""
    found: list[Node] = []
    for document in (root, *(entry.value for entry in _entries_of(root, "environments").values())):
        for section in _CALLERS:
            for caller in _entries_of(document, section).values():
                if isinstance(caller.value, MappingNode) and "model" in caller.value.entries:
                    found.append(caller.value.entries["model"].value)
    return found


def _entries_of(node: Node, section: str) -> dict[str, Entry]:
    entry = node.entries.get(section) if isinstance(node, MappingNode) else None
    return entry.value.entries if entry is not None and isinstance(entry.value, MappingNode) else {}
