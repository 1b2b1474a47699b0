"""Whether a condition can hold only where one of some facts does; where that is not certain, it says no."""

from collections.abc import Collection

from pointsman.core.expressions.tree import AllOf, AnyOf, Comparison, Constant, IsKnown, Node, Reading


def needs_any(node: Node, true: Collection[str], known: Collection[str] = ()) -> bool:
    """Whether a condition cannot hold unless one of these facts is true, or known at all.

    Args:
        node: the condition.
        true: facts that are true or false.
        known: facts that may be unknown.
    """
    match node:
        case IsKnown(fact):
            return fact.name in known
        case Reading(fact):
            return fact.name in true
        case Comparison((Reading(fact), Constant(True)) | (Constant(True), Reading(fact)), ("==",)):
            return fact.name in true
        case AllOf(parts):
            return any(needs_any(part, true, known) for part in parts)
        case AnyOf(parts):
            return all(needs_any(part, true, known) for part in parts)
        case _:
            return False
