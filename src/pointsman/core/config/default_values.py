"""The defaults of the document's fields, written back in the form in which a document would say them."""

from collections.abc import Callable, Iterator, Sequence
from typing import cast, get_args, get_origin

from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from pointsman.core.config.document import SECTIONS, Head
from pointsman.core.config.fields import find_kind
from pointsman.core.config.nodes import MappingNode, Node, Plain
from pointsman.core.config.sections.providers import Timeouts
from pointsman.core.config.snapshot import Deadlines
from pointsman.core.config.written_form import WRITERS, write_duration

_DEADLINES = Deadlines()
_USUAL: dict[type[BaseModel], dict[str, Plain]] = {
    Timeouts: {name: write_duration(getattr(_DEADLINES, f"{name}_ms")) for name in Timeouts.model_fields}
}
"""What a field without a default of its own is completed with later on, of whatever provider or model."""


def list_default_values(kind: type[BaseModel], written: Node | None = None) -> dict[str, Plain]:
    """The default of each field of a mapping that has one.

    Args:
        kind: what the mapping is read as.
        written: the mapping, for the sake of what stands in it by name; `None` when there is none.
    """
    values: dict[str, Plain] = {}
    for name, info in kind.model_fields.items():
        entry = written.entries.get(name) if isinstance(written, MappingNode) else None
        found = list(_find_default(kind, name, info, entry.value if entry else None))
        if found:
            values[name] = found[0]
    return values


def find_default_value(steps: Sequence[str | int]) -> Plain:
    """The default of a field that is not written, in an item of a list too; `None` when it has none."""
    kind = _find_kind_at(steps[:-1])
    return list_default_values(kind).get(str(steps[-1])) if kind and isinstance(steps[-1], str) else None


def _find_default(kind: type[BaseModel], name: str, info: FieldInfo, written: Node | None) -> Iterator[Plain]:
    """The default in written form, or nothing."""
    below = find_kind(info.annotation)
    value: object = None if info.is_required() else info.get_default(call_default_factory=True)
    if isinstance(value, BaseModel):
        yield list_default_values(type(value), written)
    elif below is not None and isinstance(written, MappingNode):
        if _is_by_name(info):
            yield {entry: list_default_values(below, node.value) for entry, node in written.entries.items()}
        elif inside := list_default_values(below, written):
            yield inside
    elif value is not None:
        yield _write(value, info)
    elif name in _USUAL.get(kind, {}):
        yield _USUAL[kind][name]


def _write(value: object, info: FieldInfo) -> Plain:
    """A default as a document would say it: by the grammar that reads it, if there is one."""
    reader = next(_list_readers(info), None)
    writer = WRITERS.get(reader) if reader is not None else None
    if isinstance(value, list):
        return [writer(item) if writer and isinstance(item, int) else cast(Plain, item) for item in value]
    return writer(value) if writer and isinstance(value, int) else cast(Plain, value)


def _list_readers(info: FieldInfo) -> Iterator[Callable[[object], int]]:
    for part in (*info.metadata, *_list_metadata(info.annotation)):
        if isinstance(part, BeforeValidator) and part.func in WRITERS:
            yield cast(Callable[[object], int], part.func)


def _list_metadata(annotation: object) -> Iterator[object]:
    yield from getattr(annotation, "__metadata__", ())
    for part in get_args(annotation):
        yield from _list_metadata(part)


def _is_by_name(info: FieldInfo) -> bool:
    return get_origin(info.annotation) is dict


def _find_kind_at(steps: Sequence[str | int]) -> type[BaseModel] | None:
    """What the mapping at a path is read as."""
    if not steps:
        return Head
    section = SECTIONS.get(str(steps[0]))
    if section is None:
        return None
    kind, rest = section.kind, list(steps[1:] if section.shape == "single" else steps[2:])
    if section.shape != "single" and len(steps) < 2:
        return None
    while rest:
        info = kind.model_fields.get(str(rest.pop(0)))
        below = find_kind(info.annotation) if info else None
        if info is None or below is None:
            return None
        if _holds_several(info) and rest:
            rest.pop(0)
        elif _holds_several(info):
            return None
        kind = below
    return kind


def _holds_several(info: FieldInfo) -> bool:
    return get_origin(info.annotation) in (dict, list)
