"""Decides for each value of the stored layer into which file it goes: where the value that counts stands already.

A value that the environment's overlay shadows is changed there; what is new goes beside its neighbours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from pointsman.core.config.assemble import ENVIRONMENTS
from pointsman.core.config.diff import is_same
from pointsman.core.config.document import SECTIONS, Head
from pointsman.core.config.edits import Add, Edit, Remove, plan_edits
from pointsman.core.config.find_path import Steps, find_value
from pointsman.core.config.layers import REPLACED_WHOLE
from pointsman.core.config.nodes import MappingNode, Plain, to_plain
from pointsman.core.config.spans import ListSpan, MappingSpan, Span, find_span, to_plain_value


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file to edit.

    Attributes:
        file: how messages name it.
        environment: whose overlay it is, or `None` for a part of the document itself.
        root: where its values stand.
    """

    file: str
    environment: str | None
    root: MappingSpan


@dataclass(frozen=True, slots=True)
class _Door:
    """A part of a file in which values of the document, or of one environment, stand: below `prefix`."""

    file: int
    prefix: Steps
    root: MappingSpan

    def find(self, steps: Steps) -> Span | None:
        return find_span(self.root, (*self.prefix, *steps))


def plan_edits_of_files(
    files: Sequence[PlannedFile],
    environment: str | None,
    stored: Mapping[str, Plain],
    before: MappingNode,
    after: MappingNode,
) -> list[list[Edit]]:
    """The edits of each file that make the document mean `after`.

    Args:
        files: of the document.
        environment: the one whose overlay applies, or `None`.
        stored: what to write, in the form of the document; null takes a value away.
        before: what the files mean for this environment.
        after: the same with the stored layer over it.
    """
    plan = _Plan(files, environment, before, after)
    for name, value in stored.items():
        plan.write((name,), value)
    return plan.list_edits()


@dataclass(slots=True)
class _Changes:
    """What is to happen to one file, gathered so that each mapping is edited once."""

    edits: list[Edit] = field(default_factory=list)
    added: dict[Steps, dict[str, Plain]] = field(default_factory=dict)
    removed: dict[Steps, set[str]] = field(default_factory=dict)

    def list_edits(self) -> Iterator[Edit]:
        yield from self.edits
        for steps, entries in self.added.items():
            yield Add(steps, entries)
        for steps, names in self.removed.items():
            yield Remove(steps, frozenset(names))


