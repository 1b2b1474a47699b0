"""Finds model names and provider clients in Python, by its syntax tree: a name counts where it chooses a model."""

import ast
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from pointsman.linting.calls import LOOKING_UP, MATCHING, SAYING, is_shown_key
from pointsman.linting.code_source import FEWEST_OF_A_LIST
from pointsman.linting.findings import DIRECT_CLIENT, HARDCODED_MODEL, MOST_IN_A_FILE, Find
from pointsman.linting.names import KnownName, ModelNames, names_model
from pointsman.linting.positions import count_characters
from pointsman.linting.python_clients import Imports, find_direct_client


class Unparsable(Exception):
    """The text is not Python of this version, or nested beyond measure."""


@dataclass(frozen=True, slots=True)
class Stand:
    """How a node stands in the code around it.

    Attributes:
        key: the name that its value is given to, or `None`.
        counts: whether a name of a model here chooses one.
        is_table: whether it is part of a table that is one finding already.
    """

    key: str | None = None
    counts: bool = True
    is_table: bool = False

    def inside(self) -> "Stand":
        """How what is within a node stands, when the node itself says nothing about it."""
        return TABLE if self.is_table else FREE


FREE = Stand()
IDLE = Stand(counts=False)
TABLE = Stand(counts=False, is_table=True)

Steps = Iterable[tuple[ast.AST, Stand]]

_COLLECTIONS = (ast.List, ast.Tuple, ast.Set)


