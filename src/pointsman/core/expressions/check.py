"""Checks a syntax tree node by node against an allow-list and the declared types; what is not listed is refused."""

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pointsman.core.expressions.facts import GREATEST, MOST_CHARACTERS, Fact, FactTable, describe_kind
from pointsman.core.expressions.language import CONSTANTS, FUNCTIONS, MOST_ARGUMENTS, NOUNS, OPERATORS, RELATIONS, Type
from pointsman.core.expressions.mistake import Code, Mistake, guess_word, in_order
from pointsman.core.expressions.parse import Parsed
from pointsman.core.expressions.tree import (
    AllOf,
    AnyOf,
    Arithmetic,
    Call,
    Comparison,
    Constant,
    IsKnown,
    Membership,
    Minus,
    Negation,
    Node,
    OneOf,
    Operator,
    Reading,
    Relation,
    Scalar,
)

MOST_PRODUCTS = 4
"""Multiplications and divisions after which numbers might leave the range of floats."""

LEAST_FOLDED = 1e-9
"""What written numbers come to, unless it is 0: dividing by less would leave the range of numbers."""


_SHOWN_NAME = re.compile(r"[a-z_.]{1,64}[0-9]{0,2}")
_REFUSED: dict[type[ast.expr], str] = {
    ast.Subscript: "single items cannot be picked out; ask with `in`",
    ast.Starred: "`*` stands only between numbers",
    ast.Dict: "`{}` holds nothing; write a list, such as ['a', 'b']",
}
_HINTS: Mapping[Type, str] = {
    "number": "compare it, such as ... > 5",
    "text": "compare it, such as ... == 'a', or write ... in ['a', 'b']",
    "texts": "ask with `in`, such as 'a' in tags",
}
_NOTHING = Constant(False)


@dataclass(frozen=True, slots=True)
class Typed:
    """A checked expression; `items` are the values of a list and where they stand."""

    type: Type
    node: Node = _NOTHING
    items: tuple[tuple[ast.expr, Constant], ...] = ()

    @property
    def fact(self) -> Fact | None:
        """The fact that it is, if it is nothing but one."""
        return self.node.fact if isinstance(self.node, Reading) else None


BROKEN = Typed("broken")


@dataclass(frozen=True, slots=True)
class Checked:
    """A condition whose types fit, the names of the facts that it reads, and whether asking it could fail."""

    tree: Node
    reads: frozenset[str]
    may_fail: bool


def check_condition(parsed: Parsed, facts: FactTable) -> Checked | tuple[Mistake, ...]:
    """A condition whose types fit, or all that is wrong with it."""
    checker = _Checker(facts, parsed.column_of)
    tree = checker.check_bool(parsed.tree, "a condition is true or false")
    if checker.mistakes:
        return in_order(checker.mistakes)
    guards = tuple(IsKnown(fact) for fact in checker.read.values() if fact.default is None)
    return Checked(AllOf((*guards, tree)) if guards else tree, frozenset(checker.read), checker.may_fail())


