"""What a detector can find, and where; a find never holds the text that was found."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

Entity = Literal["secret", "iban", "card", "us_ssn", "ip_address", "email", "phone"]

ENTITIES: tuple[Entity, ...] = get_args(Entity)
"""By how sure a find is: where two finds overlap, the earlier kind is the one that counts."""

ALL: frozenset[Entity] = frozenset(ENTITIES)

MOST_COUNTED = 100
"""Finds of one kind that are counted; there may be more."""


class Find(NamedTuple):
    """One place in a text; `start` and `end` are its characters, `end` is the first one after it."""

    entity: Entity
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, and how often.

    Attributes:
        counts: kinds with at least one find, in the order of `ENTITIES`, with at most `MOST_COUNTED` each.
    """

    counts: tuple[tuple[Entity, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def kinds(self) -> frozenset[Entity]:
        """The kinds that were found."""
        return frozenset(kind for kind, _ in self.counts)
