"""The one question that provers are asked: are there facts for which some conditions hold and others do not?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pointsman.core.expressions.condition import Condition, EvaluationError
from pointsman.core.expressions.facts import FactTable, InvalidFact, Values
from pointsman.core.expressions.tree import Node

EngineName = Literal["built-in", "z3"]


@dataclass(frozen=True, slots=True)
class Part:
    """A condition and whether it is to hold."""

    condition: Condition
    wanted: bool

    @property
    def tree(self) -> Node:
        """What the condition means."""
        return self.condition.tree


@dataclass(frozen=True, slots=True)
class Found:
    """There are such facts, for example these; they were tried."""

    values: Values


@dataclass(frozen=True, slots=True)
class Impossible:
    """There are none, and the parts at these places are enough to say so."""

    because: frozenset[int]


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can tell."""


Answer = Found | Impossible | Unknown
UNKNOWN = Unknown()


class Prover(Protocol):
    """What answers the question; `Found` and `Impossible` are always true, `Unknown` is always allowed."""

    def ask(self, parts: Sequence[Part]) -> Answer:
        """Facts for which every part is as wanted; that there are none; or that it cannot tell."""
        ...


def try_example(given: Mapping[str, object], parts: Sequence[Part], facts: FactTable) -> Answer:
    """`Found` if every part is as wanted for these facts and defaults for all others, else `Unknown`."""
    try:
        values = facts.fill(given)
        fits = all(part.condition.evaluate(values) is part.wanted for part in parts)
    except (InvalidFact, EvaluationError):
        return UNKNOWN
    return Found(values) if fits else UNKNOWN
