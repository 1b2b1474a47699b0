"""Turns checked conditions into functions; the only module that calls `compile`, and never on what a user wrote."""

from collections.abc import Callable, Mapping
from types import CodeType, FunctionType

from pointsman.core.expressions.facts import Values
from pointsman.core.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Constant,
    FunctionName,
    IsKnown,
    Membership,
    Minus,
    Negation,
    Node,
    OneOf,
    Reading,
)

FUNCTIONS: Mapping[FunctionName, Callable[..., object]] = {
    "lower": str.lower,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
    "contains": str.__contains__,
    "len": len,
    "min": min,
    "max": max,
}
_NAMES: dict[str, object] = {"__builtins__": {}, **{str(name): function for name, function in FUNCTIONS.items()}}


def compile_condition(tree: Node) -> Callable[[Values], bool]:
    """The function that says whether a condition holds for given facts.

    It raises what Python raises: `KeyError` for a fact that was not given, `ArithmeticError`, `TypeError`.
    """
    # The text is written anew from the checked tree: nothing in it but our own names and the forms of plain values.
    code = compile(f"lambda f: {write_expression(tree)}", "<condition>", "eval", dont_inherit=True)
    body = next(constant for constant in code.co_consts if isinstance(constant, CodeType))
    return FunctionType(body, _NAMES)


def write_expression(node: Node) -> str:
    """A node as an expression of Python over the facts `f`, in brackets where those could matter."""
    match node:
        case Constant(value):
            return repr(value)
        case Reading(fact):
            return f"f[{fact.name!r}]"
        case IsKnown(fact):
            return f"(f[{fact.name!r}] is not None)"
        case Negation(below):
            return f"(not {write_expression(below)})"
        case Minus(below):
            return f"(-{write_expression(below)})"
        case AllOf(parts):
            return f"({' and '.join(map(write_expression, parts))})"
        case AnyOf(parts):
            return f"({' or '.join(map(write_expression, parts))})"
        case Comparison(operands, relations):
            pairs = zip(relations, operands[1:], strict=True)
            after = "".join(f" {relation} {write_expression(operand)}" for relation, operand in pairs)
            return f"({write_expression(operands[0])}{after})"
        case OneOf(left, values):
            # Sorted, so that the same condition is the same code; Python makes a constant set of it.
            items = ", ".join(sorted(map(repr, values)))
            return f"({write_expression(left)} in {{{items}}})"
        case Membership(left, fact):
            return f"({write_expression(left)} in f[{fact.name!r}])"
        case Arithmetic(operator, left, right):
            return f"({write_expression(left)} {operator} {write_expression(right)})"
        case Call(function, arguments):
            return f"{function}({', '.join(map(write_expression, arguments))})"
