"""The text of a condition, as Python's own parser reads it; nothing is run, and no text makes it raise."""

import ast
from collections.abc import Callable
from dataclasses import dataclass

from pointsman.core.expressions.mistake import Mistake
from pointsman.core.expressions.scan import scan

MOST_NODES = 200
"""Values, facts and operations in a condition."""

MOST_DEPTH = 64
"""Operations within operations."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A condition's syntax tree.

    Attributes:
        tree: not yet checked: it may hold anything that Python's expressions have.
        column_of: where a node of it begins, 1-based, in characters of the text as the user wrote it.
    """

    tree: ast.expr
    column_of: Callable[[ast.expr], int]


def parse_condition(text: str) -> Parsed | tuple[Mistake, ...]:
    """The syntax tree of a text, or what is wrong with it."""
    # A block of YAML ends in a line break that nobody sees.
    text = text.rstrip(" \n")
    mistakes = scan(text)
    if mistakes:
        return mistakes
    lead = len(text) - len(text.lstrip(" "))
    body = text.strip(" ")
    try:
        tree = ast.parse(body, mode="eval").body
    except SyntaxError as error:
        # The parser gives no offset for what is missing at the end.
        column = min(error.offset or len(body), len(body)) + lead
        return (Mistake(column, "invalid_rule", "a value or an operator is missing here, or one too many is"),)
    except (ValueError, RecursionError, MemoryError):
        # The parser's own limits; ours come first, so this is for a Python whose limits are lower.
        return (Mistake(1, "invalid_rule", "is too deeply nested; split the rule"),)
    encoded = body.encode()

    def column_of(node: ast.expr) -> int:
        return lead + len(encoded[: node.col_offset].decode()) + 1

    complaint = _judge_size(tree)
    return (Mistake(1, "invalid_rule", complaint),) if complaint else Parsed(tree, column_of)


def _judge_size(tree: ast.expr) -> str | None:
    """What is wrong with the number and depth of nodes, or `None`; a dotted name is one node."""
    waiting: list[tuple[ast.AST, int]] = [(tree, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > MOST_NODES:
            return f"has more than {MOST_NODES} values and operations; split the rule"
        if depth > MOST_DEPTH:
            return f"is nested more than {MOST_DEPTH} deep; split the rule"
        if not isinstance(node, ast.Attribute):
            below = (one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr | ast.keyword))
            waiting += ((one, depth + 1) for one in below)
    return None