class _Plan:
    def __init__(
        self, files: Sequence[PlannedFile], environment: str | None, before: MappingNode, after: MappingNode
    ) -> None:
        self._files = files
        self._before = before
        self._after = after
        self._changes = [_Changes() for _ in files]
        self._base = [_Door(place, (), file.root) for place, file in enumerate(files) if file.environment is None]
        overlays = _find_overlays(files)
        self._overlay = overlays.pop(environment, []) if environment is not None else []
        self._others = [door for doors in overlays.values() for door in doors]

    def write(self, steps: tuple[str, ...], stored: Plain) -> None:
        """Bring one value of the stored layer, and all below it, into the files."""
        if stored is None:
            self._remove(steps)
            return
        before, after = find_value(self._before, steps), find_value(self._after, steps)
        if isinstance(stored, dict) and isinstance(before, MappingNode) and steps[-1] not in REPLACED_WHOLE:
            for name, below in stored.items():
                self.write((*steps, name), below)
            return
        assert after is not None, "what is stored is part of the document"
        wanted = to_plain(after)
        if before is None or not is_same(to_plain(before), wanted):
            self._set(steps, wanted)

    def list_edits(self) -> list[list[Edit]]:
        return [list(changes.list_edits()) for changes in self._changes]

    def _set(self, steps: tuple[str, ...], wanted: Plain) -> None:
        over = [door for door in self._overlays_of(steps) if door.find(steps) is not None]
        base = [door for door in self._base if door.find(steps) is not None]
        merges = isinstance(wanted, dict) and steps[-1] not in REPLACED_WHOLE
        if over and base and merges:
            # The overlay's value is no mapping, and as a mapping it would merge with what it hid.
            for door in over:
                self._drop(door, steps)
            over = []
        doors = over or base
        if doors:
            self._share_out(doors, steps, wanted)
        else:
            self._add(steps, wanted)

    def _share_out(self, doors: Sequence[_Door], steps: tuple[str, ...], wanted: Plain) -> None:
        """Change a value where it stands; of a list that goes on in several files, the pieces that differ."""
        pieces = [door.find(steps) for door in doors]
        if not isinstance(wanted, list) or not all(isinstance(piece, ListSpan) for piece in pieces):
            self._make_equal(doors[0], steps, wanted)
            return
        lists = [to_plain_value(piece) for piece in pieces if piece is not None]
        first, last = 0, len(doors) - 1
        rest = wanted
        while first < last and _begins_with(rest, lists[first]):
            rest = rest[_length(lists[first]) :]
            first += 1
        while first < last and _begins_with(rest[::-1], lists[last], reverse=True):
            rest = rest[: len(rest) - _length(lists[last])]
            last -= 1
        self._make_equal(doors[first], steps, rest)
        for door in doors[first + 1 : last + 1]:
            self._drop(door, steps)

    def _make_equal(self, door: _Door, steps: tuple[str, ...], wanted: Plain) -> None:
        span = door.find(steps)
        assert span is not None, "the value stands there"
        for edit in plan_edits((*door.prefix, *steps), span, wanted):
            self._changes[door.file].edits.append(edit)

    def _add(self, steps: tuple[str, ...], wanted: Plain) -> None:
        """Add a value beside its neighbours: in the document itself, or in the overlay where only that has some."""
        base, depth = _find_deepest(self._base, steps)
        over, over_depth = _find_deepest(self._overlays_of(steps), steps)
        # An overlay may only change what the document has, so a new entry goes into the document.
        if over is not None and over_depth > depth and not (_is_named(steps[0]) and over_depth < 2):
            base, depth = over, over_depth
        if depth == 0:
            base = self._choose_file(steps[0])
        assert base is not None, "a document has a file"
        value = wanted
        for step in reversed(steps[depth + 1 :]):
            value = {step: value}
        added = self._changes[base.file].added.setdefault((*base.prefix, *steps[:depth]), {})
        added[steps[depth]] = value

    def _remove(self, steps: tuple[str, ...]) -> None:
        """Take a value out of the files; an entry that goes from the document goes from every environment."""
        everywhere = len(steps) <= 2 and _is_named(steps[0])
        for door in (*self._base, *self._overlays_of(steps), *(self._others if everywhere else ())):
            if door.find(steps) is not None:
                self._drop(door, steps)

    def _drop(self, door: _Door, steps: tuple[str, ...]) -> None:
        holder = (*door.prefix, *steps[:-1])
        self._changes[door.file].removed.setdefault(holder, set()).add(steps[-1])

    def _overlays_of(self, steps: Steps) -> Sequence[_Door]:
        return () if steps[0] in Head.model_fields else self._overlay

    def _choose_file(self, section: str) -> _Door:
        """The file that is named after a section, else the one that has most sections of its kind."""
        named = [door for door in self._base if PurePath(self._files[door.file].file).stem == section]
        shape = SECTIONS[section].shape if section in SECTIONS else "single"
        alike = {name for name, other in SECTIONS.items() if other.shape == shape}
        return max(named or self._base, key=lambda door: len(alike & door.root.entries.keys()))


def _is_named(section: str) -> bool:
    return section in SECTIONS and SECTIONS[section].shape == "named"


def _find_overlays(files: Sequence[PlannedFile]) -> dict[str, list[_Door]]:
    """Where the values of each environment stand."""
    overlays: dict[str, list[_Door]] = {}
    for place, file in enumerate(files):
        if file.environment is not None:
            overlays.setdefault(file.environment, []).append(_Door(place, (), file.root))
            continue
        environments = find_span(file.root, (ENVIRONMENTS,))
        if not isinstance(environments, MappingSpan):
            continue
        for name in environments.entries:
            overlays.setdefault(name, []).append(_Door(place, (ENVIRONMENTS, name), file.root))
    return overlays


def _find_deepest(doors: Sequence[_Door], steps: Steps) -> tuple[_Door | None, int]:
    """The mapping that is nearest above a value, and how many of the steps lead to it."""
    for depth in range(len(steps) - 1, -1, -1):
        for door in doors:
            if isinstance(door.find(steps[:depth]), MappingSpan):
                return door, depth
    return None, -1


def _begins_with(items: list[Plain], beginning: Plain, *, reverse: bool = False) -> bool:
    expected = beginning[::-1] if isinstance(beginning, list) and reverse else beginning
    return isinstance(expected, list) and is_same(items[: len(expected)], expected)


def _length(items: Plain) -> int:
    return len(items) if isinstance(items, list) else 0
