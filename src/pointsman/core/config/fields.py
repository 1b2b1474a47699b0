"""Walks every key that a document may hold; the one source of the schema's tests, the reference and the suggestions."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pointsman.core.config.document import SECTIONS, Head

NAME, ITEM = "NAME", "[]"
"""What stands in a path for an entry by name and for an entry in order."""

_INSIDE = {"named": f".{NAME}", "listed": ITEM, "single": ""}


@dataclass(frozen=True, slots=True)
class DocumentField:
    """One key of the document.

    Attributes:
        path: such as `agents.NAME.rules[].when`.
        name: its last step.
        holder: the mapping that it is a key of.
        info: what that mapping says of it.
        below: the mapping, or mappings, that it holds; `None` where it holds a value.
    """

    path: str
    name: str
    holder: type[BaseModel]
    info: FieldInfo
    below: type[BaseModel] | None


def list_fields() -> Iterator[DocumentField]:
    """Every key of the document in its order, mappings before what they hold; environments repeat the sections."""
    yield from walk_fields(Head, "")
    for name, section in SECTIONS.items():
        yield from walk_fields(section.kind, f"{name}{_INSIDE[section.shape]}")


def walk_fields(kind: type[BaseModel], path: str) -> Iterator[DocumentField]:
    """Every key at and below a mapping."""
    for name, info in kind.model_fields.items():
        here = f"{path}.{name}" if path else name
        below = find_kind(info.annotation)
        yield DocumentField(here, name, kind, info, below)
        if below is not None:
            yield from walk_fields(below, f"{here}{_name_entry(info.annotation)}")


def find_kind(annotation: object) -> type[BaseModel] | None:
    """The mapping that a field holds, directly or as an entry."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((kind for part in get_args(annotation) if (kind := find_kind(part)) is not None), None)


def _name_entry(annotation: object) -> str:
    """What follows a field's path where it holds mappings by name or in order."""
    if get_origin(annotation) is dict:
        return f".{NAME}"
    return ITEM if get_origin(annotation) is list else ""
