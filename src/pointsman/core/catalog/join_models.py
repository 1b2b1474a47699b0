"""Puts together what several lists say of one model: each fact is the first list's that states it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

import msgspec

from pointsman.core.catalog.known_model import KnownModel, ModelList

_NAMES = ("equals", "starts_with", "contains", "ends_with", "matches")
"""They belong together: half of one list's and half of another's would name a third model."""

_FACTS = (
    "prices",
    "context_window",
    "max_output_tokens",
    "capabilities",
    "abilities",
    "lacks",
    "modalities",
    "deprecated",
    "retires_on",
)


@dataclass(frozen=True, slots=True)
class FoundModel:
    """A model of the catalogue.

    Attributes:
        model: what all lists together say of it.
        source: the list that its prices are from, such as `catalogue 2026-10-12`.
        origins: fact, by its name in `KnownModel` -> where it is stated.
    """

    model: KnownModel
    source: str
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Statement:
    model: KnownModel
    said_in: ModelList

    @property
    def place(self) -> str:
        return self.model.stated_at or self.said_in.name


def join_models(lists: Sequence[ModelList], provider: str) -> tuple[FoundModel, ...]:
    """A provider's models in the order of the lists; the first of two entries with one id counts within a list."""
    statements: dict[str, list[_Statement]] = {}
    for models in lists:
        seen: set[str] = set()
        served_too = models.providers.get(models.served_too.get(provider, ""), ())
        for model in chain(models.providers.get(provider, ()), served_too):
            id = model.id.lower()
            if id not in seen:
                seen.add(id)
                statements.setdefault(id, []).append(_Statement(model, models))
    return tuple(map(_join, statements.values()))


def _join(statements: Sequence[_Statement]) -> FoundModel:
    first = statements[0]
    origins = {name: each.place for each in reversed(statements) for name in _FACTS if getattr(each.model, name)}
    model = first.model if len(statements) == 1 else _merge(statements)
    priced = next((each for each in statements if each.model.prices), first)
    return FoundModel(model, f"catalogue {priced.said_in.date}", origins)


def _merge(statements: Sequence[_Statement]) -> KnownModel:
    merged = statements[0].model
    for each in statements[1:]:
        missing = {name: getattr(each.model, name) for name in _FACTS if not getattr(merged, name)}
        if not any(getattr(merged, name) for name in _NAMES):
            missing |= {name: getattr(each.model, name) for name in _NAMES}
        merged = msgspec.structs.replace(merged, **missing)
    return merged
