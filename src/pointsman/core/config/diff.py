"""What differs between two documents, value by value, as `config diff` shows it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pointsman.core.config.find_path import Steps, write_path
from pointsman.core.config.nodes import Plain
from pointsman.core.config.write_scalar import UnwritableValue, write_flow

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs.

    Attributes:
        path: of the value; an item of a list has the index that it has in `new`, a removed one that in `old`.
        kind: whether it came, went or became another.
        old: what it was, or `None` when it was not there.
        new: what it is, or `None` when it is not there any more.
    """

    path: str
    kind: Kind
    old: Plain
    new: Plain


def diff_documents(old: dict[str, Plain], new: dict[str, Plain]) -> tuple[Change, ...]:
    """Every value that differs, in the order of the old document, then what the new one adds.

    Mappings are compared entry by entry; lists of mappings, such as rules and budgets, item by item; other lists as
    wholes, because `fallback: [a, b]` is one decision.
    """
    return tuple(_diff_mappings(old, new, ()))


def format_changes(changes: Sequence[Change]) -> str:
    """Two lines for a value that changed, `- path: old` and `+ path: new`, and one for one that came or went."""
    lines: list[str] = []
    for change in changes:
        if change.kind != "added":
            lines.append(f"- {change.path}: {_write(change.old)}")
        if change.kind != "removed":
            lines.append(f"+ {change.path}: {_write(change.new)}")
    return "".join(f"{line}\n" for line in lines)


def is_same(one: Plain, other: Plain) -> bool:
    """Whether two values mean the same in a document, where `1`, `1.0` and `true` are three."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(is_same(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return one == other
    return type(one) is type(other) and one == other


def _diff_values(old: Plain, new: Plain, steps: Steps) -> Iterator[Change]:
    if is_same(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _diff_mappings(old, new, steps)
    elif isinstance(old, list) and isinstance(new, list) and _holds_mappings(old) and _holds_mappings(new):
        yield from _diff_items(old, new, steps)
    else:
        yield Change(write_path(steps), "changed", old, new)


def _diff_mappings(old: dict[str, Plain], new: dict[str, Plain], steps: Steps) -> Iterator[Change]:
    for name, value in old.items():
        if name in new:
            yield from _diff_values(value, new[name], (*steps, name))
        else:
            yield from _list_one_side(value, (*steps, name), "removed")
    for name, value in new.items():
        if name not in old:
            yield from _list_one_side(value, (*steps, name), "added")


def _diff_items(old: list[Plain], new: list[Plain], steps: Steps) -> Iterator[Change]:
    """Item by item between what both lists begin and end with."""
    shorter = min(len(old), len(new))
    head = next((index for index in range(shorter) if not is_same(old[index], new[index])), shorter)
    left = shorter - head
    tail = next((index for index in range(left) if not is_same(old[-1 - index], new[-1 - index])), left)
    shared = min(len(old), len(new)) - tail
    for index in range(head, shared):
        yield from _diff_values(old[index], new[index], (*steps, index))
    for index in range(max(head, shared), len(old) - tail):
        yield from _list_one_side(old[index], (*steps, index), "removed")
    for index in range(max(head, shared), len(new) - tail):
        yield from _list_one_side(new[index], (*steps, index), "added")


def _list_one_side(value: Plain, steps: Steps, kind: Kind) -> Iterator[Change]:
    """Each value below one that only one of the documents has."""
    if isinstance(value, dict) and value:
        for name, below in value.items():
            yield from _list_one_side(below, (*steps, name), kind)
    elif isinstance(value, list) and _holds_mappings(value):
        for index, item in enumerate(value):
            yield from _list_one_side(item, (*steps, index), kind)
    elif kind == "added":
        yield Change(write_path(steps), kind, None, value)
    else:
        yield Change(write_path(steps), kind, value, None)


def _holds_mappings(items: list[Plain]) -> bool:
    return bool(items) and all(isinstance(item, dict) for item in items)


def _write(value: Plain) -> str:
    try:
        return write_flow(value)
    except UnwritableValue:
        return str(value)
