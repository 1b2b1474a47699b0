"""Lays an environment over the document: mappings are merged field by field, everything else is replaced.

Values keep their places, so a problem in an environment points into the environment.
"""

from pointsman.core.config.document import SECTIONS
from pointsman.core.config.nodes import Entry, MappingNode, Node
from pointsman.core.config.problems import Findings, quote

MOST_ENVIRONMENTS = 20
"""Each one is compiled on every load, so that a mistake in production's is found in development."""

_REPLACED_WHOLE = frozenset(("api_key", "price_per_1m_tokens"))
"""Mappings that mean one thing together; half of an old one would mix two."""


def list_environments(root: MappingNode, findings: Findings) -> dict[str, MappingNode]:
    """The environments that a document describes, each a mapping of known sections."""
    written = root.entries.get("environments")
    if written is None:
        return {}
    if not isinstance(written.value, MappingNode):
        findings.add(written.value.place, "invalid_type", "expected a mapping of environments by name")
        return {}
    if len(written.value.entries) > MOST_ENVIRONMENTS:
        findings.add(written.key, "too_large", f"there are more than {MOST_ENVIRONMENTS} environments")
        return {}
    found: dict[str, MappingNode] = {}
    for name, entry in written.value.entries.items():
        if isinstance(entry.value, MappingNode):
            found[name] = _keep_known_sections(entry.value, findings)
        else:
            findings.add(entry.value.place, "invalid_type", "expected a mapping, such as `agents: {...}`")
    return found


def lay_over(root: MappingNode, environment: MappingNode, findings: Findings) -> MappingNode:
    """The document with the environment's fields in place of its own.

    An entry that the document does not have is a problem: an override of nothing would be silently lost.
    """
    known = {
        section: _refuse_unknown_names(root, section, entry, findings) for section, entry in environment.entries.items()
    }
    return _merge(root, MappingNode(environment.place, known))


def _refuse_unknown_names(root: MappingNode, section: str, overrides: Entry, findings: Findings) -> Entry:
    """The overrides without those that the document has nothing for."""
    if not isinstance(overrides.value, MappingNode):
        return overrides
    below = root.entries.get(section)
    known = below.value.entries if below is not None and isinstance(below.value, MappingNode) else {}
    kept: dict[str, Entry] = {}
    for name, override in overrides.value.entries.items():
        if name in known:
            kept[name] = override
        else:
            message = f"there is no {quote(name)} under {section} that this could change"
            findings.add(override.key, "unknown_reference", message, suggestion=findings.guess_name(name, known))
    return Entry(overrides.key, MappingNode(overrides.value.place, kept))


def _keep_known_sections(environment: MappingNode, findings: Findings) -> MappingNode:
    kept: dict[str, Entry] = {}
    for name, entry in environment.entries.items():
        if name in SECTIONS:
            kept[name] = entry
        else:
            message = f"unknown key {quote(name)}; an environment holds {', '.join(SECTIONS)}"
            findings.add(entry.key, "unknown_key", message, suggestion=findings.guess_name(name, SECTIONS))
    return MappingNode(environment.place, kept)


def _merge(below: MappingNode, above: MappingNode) -> MappingNode:
    entries = dict(below.entries)
    for name, entry in above.entries.items():
        under = entries.get(name)
        entries[name] = Entry(entry.key, _merge_values(name, under.value if under else None, entry.value))
    return MappingNode(below.place, entries)


def _merge_values(name: str, below: Node | None, above: Node) -> Node:
    if isinstance(below, MappingNode) and isinstance(above, MappingNode) and name not in _REPLACED_WHOLE:
        return _merge(below, above)
    return above