@dataclass(slots=True)
class _Checker:
    facts: FactTable
    column_of: Callable[[ast.expr], int]
    mistakes: list[Mistake] = field(default_factory=list)
    read: dict[str, Fact] = field(default_factory=dict)
    products: int = 0
    divides_by_facts: bool = False

    def may_fail(self) -> bool:
        """Whether there could be facts for which the condition can be neither said to hold nor not to hold."""
        return self.divides_by_facts or self.products > MOST_PRODUCTS

    def refuse(self, node: ast.expr, message: str, suggestion: str | None = None, code: Code = "invalid_rule") -> Typed:
        """Note a mistake; the expression is broken from here up."""
        self.mistakes.append(Mistake(self.column_of(node), code, message, suggestion))
        return BROKEN

    def check(self, node: ast.expr) -> Typed:
        """The one place that says which nodes there may be."""
        match node:
            case ast.Constant():
                return self.check_constant(node)
            case ast.Name() | ast.Attribute():
                return self.check_name(node)
            case ast.BoolOp():
                return self.check_logic(node)
            case ast.UnaryOp():
                return self.check_prefix(node)
            case ast.Compare():
                return self.check_comparison(node)
            case ast.BinOp():
                return self.check_arithmetic(node)
            case ast.Call():
                return self.check_call(node)
            case ast.List() | ast.Tuple() | ast.Set():
                return self.check_list(node)
            case _:
                return self.refuse(node, _REFUSED.get(type(node), "this is not part of conditions; remove it"))

    def check_bool(self, node: ast.expr, why: str) -> Node:
        """An expression where only true or false may stand."""
        typed = self.check(node)
        if typed.type not in ("bool", "broken"):
            self.refuse(node, f"{why}; this is {NOUNS[typed.type]}, {_HINTS.get(typed.type, 'compare it')}")
        return typed.node

    def check_constant(self, node: ast.Constant) -> Typed:
        value: object = node.value
        if value is None:
            return Typed("null")
        if isinstance(value, bool):
            return Typed("bool", Constant(value))
        if isinstance(value, int | float) and -GREATEST <= value <= GREATEST:
            return Typed("number", Constant(value))
        if isinstance(value, str) and len(value) <= MOST_CHARACTERS:
            return Typed("text", Constant(value))
        return self.refuse(node, "this is not part of conditions; write a number, a text, true or false")

    def check_name(self, node: ast.expr) -> Typed:
        name = _join_name(node)
        if name is None:
            return self.refuse(node, "nothing has attributes; a point stands only within a fact's name")
        if name in CONSTANTS:
            value = CONSTANTS[name]
            return Typed("null") if value is None else Typed("bool", Constant(value))
        fact = self.facts.facts.get(name)
        if fact is not None:
            self.read[name] = fact
            return Typed("number" if fact.kind == "int" else fact.kind, Reading(fact))
        if name in FUNCTIONS:
            return self.refuse(node, f"{name} is a function; write it with brackets, such as {name}(...)")
        # Whatever might be a pasted key is not repeated: names of facts hold hardly any digits.
        shown = f"there is no fact {name}" if _SHOWN_NAME.fullmatch(name) else "there is no such fact"
        where = ", or declare it under routing.task_attributes" if name.startswith("task.") else ""
        guess = guess_word(name, self.facts.facts)
        return self.refuse(node, f"{shown}; take one from docs/conditions.md{where}", guess, "unknown_fact")

    def check_logic(self, node: ast.BoolOp) -> Typed:
        word = "and" if isinstance(node.op, ast.And) else "or"
        parts = tuple(self.check_bool(one, f"`{word}` stands between conditions") for one in node.values)
        return Typed("bool", AllOf(parts) if word == "and" else AnyOf(parts))

    def check_prefix(self, node: ast.UnaryOp) -> Typed:
        if isinstance(node.op, ast.Not):
            return Typed("bool", Negation(self.check_bool(node.operand, "`not` stands before a condition")))
        if not isinstance(node.op, ast.USub):
            return self.refuse(node, "only `-` and `not` may stand before a value; remove this sign")
        typed = self.check_number(node.operand, "`-`")
        if isinstance(typed, Constant) and not isinstance(typed.value, str):
            return Typed("number", Constant(-typed.value))
        return BROKEN if typed is None else Typed("number", Minus(typed))

    def check_number(self, node: ast.expr, sign: str) -> Node | None:
        """An operand of arithmetic, or `None`."""
        typed = self.check(node)
        if typed.type == "number":
            return typed.node
        if typed.type != "broken":
            self.refuse(node, f"{sign} is for numbers; this is {NOUNS[typed.type]}")
        return None

    def check_arithmetic(self, node: ast.BinOp) -> Typed:
        operator = OPERATORS.get(type(node.op))
        if operator is None:
            return self.refuse(node, "this operator is not part of conditions; there are + - * /")
        left = self.check_number(node.left, f"`{operator}`")
        right = self.check_number(node.right, f"`{operator}`")
        if left is None or right is None:
            return BROKEN
        if operator == "/" and right == Constant(0):
            return self.refuse(node.right, "nothing can be divided by 0; write another number")
        if not (isinstance(left, Constant) and isinstance(right, Constant)):
            self.products += operator in ("*", "/")
            self.divides_by_facts |= operator == "/" and not isinstance(right, Constant)
            return Typed("number", Arithmetic(operator, left, right))
        first, second = left.value, right.value
        if isinstance(first, str) or isinstance(second, str):
            return BROKEN
        value = _work_out(operator, first, second)
        complaint = _complain_of(operator, first, second, value)
        return self.refuse(node, complaint) if complaint else Typed("number", Constant(value))

    def check_call(self, node: ast.Call) -> Typed:
        name = _join_name(node.func)
        function = next((one for one in FUNCTIONS if one == name), None)
        if function is None:
            guess = guess_word(name, FUNCTIONS) if name else None
            return self.refuse(node, f"this cannot be called; there are {', '.join(FUNCTIONS)}", guess)
        expected, result = FUNCTIONS[function]
        most = MOST_ARGUMENTS if function in ("min", "max") else len(expected)
        if node.keywords or not len(expected) <= len(node.args) <= most:
            count = f"{len(expected)} to {most}" if most > len(expected) else str(most)
            return self.refuse(node, f"{function} takes {count} values in its brackets")
        arguments: list[Node] = []
        for place, one in enumerate(node.args):
            typed, wanted = self.check(one), expected[min(place, len(expected) - 1)]
            if typed.type not in (wanted, "broken") and not (function == "len" and typed.type == "text"):
                self.refuse(one, f"{function} takes {NOUNS[wanted]} here; this is {NOUNS[typed.type]}")
            arguments.append(typed.node)
        return Typed(result, Call(function, tuple(arguments)))

    def check_list(self, node: ast.List | ast.Tuple | ast.Set) -> Typed:
        if not node.elts:
            return self.refuse(node, "an empty list holds nothing; write values into it")
        items: list[tuple[ast.expr, Constant]] = []
        for one in node.elts:
            item = self.check(one)
            if item.type in ("bool", "number", "text") and isinstance(item.node, Constant):
                items.append((one, item.node))
            elif item.type != "broken":
                self.refuse(one, "a list holds written numbers or texts; compare facts with `==`")
        return Typed("list", items=tuple(items))

    def check_comparison(self, node: ast.Compare) -> Typed:
        operands = [node.left, *node.comparators]
        if any(isinstance(one, ast.In | ast.NotIn) for one in node.ops):
            if len(node.ops) > 1:
                return self.refuse(node, "`in` stands alone; join two comparisons with `and`")
            return self.check_in(operands[0], operands[1], isinstance(node.ops[0], ast.NotIn))
        relations = [RELATIONS.get(type(one)) for one in node.ops]
        if None in relations:
            return self.refuse(node, "this comparison is not part of conditions; there are == != < <= > >= in")
        known = tuple(one for one in relations if one is not None)
        typed = [self.check(one) for one in operands]
        for place, relation in enumerate(known):
            self.judge_pair(operands[place : place + 2], typed[place : place + 2], relation)
        return Typed("bool", Comparison(tuple(_null_as_empty(one) for one in typed), known))

    def judge_pair(self, nodes: Sequence[ast.expr], typed: Sequence[Typed], relation: Relation) -> None:
        """Refuse two operands that cannot be compared so."""
        types = {one.type for one in typed}
        if "broken" in types:
            return
        if relation not in ("==", "!="):
            wrong = next(((node, one) for node, one in zip(nodes, typed, strict=True) if one.type != "number"), None)
            if wrong is not None:
                self.refuse(wrong[0], f"`{relation}` compares numbers; {_describe(wrong[1])}")
            return
        if "texts" in types or "list" in types:
            self.refuse(nodes[0], "sets and lists are not compared; ask with `in`, such as 'a' in tags")
        elif "null" in types:
            self.judge_null(nodes, typed)
        elif len(types) == 2:
            self.refuse(nodes[1], f"{_describe(typed[0])}; {_describe(typed[1])}; compare like with like")
        else:
            self.judge_closed(nodes, typed)

    def judge_null(self, nodes: Sequence[ast.expr], typed: Sequence[Typed]) -> None:
        """`null` is what a text has that nobody stated; nothing else is ever null."""
        for node, one in zip(nodes, typed, strict=True):
            if one.type != "null" and not (one.type == "text" and not (one.fact and one.fact.values)):
                self.refuse(node, f"{_describe(one)} and never null; docs/conditions.md says what counts when missing")

    def judge_closed(self, nodes: Sequence[ast.expr], typed: Sequence[Typed]) -> None:
        """A text that can only have certain values is compared with one of them."""
        for place in (0, 1):
            fact, other = typed[1 - place].fact, typed[place].node
            if fact is not None and isinstance(other, Constant):
                self.judge_value(nodes[place], fact, other.value)

    def judge_value(self, node: ast.expr, fact: Fact, value: Scalar) -> None:
        """Refuse a text that a fact never has."""
        if fact.values and isinstance(value, str) and value not in fact.values:
            self.refuse(node, f"{fact.name} is only ever {describe_kind(fact)}", guess_word(value, fact.values))

    def check_in(self, left_node: ast.expr, right_node: ast.expr, negated: bool) -> Typed:
        left, right = self.check(left_node), self.check(right_node)
        if "broken" in (left.type, right.type):
            return BROKEN
        found: Node
        if right.type == "texts" and right.fact is not None:
            if left.type != "text":
                return self.refuse(left_node, f"{right.fact.name} holds texts; {_describe(left)}")
            found = Membership(left.node, right.fact)
        elif right.type == "list":
            if left.type not in ("bool", "number", "text"):
                return self.refuse(left_node, f"{_describe(left)}; only a single value can be in a list")
            self.judge_items(left, right)
            found = OneOf(left.node, frozenset(one.value for _, one in right.items))
        else:
            hint = "; write contains(text, 'part') to look into a text" if right.type == "text" else ""
            return self.refuse(right_node, f"after `in` stands a list, such as ['a', 'b'], or tags{hint}")
        return Typed("bool", Negation(found) if negated else found)

    def judge_items(self, left: Typed, right: Typed) -> None:
        """Refuse the items of a list that the left side can never equal."""
        for node, item in right.items:
            if _type_of(item.value) != left.type:
                noun = NOUNS[_type_of(item.value)]
                self.refuse(node, f"{_describe(left)}; this is {noun}; compare like with like")
            elif left.fact is not None:
                self.judge_value(node, left.fact, item.value)


def _join_name(node: ast.expr) -> str | None:
    """The dotted name that a node is, or `None`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def _describe(typed: Typed) -> str:
    return f"{typed.fact.name} is {describe_kind(typed.fact)}" if typed.fact else f"this is {NOUNS[typed.type]}"


def _null_as_empty(typed: Typed) -> Node:
    return Constant("") if typed.type == "null" else typed.node


def _type_of(value: Scalar) -> Type:
    return "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _work_out(operator: Operator, left: float, right: float) -> float:
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right


def _complain_of(operator: Operator, left: float, right: float, value: float) -> str | None:
    """Why written numbers may not come to a value, or `None`."""
    if abs(value) > GREATEST:
        return f"numbers go up to {GREATEST}; this comes to more"
    if operator in ("*", "/") and left and right and abs(value) < LEAST_FOLDED:
        return f"this comes to less than {LEAST_FOLDED:.9f}; write a greater number"
    return None
