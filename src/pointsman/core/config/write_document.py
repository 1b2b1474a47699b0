"""Writes a whole document: sections in their usual order, entries over lines, nothing that our reader would refuse."""

from collections.abc import Mapping

from pointsman.core.config.document import TOP_KEYS
from pointsman.core.config.nodes import Plain
from pointsman.core.config.write_block import INDENT, fits_one_line, write_entries, write_items
from pointsman.core.config.write_scalar import write_flow, write_scalar

_ORDER = {name: place for place, name in enumerate(TOP_KEYS)}


def write_document(plain: dict[str, Plain], origins: Mapping[tuple[str, str], str] | None = None) -> str:
    """The document as YAML.

    Args:
        plain: its sections; those we know come first, in the order of the reference.
        origins: where an entry of a section came from, by section and name, as a comment above it.

    Raises:
        UnwritableValue: for a number that no reader reads back as the same number.
    """
    names = sorted(plain, key=lambda name: _ORDER.get(name, len(_ORDER)))
    head = [line for name in names if not _is_section(plain[name]) for line in _write_short(name, plain[name])]
    blocks = ["\n".join(head)] if head else []
    for name in names:
        if _is_section(plain[name]):
            blocks.append("\n".join([f"{write_scalar(name)}:", *_write_section(name, plain[name], origins or {})]))
    return "\n\n".join(blocks) + "\n" if blocks else "{}\n"


def _is_section(value: Plain) -> bool:
    """Whether a value takes more than the line of its key."""
    return isinstance(value, dict | list) and bool(value)


def _write_short(name: str, value: Plain) -> list[str]:
    return [f"{write_scalar(name)}: {write_flow(value)}"]


def _write_section(section: str, value: Plain, origins: Mapping[tuple[str, str], str]) -> list[str]:
    if isinstance(value, list):
        return write_items(value, INDENT)
    assert isinstance(value, dict), "a section is a mapping or a list"
    lines: list[str] = []
    for name, entry in value.items():
        origin = origins.get((section, name))
        if origin:
            lines.append(f"{' ' * INDENT}# {_keep_printable(origin)}")
        lines += write_entries({name: entry}, INDENT, open_mappings=not fits_one_line(entry))
    return lines


def _keep_printable(text: str) -> str:
    """A comment ends with its line, so nothing in it may break one."""
    return "".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in text)
