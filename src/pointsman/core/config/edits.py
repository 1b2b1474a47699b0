"""Edits of a YAML text, planned against what it says and carried out by splices; several that meet go one by one."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from pointsman.core.config.diff import is_same
from pointsman.core.config.find_path import Steps
from pointsman.core.config.nodes import Plain
from pointsman.core.config.spans import ListSpan, MappingSpan, Span, read_spans, to_plain_value
from pointsman.core.config.splices import (
    Splice,
    Spot,
    apply_splices,
    splice_additions,
    splice_items,
    splice_removals,
    splice_value,
)

MOST_COMPARED = 250_000
"""Pairs of list items that are compared to find which ones stayed; beyond that the middle is written anew."""


@dataclass(frozen=True, slots=True)
class Replace:
    """Another value at a place that has one."""

    steps: Steps
    value: Plain


@dataclass(frozen=True, slots=True)
class Add:
    """New entries of a mapping."""

    steps: Steps
    entries: dict[str, Plain]


@dataclass(frozen=True, slots=True)
class Remove:
    """Entries of a mapping that go."""

    steps: Steps
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Reshape:
    """Items of a list that go, and new ones with the index of the item that they go before."""

    steps: Steps
    removed: frozenset[int]
    inserted: tuple[tuple[int, tuple[Plain, ...]], ...]


Edit = Replace | Add | Remove | Reshape


def plan_edits(steps: Steps, span: Span, wanted: Plain) -> Iterator[Edit]:
    """The edits that make a value equal another one and leave what they have in common as it is written."""
    if is_same(to_plain_value(span), wanted):
        return
    if isinstance(span, MappingSpan) and isinstance(wanted, dict) and span.entries and wanted:
        yield from _plan_mapping(steps, span, wanted)
    elif isinstance(span, ListSpan) and isinstance(wanted, list) and not span.flow and wanted:
        yield from _plan_list(steps, span, wanted)
    else:
        yield Replace(steps, wanted)


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Carry out edits that were planned against this text; no two may be about the same value.

    Raises:
        UnwritableValue: for a number that no reader reads back as the same number.
    """
    for group in _order(edits):
        waiting = group
        while waiting:
            root = read_spans(text)
            splices, waiting = _take_apart(text, root, waiting)
            text = apply_splices(text, splices)
    return text


def _plan_mapping(steps: Steps, span: MappingSpan, wanted: dict[str, Plain]) -> Iterator[Edit]:
    for name, entry in span.entries.items():
        if name in wanted:
            yield from plan_edits((*steps, name), entry.value, wanted[name])
    added = {name: value for name, value in wanted.items() if name not in span.entries}
    if added:
        yield Add(steps, added)
    gone = frozenset(name for name in span.entries if name not in wanted)
    if gone:
        yield Remove(steps, gone)


def _plan_list(steps: Steps, span: ListSpan, wanted: list[Plain]) -> Iterator[Edit]:
    removed: set[int] = set()
    inserted: list[tuple[int, tuple[Plain, ...]]] = []
    for start, end, new in _match_items([to_plain_value(item) for item in span.items], wanted):
        if end - start == len(new):
            for index, value in zip(range(start, end), new, strict=True):
                yield from plan_edits((*steps, index), span.items[index], value)
        else:
            removed.update(range(start, end))
            if new:
                inserted.append((start, tuple(new)))
    if len(removed) == len(span.items):
        yield Replace(steps, wanted)
    elif removed or inserted:
        yield Reshape(steps, frozenset(removed), tuple(inserted))


def _match_items(old: list[Plain], new: list[Plain]) -> Iterator[tuple[int, int, list[Plain]]]:
    """Each run of items that differs: from, to, and what takes their place."""
    before, after = [_write_canonically(item) for item in old], [_write_canonically(item) for item in new]
    shorter = min(len(before), len(after))
    head = next((index for index in range(shorter) if before[index] != after[index]), shorter)
    left = shorter - head
    tail = next((index for index in range(left) if before[-1 - index] != after[-1 - index]), left)
    middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    if len(middle) * len(new_middle) > MOST_COMPARED:
        yield head, len(before) - tail, new[head : len(new) - tail]
        return
    for kind, start, end, new_start, new_end in SequenceMatcher(None, middle, new_middle, False).get_opcodes():
        if kind != "equal":
            yield from _pair_items(old, head + start, head + end, new[head + new_start : head + new_end])


def _pair_items(old: list[Plain], start: int, end: int, new: list[Plain]) -> Iterator[tuple[int, int, list[Plain]]]:
    """Within a run, each new item beside the old one that it was made of."""
    waiting: list[Plain] = []
    at = start
    for item in new:
        like = next((index for index in range(at, end) if _is_alike(old[index], item)), None)
        if like is None:
            waiting.append(item)
            continue
        if waiting or like > at:
            yield at, like, waiting
        yield like, like + 1, [item]
        waiting, at = [], like + 1
    if waiting or at < end:
        yield at, end, waiting


def _is_alike(old: Plain, new: Plain) -> bool:
    """Whether two mappings have half of what they say in common."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return False
    shared = sum(name in old and is_same(old[name], value) for name, value in new.items())
    return 2 * shared >= max(len(old), len(new), 1)


def _write_canonically(item: Plain) -> str:
    return json.dumps(item, sort_keys=True)


def _order(edits: Sequence[Edit]) -> Iterator[list[Edit]]:
    """Groups one after another: what moves no index first, and the items of inner lists before those of outer ones."""
    for kind in (Replace, Add, Remove):
        yield [edit for edit in edits if isinstance(edit, kind)]
    lists = [edit for edit in edits if isinstance(edit, Reshape)]
    for depth in sorted({len(edit.steps) for edit in lists}, reverse=True):
        yield [edit for edit in lists if len(edit.steps) == depth]


def _take_apart(text: str, root: MappingSpan, edits: Sequence[Edit]) -> tuple[list[Splice], list[Edit]]:
    """The splices of those edits that do not touch one another, and the edits that have to wait for them."""
    spliced = sorted(((_splice(text, root, edit), edit) for edit in edits), key=lambda pair: _extent(pair[0]))
    taken: list[Splice] = []
    waiting: list[Edit] = []
    last = -1
    for splices, edit in spliced:
        start, end = _extent(splices)
        if start > last:
            taken += splices
            last = max(last, end)
        else:
            waiting.append(edit)
    return taken, waiting


def _extent(splices: Sequence[Splice]) -> tuple[int, int]:
    return min(splice.start for splice in splices), max(splice.end for splice in splices)


def _splice(text: str, root: MappingSpan, edit: Edit) -> list[Splice]:
    spot = Spot(text, root, edit.steps)
    if isinstance(edit, Replace):
        return splice_value(spot, edit.value)
    if isinstance(edit, Add):
        return splice_additions(spot, edit.entries)
    if isinstance(edit, Remove):
        return splice_removals(spot, edit.names)
    return splice_items(spot, edit.removed, edit.inserted) or splice_value(spot, _reshape(spot.span, edit))


def _reshape(span: Span, edit: Reshape) -> list[Plain]:
    assert isinstance(span, ListSpan), "items are those of a list"
    inserted = dict(edit.inserted)
    items: list[Plain] = []
    for index in range(len(span.items) + 1):
        items += inserted.get(index, ())
        if index < len(span.items) and index not in edit.removed:
            items.append(to_plain_value(span.items[index]))
    return items
