"""Replaces, adds and removes values of a YAML text by splices: what is not part of a splice stays byte for byte."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pointsman.core.config.find_path import Steps
from pointsman.core.config.nodes import Plain
from pointsman.core.config.spans import EntrySpan, ListSpan, MappingSpan, ScalarSpan, Span, find_span
from pointsman.core.config.text_lines import (
    column_of,
    end_of_line,
    end_with_comments,
    find_newline,
    is_first_on_line,
    start_of_line,
    start_of_next_line,
    start_with_comments,
)
from pointsman.core.config.write_block import INDENT, fits_one_line, write_entries, write_items, write_lines
from pointsman.core.config.write_scalar import write_flow, write_scalar

_REST_OF_FLOW_LINE = re.compile(r"[ \t]*,?[ \t]*(?:#[^\r\n]*)?(?=[\r\n])")
_LITERAL = re.compile(r"(?:[^\s](?:[^\n]*)\n+)*[^\s][^\n]*\n?")


@dataclass(frozen=True, slots=True)
class Splice:
    """Text that takes the place of what stands between two offsets."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Spot:
    """A value in a text, and what it stands in.

    Attributes:
        text: the whole text.
        root: its spans.
        steps: lead to the value.
    """

    text: str
    root: MappingSpan
    steps: Steps

    @cached_property
    def span(self) -> Span:
        """The value."""
        found = find_span(self.root, self.steps)
        assert found is not None, "edits are planned for what is there"
        return found

    @cached_property
    def parent(self) -> Span | None:
        """What it stands in, or `None` for the root."""
        return find_span(self.root, self.steps[:-1]) if self.steps else None

    @cached_property
    def key(self) -> EntrySpan | None:
        """Its key, where it has one."""
        if isinstance(self.parent, MappingSpan) and isinstance(self.steps[-1], str):
            return self.parent.entries[self.steps[-1]]
        return None

    @cached_property
    def in_flow(self) -> bool:
        """Whether it stands between brackets."""
        above = [find_span(self.root, self.steps[:depth]) for depth in range(len(self.steps))]
        return any(isinstance(span, ListSpan | MappingSpan) and span.flow for span in above)

    @cached_property
    def column(self) -> int:
        """Of its first character."""
        return column_of(self.text, self.span.start)

    @cached_property
    def newline(self) -> str:
        """The line break of the text."""
        return find_newline(self.text)

    def join(self, lines: Iterable[str]) -> str:
        """Lines as a piece of this text, without a break behind the last one."""
        return self.newline.join(lines)


def apply_splices(text: str, splices: Iterable[Splice]) -> str:
    """The text with all splices in place; they may touch, but not overlap."""
    pieces: list[str] = []
    at = 0
    for splice in sorted(splices, key=lambda splice: (splice.start, splice.end)):
        pieces += (text[at : splice.start], splice.text)
        at = splice.end
    return "".join((*pieces, text[at:]))


def splice_value(spot: Spot, value: Plain) -> list[Splice]:
    """Put another value in place of the whole of this one."""
    span = spot.span
    if spot.in_flow:
        return [Splice(span.start, span.end, _write_inline(span, value))]
    if isinstance(span, ScalarSpan) or span.flow:
        literal = _write_literal(spot, span, value)
        if literal or fits_one_line(value):
            return [Splice(span.start, span.end, literal or _write_inline(span, value))]
        return _open_value(spot, value)
    if _stays_block(span, value):
        return _rewrite_lines(spot, value, spot.column)
    if fits_one_line(value):
        return _close_value(spot, write_flow(value))
    return _rewrite_lines(spot, value, _column_below(spot))


