"""A condition after it was checked: nodes whose types fit, so that what comes later has nothing left to refuse."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pointsman.core.expressions.facts import Fact

Scalar = bool | int | float | str
Relation = Literal["==", "!=", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]
FunctionName = Literal["lower", "starts_with", "ends_with", "contains", "len", "min", "max"]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value as written, or worked out from written ones."""

    value: Scalar


@dataclass(frozen=True, slots=True)
class Reading:
    """The value of a fact."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether a fact that may be absent is there; guards every condition that reads such a fact."""

    fact: Fact


@dataclass(frozen=True, slots=True)
class Negation:
    """`not`."""

    below: "Node"


@dataclass(frozen=True, slots=True)
class AllOf:
    """`and`, asked from left to right until one is false."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """`or`, asked from left to right until one is true."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`a < b <= c`: one operand more than relations."""

    operands: tuple["Node", ...]
    relations: tuple[Relation, ...]

    def pairs(self) -> Iterator["Comparison"]:
        """Each relation with the operands beside it; all of them hold where the whole does."""
        for place, relation in enumerate(self.relations):
            yield Comparison(self.operands[place : place + 2], (relation,))


@dataclass(frozen=True, slots=True)
class OneOf:
    """`left in ["a", "b"]`."""

    left: "Node"
    values: frozenset[Scalar]


@dataclass(frozen=True, slots=True)
class Membership:
    """`left in tags`."""

    left: "Node"
    fact: Fact


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """`left + right` and its like, on numbers."""

    operator: Operator
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Minus:
    """`-below`."""

    below: "Node"


@dataclass(frozen=True, slots=True)
class Call:
    """One of the few functions."""

    function: FunctionName
    arguments: tuple["Node", ...]


Node = (
    Constant
    | Reading
    | IsKnown
    | Negation
    | AllOf
    | AnyOf
    | Comparison
    | OneOf
    | Membership
    | Arithmetic
    | Minus
    | Call
)


def list_below(node: Node) -> tuple[Node, ...]:
    """The nodes directly below one."""
    match node:
        case Negation(below) | Minus(below):
            return (below,)
        case AllOf(parts) | AnyOf(parts):
            return parts
        case Comparison(operands, _):
            return operands
        case OneOf(left, _) | Membership(left, _):
            return (left,)
        case Arithmetic(_, left, right):
            return (left, right)
        case Call(_, arguments):
            return arguments
        case _:
            return ()


def walk(node: Node) -> Iterator[Node]:
    """A node and everything below it."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += list_below(one)


def list_facts(node: Node) -> dict[str, Fact]:
    """The facts that a node reads, by name."""
    found = (one.fact for one in walk(node) if isinstance(one, Reading | Membership | IsKnown))
    return {fact.name: fact for fact in found}
