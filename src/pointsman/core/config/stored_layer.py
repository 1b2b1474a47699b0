"""The stored layer: what was changed by API, console or command line, each value with who set it, when and why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from pointsman.core.config.edit_values import InvalidEdit, read_values
from pointsman.core.config.find_path import find_path
from pointsman.core.config.layers import REPLACED_WHOLE, Layer, build_mapping
from pointsman.core.config.nodes import Plain
from pointsman.core.config.problems import quote

MOST_BYTES = 1024 * 1024
MOST_VALUES = 20_000

Steps = tuple[str, ...]


class Stamp(msgspec.Struct, frozen=True):
    """Who set a value.

    Attributes:
        number: of the revision that the value came with.
        author: who made it.
        reason: why; `""` when nobody said.
        at_ms: when, in milliseconds since the Unix epoch.
    """

    number: int
    author: str
    reason: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of the stored layer.

    Attributes:
        set: values in the form of the document, laid over those that are stored; null takes away what lies below.
        unset: paths whose stored value is dropped, so that the layer below counts again.
        replace: whether `set` is all that the layer holds afterwards.
    """

    set: Mapping[str, object] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """The stored values.

    Attributes:
        values: in the form of the document.
        stamps: who set each leaf, by the keys that lead to it.
    """

    values: dict[str, Plain] = field(default_factory=dict)
    stamps: dict[Steps, Stamp] = field(default_factory=dict)

    def edited(self, edit: Edit, stamp: Stamp) -> "StoredLayer":
        """The layer after an edit.

        Raises:
            InvalidEdit: when a path to unset is not stored, a value may not be, or the layer would outgrow its bounds.
        """
        values: dict[str, Plain] = {} if edit.replace else self.values
        for path in edit.unset:
            values = _without(values, self._find_steps(path))
        said = read_values(edit.set)
        values = _overlaid(values, said)
        given = {steps for steps, _ in _list_leaves(said)}
        kept = {steps: old for steps, old in self.stamps.items() if steps not in given}
        stamps = {steps: kept.get(steps, stamp) for steps, _ in _list_leaves(values)}
        layer = StoredLayer(values, stamps)
        if len(stamps) > MOST_VALUES or len(encode_stored(layer)) > MOST_BYTES:
            raise InvalidEdit(
                f"the stored layer would hold more than {MOST_VALUES:,} values or {MOST_BYTES:,} bytes;"
                " put them into the file instead: pointsman config export"
            )
        return layer

    def build_layers(self) -> tuple[Layer, ...]:
        """One layer for each revision that set some of the values, the oldest first."""
        by_stamp: dict[int, list[tuple[Steps, Plain]]] = {}
        for steps, value in _list_leaves(self.values):
            by_stamp.setdefault(self.stamps[steps].number, []).append((steps, value))
        found = {stamp.number: stamp for stamp in self.stamps.values()}
        return tuple(_build_layer(found[number], by_stamp[number]) for number in sorted(by_stamp))

    def _find_steps(self, path: str) -> Steps:
        steps = find_path(build_mapping(self.values, "stored"), path)
        if not steps or not all(isinstance(step, str) for step in steps):
            raise InvalidEdit(
                f"nothing is stored at {quote(path)}; `pointsman config show --layer stored` lists what is"
            )
        return tuple(str(step) for step in steps)


class _Encoded(msgspec.Struct, forbid_unknown_fields=True):
    values: dict[str, object]
    stamps: list[Stamp]
    set_by: list[tuple[list[str], int]]


def encode_stored(layer: StoredLayer) -> bytes:
    """The layer as JSON."""
    stamps = {stamp.number: stamp for stamp in layer.stamps.values()}
    set_by = [(list(steps), stamp.number) for steps, stamp in layer.stamps.items()]
    values: dict[str, object] = dict(layer.values)
    return msgspec.json.encode(_Encoded(values, list(stamps.values()), set_by))


def decode_stored(content: bytes) -> StoredLayer:
    """Read what `encode_stored` wrote.

    Raises:
        msgspec.ValidationError: when it is anything else.
    """
    encoded = msgspec.json.decode(content, type=_Encoded)
    stamps = {stamp.number: stamp for stamp in encoded.stamps}
    return StoredLayer(as_plain(encoded.values), {tuple(steps): stamps[number] for steps, number in encoded.set_by})


def as_plain(values: dict[str, object]) -> dict[str, Plain]:
    """What JSON decodes to, as values of a document."""
    return {name: _one_as_plain(value) for name, value in values.items()}


def _one_as_plain(value: object) -> Plain:
    if isinstance(value, dict):
        return {str(name): _one_as_plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_one_as_plain(item) for item in value]
    assert value is None or isinstance(value, str | int | float | bool), "JSON holds nothing else"
    return value


def _list_leaves(values: dict[str, Plain], above: Steps = ()) -> Iterator[tuple[Steps, Plain]]:
    """Each value that is set as one, with the keys that lead to it."""
    for name, value in values.items():
        steps = (*above, name)
        if isinstance(value, dict) and value and name not in REPLACED_WHOLE:
            yield from _list_leaves(value, steps)
        else:
            yield steps, value


def _overlaid(below: dict[str, Plain], above: dict[str, Plain]) -> dict[str, Plain]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        if isinstance(value, dict) and isinstance(under, dict) and name not in REPLACED_WHOLE:
            merged[name] = _overlaid(under, value)
        else:
            merged[name] = value
    return merged


def _without(values: dict[str, Plain], steps: Sequence[str]) -> dict[str, Plain]:
    """The values without one of them, and without the mappings that it leaves empty."""
    name, *rest = steps
    remaining = dict(values)
    below = remaining.pop(name)
    if rest and isinstance(below, dict):
        inner = _without(below, rest)
        if inner:
            remaining[name] = inner
    return remaining


def _build_layer(stamp: Stamp, leaves: Sequence[tuple[Steps, Plain]]) -> Layer:
    values: dict[str, Plain] = {}
    for steps, value in leaves:
        holder = values
        for step in steps[:-1]:
            below = holder.setdefault(step, {})
            assert isinstance(below, dict), "leaves of one tree never stand below one another"
            holder = below
        holder[steps[-1]] = value
    file = f"stored revision {stamp.number}"
    root = build_mapping(values, file)
    return Layer("stored", root, stamp.author, stamp.reason, stamp.at_ms, None, str(stamp.number))
