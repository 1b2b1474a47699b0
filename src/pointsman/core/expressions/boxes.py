"""Conditions as boxes, each a region for some facts; what cannot be taken apart stays whole, under its own text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pointsman.core.expressions.compile import write_expression
from pointsman.core.expressions.facts import Fact
from pointsman.core.expressions.regions import (
    FALSE,
    TRUE,
    Region,
    TooManySpans,
    intersect,
    list_numbers,
    pick_choices,
    pick_numbers,
)
from pointsman.core.expressions.tree import (
    AllOf,
    AnyOf,
    Comparison,
    Constant,
    Negation,
    Node,
    OneOf,
    Reading,
    Relation,
    Scalar,
)

MOST_BOXES = 64
"""Boxes of one condition or question."""

MOST_STEPS = 1_000
"""Intersections that taking one condition apart may need."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A part of a condition that is only known to be true or false; the same text means the same part."""

    text: str
    node: Node = field(compare=False)


Key = str | Loose
"""A fact's name, or a part that was not taken apart."""

Box = Mapping[Key, Region]

OPPOSITE: dict[Relation, Relation] = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED: dict[Relation, Relation] = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


class TooManyBoxes(Exception):
    """A condition is made of too many pieces to go on with."""


@dataclass(slots=True)
class BoxWriter:
    """Takes one condition apart.

    Attributes:
        steps: intersections that were made so far.
    """

    steps: int = 0

    def write(self, node: Node, wanted: bool) -> tuple[Box, ...]:
        """The boxes in which a condition is true, or false; where there are too many, one in which it stays whole."""
        try:
            return tuple(self._write(node, wanted))
        except (TooManyBoxes, TooManySpans):
            return (write_whole(node, wanted),)

    def _write(self, node: Node, wanted: bool) -> list[Box]:
        match node:
            case Constant(value):
                return [{}] if value is wanted else []
            case Negation(below):
                return self._write(below, not wanted)
            case AllOf(parts):
                return self._join([self._write(part, wanted) for part in parts], together=wanted)
            case AnyOf(parts):
                return self._join([self._write(part, wanted) for part in parts], together=not wanted)
            case Comparison():
                return self._join([self._write_pair(pair, wanted) for pair in node.pairs()], together=wanted)
            case OneOf(Reading(fact), values):
                return _write_choice(fact, values, wanted)
            case OneOf(Constant(value), values):
                return [{}] if (value in values) is wanted else []
            case Reading(fact):
                return _write_choice(fact, (True,), wanted)
            case _:
                return [write_whole(node, wanted)]

    def _join(self, lists: list[list[Box]], together: bool) -> list[Box]:
        if not together:
            joined = [box for boxes in lists for box in boxes]
            if len(joined) > MOST_BOXES:
                raise TooManyBoxes
            return joined
        joined = [{}]
        for boxes in lists:
            self.steps += len(joined) * len(boxes)
            if self.steps > MOST_STEPS:
                raise TooManyBoxes
            joined = [both for one in joined for two in boxes if (both := intersect_boxes(one, two)) is not None]
            if len(joined) > MOST_BOXES:
                raise TooManyBoxes
        return joined

    def _write_pair(self, pair: Comparison, wanted: bool) -> list[Box]:
        """The boxes of one relation between two operands."""
        (left, right), (relation,) = pair.operands, pair.relations
        if isinstance(left, Constant) and isinstance(right, Constant):
            return [{}] if _compare(left.value, relation, right.value) is wanted else []
        if isinstance(left, Constant):
            left, right, relation = right, left, MIRRORED[relation]
        if not isinstance(right, Constant):
            return [write_whole(pair, wanted)]
        if isinstance(right.value, bool):
            return self._write(left, wanted is (right.value is (relation == "==")))
        if not isinstance(left, Reading):
            return [write_whole(pair, wanted)]
        if isinstance(right.value, str):
            return _write_choice(left.fact, (right.value,), wanted is (relation == "=="))
        region = pick_numbers(left.fact, relation if wanted else OPPOSITE[relation], right.value)
        return _keep_filled(left.fact, region)


def intersect_boxes(one: Box, other: Box) -> Box | None:
    both = dict(one)
    for key, region in other.items():
        known = both.get(key)
        if known is not None:
            region = intersect(known, region)
            if region.is_empty():
                return None
        both[key] = region
    return both


def _write_choice(fact: Fact, values: Iterable[Scalar], wanted: bool) -> list[Box]:
    """The boxes in which a fact has one of some values."""
    if fact.kind in ("int", "number"):
        numbers = (value for value in values if not isinstance(value, str))
        return _keep_filled(fact, list_numbers(fact, numbers, wanted))
    return _keep_filled(fact, pick_choices(fact, values, wanted))


def _keep_filled(fact: Fact, region: Region) -> list[Box]:
    return [] if region.is_empty() else [{fact.name: region}]


def write_whole(node: Node, wanted: bool) -> Box:
    """A part that is not taken apart, as something of its own that is true or false."""
    return {Loose(write_expression(node), node): TRUE if wanted else FALSE}


def _compare(left: Scalar, relation: Relation, right: Scalar) -> bool:
    if relation in ("==", "!="):
        return (left == right) is (relation == "==")
    if isinstance(left, str) or isinstance(right, str):
        return False
    match relation:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case _:
            return left >= right