def splice_additions(spot: Spot, entries: dict[str, Plain]) -> list[Splice]:
    """Add entries to the end of this mapping."""
    span = spot.span
    assert isinstance(span, MappingSpan), "entries are added to mappings"
    if not span.entries:
        return (
            [Splice(span.start + 1, span.start + 1, write_flow(entries)[1:-1])]
            if spot.in_flow
            else splice_value(spot, entries)
        )
    last = list(span.entries.values())[-1]
    if span.flow:
        separator = ", "
        if is_first_on_line(spot.text, last.start):
            separator = "," + spot.newline + " " * column_of(spot.text, last.start)
        added = (f"{write_scalar(name)}: {write_flow(value)}" for name, value in entries.items())
        return [Splice(last.value.end, last.value.end, "".join(separator + entry for entry in added))]
    opened = any(isinstance(entry.value, MappingSpan) and not entry.value.flow for entry in span.entries.values())
    lines = write_entries(entries, spot.column, open_mappings=opened)
    if _is_set_apart(spot, span):
        lines.insert(0, "")
    # Below the last entry, a comment in the column of the keys is still about this mapping; at the left it may end all.
    deeper_than = spot.column - 1 if spot.column else 0
    return [_insert_lines(spot, end_with_comments(spot.text, last.value.stop, deeper_than), lines)]


def splice_removals(spot: Spot, names: Collection[str]) -> list[Splice]:
    """Remove entries of this mapping, with their lines and their own comments."""
    span = spot.span
    assert isinstance(span, MappingSpan), "entries are removed from mappings"
    if len(names) == len(span.entries):
        return splice_value(spot, {})
    entries = list(span.entries.values())
    removed = [index for index, name in enumerate(span.entries) if name in names]
    if not span.flow:
        return _remove_lines(spot, entries, removed)
    if all(_has_own_lines(spot.text, entries[index]) for index in removed):
        return [
            Splice(start_of_line(spot.text, entry.start), start_of_next_line(spot.text, entry.value.end), "")
            for entry in (entries[index] for index in removed)
        ]
    kept = min(index for index in range(len(entries)) if index not in removed)
    return [
        Splice(entries[index].start, entries[index + 1].start, "")
        if index < kept
        else Splice(entries[index - 1].value.end, entries[index].value.end, "")
        for index in removed
    ]


def splice_items(
    spot: Spot, removed: Collection[int], inserted: Sequence[tuple[int, Sequence[Plain]]]
) -> list[Splice] | None:
    """Remove and insert items of this list in block style; `None` where its dashes do not stand on lines of their own.

    Args:
        spot: the list.
        removed: indexes of the items to remove.
        inserted: items, each time with the index of the item that they go before.
    """
    span = spot.span
    assert isinstance(span, ListSpan) and not span.flow, "a list between brackets is replaced as a whole"
    dashes = _find_dashes(spot.text, span, spot.column)
    if dashes is None:
        return None
    starts = [start_with_comments(spot.text, dash) for dash in dashes]
    ends = [end_with_comments(spot.text, item.stop, spot.column) for item in span.items]
    splices = [Splice(starts[index], ends[index], "") for index in removed]
    for index, items in inserted:
        at = ends[index - 1] if index else starts[0]
        splices.append(_insert_lines(spot, at, write_items(items, spot.column)))
    return splices


def _write_inline(old: Span, value: Plain) -> str:
    """On one line; a text keeps the quotes of the text before it."""
    if isinstance(value, str) and isinstance(old, ScalarSpan) and isinstance(old.value, str):
        return write_scalar(value, old.style)
    return write_flow(value)


def _write_literal(spot: Spot, old: Span, value: Plain) -> str | None:
    """A text of several lines where one in block style stood before, if that form can hold it."""
    if not (isinstance(old, ScalarSpan) and old.style in ("|", ">") and isinstance(value, str) and spot.key):
        return None
    lines = value.removesuffix("\n").split("\n")
    if not _LITERAL.fullmatch(value) or not all(line.isprintable() for line in lines) or old.stop == len(spot.text):
        return None
    column = column_of(spot.text, spot.key.start) + INDENT
    header = "|" if value.endswith("\n") else "|-"
    return spot.join((header, *(" " * column + line if line else "" for line in lines)))


