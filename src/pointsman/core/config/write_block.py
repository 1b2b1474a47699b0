"""Writes entries and items over several lines, as a person would: small collections on one line, others indented."""

from collections.abc import Sequence

from pointsman.core.config.nodes import Plain
from pointsman.core.config.write_scalar import write_flow, write_scalar

LONGEST_FLOW = 80
"""Characters of a collection on one line."""

INDENT = 2


def write_entries(entries: dict[str, Plain], column: int, *, open_mappings: bool = False) -> list[str]:
    """The lines of a mapping's entries.

    Args:
        entries: keys and values, in order.
        column: where each key begins, in characters from the line's start.
        open_mappings: whether a mapping that is a value goes over lines however small it is.

    Raises:
        UnwritableValue: for a number that no reader reads back as the same number.
    """
    lines: list[str] = []
    for name, value in entries.items():
        key = f"{' ' * column}{write_scalar(name)}:"
        if fits_one_line(value) and not (open_mappings and isinstance(value, dict) and value):
            lines.append(f"{key} {write_flow(value)}")
        else:
            lines += [key, *write_lines(value, column + INDENT)]
    return lines


def write_items(items: Sequence[Plain], column: int) -> list[str]:
    """The lines of a list's items, each with its dash in that column; raises as `write_entries` does."""
    lines: list[str] = []
    for item in items:
        dash = " " * column + "- "
        if fits_one_line(item):
            lines.append(f"{dash}{write_flow(item)}")
        else:
            first, *rest = write_lines(item, column + INDENT)
            lines += [dash + first.lstrip(" "), *rest]
    return lines


def write_lines(value: Plain, column: int) -> list[str]:
    """The lines of a collection that does not go on the line of its key; raises as `write_entries` does."""
    if isinstance(value, dict) and value:
        return write_entries(value, column)
    if isinstance(value, list) and value:
        return write_items(value, column)
    return [" " * column + write_flow(value)]


def fits_one_line(value: Plain) -> bool:
    """Whether a value reads well on the line of its key: a single one, or a short collection of single ones."""
    if isinstance(value, dict):
        return all(map(_is_flat, value.values())) and len(write_flow(value)) <= LONGEST_FLOW
    if isinstance(value, list):
        return all(map(_is_flat, value)) and len(write_flow(value)) <= LONGEST_FLOW
    return True


def _is_flat(value: Plain) -> bool:
    """Whether it is a single value or a list of them."""
    items = value if isinstance(value, list) else [value]
    return not any(isinstance(item, list | dict) and item for item in items)
