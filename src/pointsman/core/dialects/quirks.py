"""Applies the rules that a provider, or a model of it, has beside its wire format: plans edits, then makes them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeGuard

import msgspec

from pointsman.core.catalog.quirk import Quirk
from pointsman.core.chat.conversation import JsonObject

__all__ = ["Edit", "Quirk", "apply_edits", "plan_edits", "tell_edits"]


class Edit(msgspec.Struct, frozen=True):
    """One change of a member.

    Attributes:
        path: the member, with dots.
        value: what it becomes; `UNSET` leaves it out.
        change: as `x-pointsman-changes` tells it.
        is_imposed: whether something that was said is renamed, clamped or left out; not so for what is added.
        renamed: the name under which it stood before, where it is only renamed; `""` otherwise.
    """

    path: str
    value: object
    change: str
    is_imposed: bool = True
    renamed: str = ""


def plan_edits(quirks: Iterable[Quirk], fields: JsonObject) -> list[Edit]:
    """What the quirks change in a body, in order; an earlier edit counts for a later quirk. `fields` stays as it is."""
    edits: list[Edit] = []
    seen = _Seen(fields)
    for quirk in quirks:
        for edit in _plan(quirk, seen):
            seen.apply(edit)
            edits.append(edit)
    return edits


def tell_edits(
    edits: Iterable[Edit], said: JsonObject, own: Iterable[str] = (), *, minds_names: bool = True
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What is told of edits: all changes, and those of them that are imposed on what the caller said.

    Args:
        edits: in order.
        said: what the caller said, under the names that the edits know.
        own: members that stand in the body for our sake; nobody is told what becomes of them.
        minds_names: whether the caller chose the names, so that another one is imposed, too.
    """
    changes: list[str] = []
    imposed: list[str] = []
    origins: dict[str, str] = {}
    for edit in edits:
        origin = edit.renamed or edit.path
        origin = origins.get(origin, origin)
        if edit.renamed:
            origins[edit.path] = origin
        if origin in own:
            continue
        changes.append(edit.change)
        if edit.is_imposed and (minds_names or not edit.renamed) and _says(said, origin):
            imposed.append(edit.change)
    return tuple(changes), tuple(imposed)


def apply_edits(edits: Iterable[Edit], fields: JsonObject) -> None:
    """Change a body as planned; an object that holds nothing any more goes with its last member.

    Objects within the body may be the client's own, which is encoded again for the next model: they are copied first.
    """
    for edit in edits:
        first = edit.path.partition(".")[0]
        inner = fields.get(first)
        if first != edit.path and type(inner) is dict:
            fields[first] = dict(inner)
        holder, name = _find_holder(fields, edit.path, makes=edit.value is not msgspec.UNSET)
        if holder is None:
            continue
        if edit.value is not msgspec.UNSET:
            holder[name] = edit.value
            continue
        holder.pop(name, None)
        if not holder and holder is not fields:
            fields.pop(first, None)


class _Seen:
    """A body as the edits so far would leave it."""

    def __init__(self, fields: JsonObject) -> None:
        self._fields = fields
        self._edited: dict[str, object] = {}

    def find(self, path: str) -> object:
        if path in self._edited:
            return self._edited[path]
        holder, name = _find_holder(self._fields, path, makes=False)
        return msgspec.UNSET if holder is None else holder.get(name, msgspec.UNSET)

    def apply(self, edit: Edit) -> None:
        self._edited[edit.path] = edit.value


def _plan(quirk: Quirk, seen: _Seen) -> Iterator[Edit]:
    """Each edit is planned on what the edits before it leave, so the steps are walked lazily."""
    if any(_is_among(seen.find(name), values) for name, values in quirk.unless.items()):
        return
    yield from _rename(quirk.rename, seen)
    for name, others in quirk.replace.items():
        value = seen.find(name)
        if type(value) is str and value in others:
            yield Edit(name, others[value], f"{name}={_write(others[value])}")
    for name in quirk.drop:
        if seen.find(name) is not msgspec.UNSET:
            yield _leave_out(name)
    for name, allowed in quirk.drop_unless.items():
        value = seen.find(name)
        if value is not msgspec.UNSET and not _is_among(value, allowed):
            yield _leave_out(name)
    for names in quirk.only_one:
        said = [name for name in names if seen.find(name) not in (msgspec.UNSET, None)]
        yield from map(_leave_out, said[1:])
    yield from _clamp(quirk, seen)
    for name, value in quirk.add.items():
        if seen.find(name) in (msgspec.UNSET, None):
            yield Edit(name, value, f"{name}={_write(value)}", is_imposed=False)


def _rename(names: Mapping[str, str], seen: _Seen) -> Iterator[Edit]:
    for old, new in names.items():
        value = seen.find(old)
        if value is not msgspec.UNSET:
            is_free = seen.find(new) in (msgspec.UNSET, None)
            if is_free:
                yield Edit(new, value, f"{old}={new}", renamed=old)
            yield Edit(old, msgspec.UNSET, f"-{old}", renamed=old if is_free else "")


def _clamp(quirk: Quirk, seen: _Seen) -> Iterator[Edit]:
    for name, least in quirk.least.items():
        value = seen.find(name)
        if _is_number(value) and value < least:
            yield Edit(name, least, f"{name}={least}")
    for name, most in quirk.most.items():
        value = seen.find(name)
        if _is_number(value) and value > most:
            yield Edit(name, most, f"{name}={most}")


def _says(fields: JsonObject, path: str) -> bool:
    """Whether a body says anything there; nothing is lost with a null or with what is empty."""
    holder, name = _find_holder(fields, path, makes=False)
    return holder is not None and holder.get(name) not in (None, [], {})


def _leave_out(name: str) -> Edit:
    return Edit(name, msgspec.UNSET, f"-{name}")


def _write(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _is_among(value: object, others: Iterable[object]) -> bool:
    """Whether a value is one of some; true and 1 are not the same in JSON."""
    return any(value == other and (type(value) is bool) == (type(other) is bool) for other in others)


def _is_number(value: object) -> TypeGuard[int | float]:
    return type(value) in (int, float)


def _find_holder(fields: JsonObject, path: str, *, makes: bool) -> tuple[JsonObject | None, str]:
    first, dot, rest = path.partition(".")
    if not dot:
        return fields, first
    inner = fields.get(first)
    if type(inner) is not dict:
        if not makes:
            return None, rest
        inner = fields[first] = {}
    return inner, rest
