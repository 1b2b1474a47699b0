"""Sets of the values that one fact can have: spans of numbers, and named values or all but those."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil, floor, inf

from pointsman.core.expressions.facts import Fact
from pointsman.core.expressions.tree import Relation, Scalar

MOST_SPANS = 64
"""Spans of one set of numbers; with more, the question is left to others."""


class TooManySpans(Exception):
    """A set of numbers is made of too many pieces to go on with."""


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers between two, each of which may belong to it."""

    low: float
    has_low: bool
    high: float
    has_high: bool

    def shrink_to_whole(self) -> "Span":
        """The same span for whole numbers, whose ends belong to it."""
        low = self.low if self.low == -inf else ceil(self.low) + (not self.has_low and self.low == ceil(self.low))
        high = (
            self.high if self.high == inf else floor(self.high) - (not self.has_high and self.high == floor(self.high))
        )
        return Span(low, True, high, True)

    def is_empty(self) -> bool:
        """Whether no number is in it."""
        return self.low > self.high or (self.low == self.high and not (self.has_low and self.has_high))

    def intersect(self, other: "Span") -> "Span":
        """What is in both."""
        low, has_low = max((self.low, not self.has_low), (other.low, not other.has_low))
        high, has_high = min((self.high, self.has_high), (other.high, other.has_high))
        return Span(low, not has_low, high, has_high)


@dataclass(frozen=True, slots=True)
class Numbers:
    """A set of numbers, as spans in order that do not overlap; only whole ones where `is_whole`."""

    spans: tuple[Span, ...]
    is_whole: bool

    def intersect(self, other: "Numbers") -> "Numbers":
        """What is in both."""
        pairs = (one.intersect(two) for one in self.spans for two in other.spans)
        return _collect(pairs, self.is_whole)

    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self.spans

    def pick(self) -> int | float:
        """An example: an end that belongs to the set, else what lies in the middle."""
        span = self.spans[0]
        value = span.low if span.has_low else span.high if span.has_high else (span.low + span.high) / 2
        return int(value) if self.is_whole else value


@dataclass(frozen=True, slots=True)
class Choices:
    """A set of plain values: these, or with `is_rest` every other one."""

    values: frozenset[Scalar]
    is_rest: bool = False

    def intersect(self, other: "Choices") -> "Choices":
        """What is in both."""
        match self.is_rest, other.is_rest:
            case True, True:
                return Choices(self.values | other.values, True)
            case True, False:
                return Choices(other.values - self.values)
            case False, True:
                return Choices(self.values - other.values)
            case _:
                return Choices(self.values & other.values)

    def is_empty(self) -> bool:
        """Whether nothing is in it; there is always another text."""
        return not self.values and not self.is_rest

    def pick(self) -> Scalar:
        """An example, the same each time."""
        if not self.is_rest:
            return min(self.values)
        fresh = ""
        while fresh in self.values:
            fresh = f"other{fresh.removeprefix('other')}x" if fresh else "other"
        return fresh


Region = Numbers | Choices
TRUE = Choices(frozenset((True,)))
FALSE = Choices(frozenset((False,)))


def intersect(one: Region, other: Region) -> Region:
    """What is in both regions of one fact."""
    if isinstance(one, Numbers) and isinstance(other, Numbers):
        return one.intersect(other)
    if isinstance(one, Choices) and isinstance(other, Choices):
        return one.intersect(other)
    raise TypeError("regions of two kinds")


def pick_numbers(fact: Fact, relation: Relation, bound: float) -> Numbers:
    """The numbers of a fact that stand in a relation to a written one."""
    least, most = Span(-inf, False, bound, relation == "<="), Span(bound, relation == ">=", inf, False)
    match relation:
        case "<" | "<=":
            return bound_numbers(fact, (least,))
        case ">" | ">=":
            return bound_numbers(fact, (most,))
        case "==":
            return bound_numbers(fact, (Span(bound, True, bound, True),))
        case "!=":
            return bound_numbers(fact, (least, most))


def list_numbers(fact: Fact, values: Iterable[float], wanted: bool) -> Numbers:
    """The numbers of a fact that are in a written list, or that are not."""
    ends = sorted(set(values))
    if wanted:
        return bound_numbers(fact, (Span(end, True, end, True) for end in ends))
    lows, highs = [-inf, *ends], [*ends, inf]
    return bound_numbers(fact, (Span(low, False, high, False) for low, high in zip(lows, highs, strict=True)))


def bound_numbers(fact: Fact, spans: Iterable[Span]) -> Numbers:
    """Spans within the range of a fact."""
    domain = Span(fact.least, True, fact.most, True)
    return _collect((domain.intersect(span) for span in spans), fact.kind == "int")


def pick_choices(fact: Fact, values: Iterable[Scalar], wanted: bool) -> Choices:
    """The texts, or truth values, of a fact that are among some, or that are not."""
    domain: tuple[Scalar, ...] = (True, False) if fact.kind == "bool" else fact.values
    chosen = Choices(frozenset(values), not wanted)
    return chosen.intersect(Choices(frozenset(domain))) if domain else chosen


def _collect(spans: Iterable[Span], is_whole: bool) -> Numbers:
    kept = tuple(one for one in (span.shrink_to_whole() if is_whole else span for span in spans) if not one.is_empty())
    if len(kept) > MOST_SPANS:
        raise TooManySpans
    return Numbers(kept, is_whole)