def _stays_block(span: Span, value: Plain) -> bool:
    return bool(value) and isinstance(value, list if isinstance(span, ListSpan) else dict)


def _column_below(spot: Spot) -> int:
    """Where a collection in block style begins at this spot."""
    return spot.column if spot.key is None else column_of(spot.text, spot.key.start) + INDENT


def _open_value(spot: Spot, value: Plain) -> list[Splice]:
    """From the line of the key or the dash to lines of its own; a comment on that line stays there."""
    span, text = spot.span, spot.text
    lines = write_lines(value, _column_below(spot))
    if spot.key is None:
        return [Splice(span.start, span.end, spot.join(lines).lstrip(" "))]
    line_end = end_of_line(text, span.end)
    rest = text[span.end : line_end].rstrip()
    return [Splice(text.index(":", spot.key.end) + 1, line_end, rest + spot.newline + spot.join(lines))]


def _close_value(spot: Spot, written: str) -> list[Splice]:
    """From lines of its own to the line of the key; a comment on that line stays there."""
    span, text = spot.span, spot.text
    if spot.key is None:
        return [Splice(span.start, span.end, written)]
    colon = text.index(":", spot.key.end) + 1
    return [Splice(colon, colon, f" {written}"), Splice(end_of_line(text, colon), span.end, "")]


def _rewrite_lines(spot: Spot, value: Plain, column: int) -> list[Splice]:
    lines, start = write_lines(value, column), spot.span.start
    if is_first_on_line(spot.text, start):
        return [Splice(start_of_line(spot.text, start), spot.span.end, spot.join(lines))]
    return [Splice(start, spot.span.end, spot.join(lines).lstrip(" "))]


def _insert_lines(spot: Spot, at: int, lines: Sequence[str]) -> Splice:
    if at and spot.text[at - 1] not in "\r\n":
        return Splice(at, at, spot.newline + spot.join(lines))
    return Splice(at, at, spot.join(lines) + spot.newline)


def _remove_lines(spot: Spot, entries: Sequence[EntrySpan], removed: Sequence[int]) -> list[Splice]:
    splices: list[Splice] = []
    done = 0
    for index in removed:
        entry = entries[index]
        if entry.start < done:
            continue
        if is_first_on_line(spot.text, entry.start):
            start = start_with_comments(spot.text, entry.start)
            done = end_with_comments(spot.text, entry.value.stop, spot.column)
        else:
            # The first key of an item stands behind its dash, where the next one that stays has to stand.
            start = entry.start
            done = next(other.start for place, other in enumerate(entries) if place > index and place not in removed)
        splices.append(Splice(start, done, ""))
    return splices


def _is_set_apart(spot: Spot, span: MappingSpan) -> bool:
    """Whether a blank line stands before the last entry; one behind a block scalar would be part of the scalar."""
    if len(span.entries) < 2 or spot.text[span.stop - 1] in "\r\n":
        return False
    *_, before, last = span.entries.values()
    return any(not line.strip() for line in spot.text[before.value.stop : last.start].splitlines()[1:-1])


def _has_own_lines(text: str, entry: EntrySpan) -> bool:
    return is_first_on_line(text, entry.start) and _REST_OF_FLOW_LINE.match(text, entry.value.end) is not None


def _find_dashes(text: str, span: ListSpan, column: int) -> list[int] | None:
    """Where each item's dash stands, if each is the first character of a line."""
    dashes: list[int] = []
    line = start_of_line(text, span.start)
    for item in span.items:
        while text[line : line + column].strip(" ") or text[line + column : line + column + 1] != "-":
            line = start_of_next_line(text, line)
            if line > item.start:
                return None
        dashes.append(line + column)
        line = start_of_next_line(text, max(item.stop - 1, line))
    return dashes