def parse_python(text: str) -> ast.Module:
    """The syntax tree of a text.

    Raises:
        Unparsable: when it has none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise Unparsable from error


def find_in_python(tree: ast.Module, lines: Sequence[str], names: ModelNames) -> list[Find]:
    """The names and the clients in a syntax tree; `lines` are those of its text."""
    scan = _Scan(lines, names, Imports.of(tree))
    scan.run(tree)
    return scan.finds


class _Scan:
    """Walks a tree with a stack of its own, so that no depth of nesting is too much."""

    def __init__(self, lines: Sequence[str], names: ModelNames, imports: Imports) -> None:
        self.finds: list[Find] = []
        self._lines = lines
        self._names = names
        self._imports = imports

    def run(self, tree: ast.Module) -> None:
        waiting: list[tuple[ast.AST, Stand]] = [(tree, FREE)]
        while waiting:
            node, stand = waiting.pop()
            waiting.extend(_STEPS.get(type(node), _Scan._step_into)(self, node, stand))

    def _step_into(self, node: ast.AST, stand: Stand) -> Steps:
        return [(child, stand.inside()) for child in ast.iter_child_nodes(node)]

    def _step_through(self, node: ast.AST, stand: Stand) -> Steps:
        """Into what has the value of one of its parts: `a or b`, `a if b else c`."""
        return [(child, stand) for child in ast.iter_child_nodes(node)]

    def _step_constant(self, node: ast.Constant, stand: Stand) -> Steps:
        known = self._read(node)
        if known and stand.counts and (known.is_distinctive or names_model(stand.key)) and not is_shown_key(stand.key):
            self._note(node, HARDCODED_MODEL, known.text)
        return ()

    def _step_text_with_values(self, node: ast.JoinedStr, stand: Stand) -> Steps:
        if len(node.values) == 1 and isinstance(node.values[0], ast.Constant):
            return [(node.values[0], stand)]
        return [(part.value, _idle(part.value, stand)) for part in node.values if isinstance(part, ast.FormattedValue)]

    def _step_expression(self, node: ast.Expr, stand: Stand) -> Steps:
        # A text that stands alone is a docstring or a comment.
        return () if isinstance(node.value, ast.Constant | ast.JoinedStr) else [(node.value, stand.inside())]

    def _step_class(self, node: ast.ClassDef, stand: Stand) -> Steps:
        values = [step.value for step in node.body if isinstance(step, ast.Assign)]
        named = [value for value in values if self._is_distinctive(value)]
        if len(named) < FEWEST_OF_A_LIST:
            return self._step_into(node, stand)
        if not stand.is_table:
            self._note_all(named)
        return [(child, TABLE if isinstance(child, ast.Assign) else FREE) for child in ast.iter_child_nodes(node)]

    def _step_assignment(self, node: ast.Assign, stand: Stand) -> Steps:
        inside = stand.inside()
        value = Stand(_name_target(node.targets[0]), inside.counts, inside.is_table)
        return [(node.value, value), *((target, inside) for target in node.targets)]

    def _step_annotated(self, node: ast.AnnAssign, stand: Stand) -> Steps:
        if node.value is not None:
            yield node.value, Stand(_name_target(node.target), stand.counts, stand.is_table)

    def _step_named(self, node: ast.NamedExpr, stand: Stand) -> Steps:
        return [(node.value, Stand(node.target.id, stand.counts, stand.is_table))]

    def _step_arguments(self, node: ast.arguments, stand: Stand) -> Steps:
        positional = [*node.posonlyargs, *node.args]
        defaults: list[tuple[ast.arg, ast.expr | None]] = []
        if node.defaults:
            defaults += zip(positional[-len(node.defaults) :], node.defaults, strict=True)
        defaults += zip(node.kwonlyargs, node.kw_defaults, strict=True)
        return [(value, Stand(argument.arg)) for argument, value in defaults if value is not None]

    def _step_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, stand: Stand) -> Steps:
        return [(child, FREE) for child in (*node.decorator_list, node.args, *node.body)]

    def _step_call(self, node: ast.Call, stand: Stand) -> Steps:
        client = find_direct_client(node, self._imports, self._names.hosts)
        if client is not None:
            self._note(node, DIRECT_CLIENT, client)
        inside = stand.inside()
        called = _name_target(node.func) or ""
        yield node.func, inside
        speaks = called in SAYING or called in MATCHING
        for place, argument in enumerate(node.args):
            if speaks or (called in LOOKING_UP and place == 0):
                yield argument, _idle(argument, inside)
            else:
                key = _text(node.args[place - 1]) if called in LOOKING_UP and place else None
                yield argument, Stand(key or (stand.key if called == "Field" else None), inside.counts, inside.is_table)
        for keyword in node.keywords:
            key = stand.key if keyword.arg == "default" else keyword.arg
            yield (
                keyword.value,
                IDLE if speaks else Stand(key, inside.counts and not is_shown_key(key), inside.is_table),
            )

    def _step_dict(self, node: ast.Dict, stand: Stand) -> Steps:
        named = [key for key in node.keys if key is not None and self._is_distinctive(key)]
        if named and not stand.is_table:
            self._note_all(named)
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and not isinstance(key, ast.Constant):
                yield key, stand.inside()
            shown = is_shown_key(_text(key))
            yield value, TABLE if named or stand.is_table else Stand(_text(key), not shown)

    def _step_collection(self, node: ast.List | ast.Tuple | ast.Set, stand: Stand) -> Steps:
        counting = stand.counts and not is_shown_key(stand.key)
        named = [item for item in node.elts if counting and self._is_distinctive(item)]
        if len(named) < FEWEST_OF_A_LIST:
            return [(item, stand) for item in node.elts]
        self._note_all(named)
        return [(item, stand) for item in node.elts if not isinstance(item, ast.Constant)]

    def _step_operation(self, node: ast.BinOp, stand: Stand) -> Steps:
        # "gpt-4" + suffix is a part of a name; [...] + others still is a list.
        return [
            (side, _idle(side, stand) if isinstance(side, ast.Constant) else stand) for side in (node.left, node.right)
        ]

    def _step_comparison(self, node: ast.Compare, stand: Stand) -> Steps:
        return [(side, _idle(side, stand)) for side in (node.left, *node.comparators)]

    def _step_subscript(self, node: ast.Subscript, stand: Stand) -> Steps:
        # A look-up, or a type such as Literal["gpt-4o"].
        return [(node.value, stand.inside()), (node.slice, _idle(node.slice, stand))]

    def _step_case(self, node: ast.match_case, stand: Stand) -> Steps:
        return [(child, FREE) for child in (node.guard, *node.body) if child is not None]

    def _step_raise(self, node: ast.Raise, stand: Stand) -> Steps:
        if isinstance(node.exc, ast.Call):
            return [(argument, _idle(argument, stand)) for argument in node.exc.args]
        return ()

    def _step_assertion(self, node: ast.Assert, stand: Stand) -> Steps:
        return [(node.test, FREE)]

    def _read(self, node: ast.AST | None) -> KnownName | None:
        text = _text(node)
        return self._names.read(text) if text else None

    def _is_distinctive(self, node: ast.AST) -> bool:
        known = self._read(node)
        return known is not None and known.is_distinctive

    def _note_all(self, nodes: Sequence[ast.expr]) -> None:
        first = min(nodes, key=lambda node: (node.lineno, node.col_offset))
        self._note(first, HARDCODED_MODEL, _text(first) or "", len(nodes) - 1)

    def _note(self, node: ast.expr, code: str, name: str, others: int = 0) -> None:
        if len(self.finds) < MOST_IN_A_FILE:
            line = self._lines[node.lineno - 1]
            self.finds.append(Find(node.lineno, count_characters(line, node.col_offset) + 1, code, name, others))


def _idle(node: ast.AST, stand: Stand) -> Stand:
    """How texts stand that are compared or shown; what is computed beside them still counts."""
    return IDLE if isinstance(node, (ast.Constant, *_COLLECTIONS)) and not stand.is_table else stand.inside()


def _text(node: ast.AST | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _name_target(node: ast.expr) -> str | None:
    """What a value is given to, or what is called: the last word of it."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    return _text(node.slice) if isinstance(node, ast.Subscript) else None


_STEPS: dict[type[ast.AST], Callable[[_Scan, Any, Stand], Steps]] = {
    ast.Constant: _Scan._step_constant,
    ast.JoinedStr: _Scan._step_text_with_values,
    ast.Expr: _Scan._step_expression,
    ast.ClassDef: _Scan._step_class,
    ast.Assign: _Scan._step_assignment,
    ast.AnnAssign: _Scan._step_annotated,
    ast.NamedExpr: _Scan._step_named,
    ast.arguments: _Scan._step_arguments,
    ast.FunctionDef: _Scan._step_function,
    ast.AsyncFunctionDef: _Scan._step_function,
    ast.Call: _Scan._step_call,
    ast.Dict: _Scan._step_dict,
    ast.List: _Scan._step_collection,
    ast.Tuple: _Scan._step_collection,
    ast.Set: _Scan._step_collection,
    ast.BinOp: _Scan._step_operation,
    ast.BoolOp: _Scan._step_through,
    ast.IfExp: _Scan._step_through,
    ast.Await: _Scan._step_through,
    ast.Starred: _Scan._step_through,
    ast.Compare: _Scan._step_comparison,
    ast.Subscript: _Scan._step_subscript,
    ast.match_case: _Scan._step_case,
    ast.Raise: _Scan._step_raise,
    ast.Assert: _Scan._step_assertion,
}
