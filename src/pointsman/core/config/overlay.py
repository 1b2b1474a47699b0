"""The environments of a document, each a layer over it that may only change what the document has."""

from pointsman.core.config.document import SECTIONS
from pointsman.core.config.layers import Layer
from pointsman.core.config.nodes import Entry, MappingNode
from pointsman.core.config.problems import Findings, quote

MOST_ENVIRONMENTS = 20
"""Each one is compiled on every load, so that a mistake in production's is found in development."""


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


def build_environment_layer(root: MappingNode, environment: MappingNode, findings: Findings) -> Layer:
    """An environment as a layer over the document.

    An entry that the document does not have is a problem: an override of nothing would be silently lost.
    """
    known = {
        section: _refuse_unknown_names(root, section, entry, findings) for section, entry in environment.entries.items()
    }
    return Layer("environment", MappingNode(environment.place, known))


def _refuse_unknown_names(root: MappingNode, section: str, overrides: Entry, findings: Findings) -> Entry:
    """The overrides without those that the document has nothing for."""
    if not isinstance(overrides.value, MappingNode) or SECTIONS[section].shape != "named":
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
