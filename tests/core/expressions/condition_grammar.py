"""Random conditions as texts, the facts that they read, and a slow interpreter of the same texts to compare with."""

import ast
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from hypothesis import strategies as st

from pointsman.core.expressions.condition import Condition, EvaluationError, read_condition
from pointsman.core.expressions.facts import Value, Values, declare_facts

TABLE = declare_facts({"component": "text", "files": "number"})

DOMAIN: dict[str, tuple[Value | None, ...]] = {
    "task.complexity": tuple(range(1, 11)),
    "task.critical": (False, True),
    "task.privacy_level": ("low", "medium", "high"),
    "model.type": ("local", "cloud"),
    "agent": ("", "a", "ab", "c"),
    "tags": (frozenset(), frozenset("a"), frozenset("c"), frozenset(("a", "c"))),
    "task.files": (-1, 0, 0.5, 1, 2, 3),
    "budget": (None, 0, 1, 2.5, 4),
}
"""A few values for each fact that the random conditions read."""

NUMBERS = st.sampled_from(["0", "1", "2", "3", "0.5", "2.5", "5", "8", "10", "11"])
DIVISORS = st.sampled_from(["2", "4", "0.5", "task.files", "budget"])
TEXTS = st.sampled_from(["'a'", "'ab'", '"c"', "''", "'A'"])
LEVELS = st.sampled_from(["'low'", "'medium'", "'high'"])
RELATIONS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
SAMENESS = st.sampled_from(["==", "!="])
INSIDE = st.sampled_from(["in", "not in"])


def join(template: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of a form, each `{}` a random part."""
    return st.tuples(*parts).map(lambda chosen: template.format(*chosen))


def list_of(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(items, min_size=1, max_size=3).map(lambda chosen: f"[{', '.join(chosen)}]")


NUMBER_FACTS = st.sampled_from(["task.complexity", "task.files", "budget"])
SIMPLE = st.one_of(
    st.sampled_from(["task.critical", "true", "false", "1 < 2"]),
    join("{} {} {}", st.sampled_from(["task.complexity", "task.files"]), RELATIONS, NUMBERS),
    join("{} {} {}", NUMBERS, RELATIONS, NUMBER_FACTS),
    join("{} {} task.complexity {} {}", NUMBERS, RELATIONS, RELATIONS, NUMBERS),
    join("task.complexity {} {}", INSIDE, list_of(NUMBERS)),
    join("task.privacy_level {} {}", SAMENESS, LEVELS),
    join("task.privacy_level {} {}", INSIDE, list_of(LEVELS)),
    join("model.type {} {}", SAMENESS, st.sampled_from(["'local'", "'cloud'"])),
    join("agent {} {}", SAMENESS, TEXTS),
    join("agent {} {}", INSIDE, list_of(TEXTS)),
    join("{} {} tags", TEXTS, INSIDE),
    join("task.critical {} {}", SAMENESS, st.sampled_from(["true", "false"])),
)
"""What the built-in prover takes apart."""

NUMBER = st.recursive(
    NUMBER_FACTS | NUMBERS | st.just("len(tags)") | st.just("len(agent)"),
    lambda below: st.one_of(
        join("({} {} {})", below, st.sampled_from("+-*"), below),
        join("({} / {})", below, DIVISORS),
        join("(-{})", below),
        join("{}({}, {})", st.sampled_from(["min", "max"]), below, below),
    ),
    max_leaves=4,
)
TEXT = TEXTS | st.just("agent") | join("lower({})", TEXTS | st.just("agent"))
HARD = st.one_of(
    join("{} {} {}", NUMBER, RELATIONS, NUMBER),
    join("{} {} {} {} {}", NUMBER, RELATIONS, NUMBER, RELATIONS, NUMBER),
    join("{} {} {}", NUMBER, INSIDE, list_of(NUMBERS)),
    join("{} {} {}", TEXT, SAMENESS, TEXT),
    join("{}({}, {})", st.sampled_from(["starts_with", "ends_with", "contains"]), TEXT, TEXT),
    join("{} {} tags", TEXT, INSIDE),
    join("(task.critical {} ({}))", SAMENESS, SIMPLE),
)


def combine(atoms: st.SearchStrategy[str], most: int) -> st.SearchStrategy[str]:
    """Conditions of up to `most` atoms."""
    return st.recursive(
        atoms,
        lambda below: st.one_of(
            join("({} and {})", below, below),
            join("({} or {})", below, below),
            join("(not {})", below),
            join("({}) == true", below),
        ),
        max_leaves=most,
    )


SIMPLE_CONDITIONS = combine(SIMPLE, 4)
CONDITIONS = combine(SIMPLE | HARD, 4)


def read(text: str) -> Condition:
    condition = read_condition(text, TABLE)
    assert isinstance(condition, Condition), (text, condition)
    return condition


def list_values(*conditions: Condition) -> Iterator[Values]:
    """Every combination of the values of the facts that some conditions read."""
    names = sorted(frozenset().union(*(condition.reads for condition in conditions)))
    for chosen in product(*(DOMAIN[name] for name in names)):
        yield {**TABLE.defaults, **dict(zip(names, chosen, strict=True))}


def evaluate(condition: Condition, values: Values) -> bool | None:
    """What a condition says, or `None` when it cannot say."""
    try:
        return condition.evaluate(values)
    except EvaluationError:
        return None


def interpret(text: str, values: Values) -> bool | None:
    """The slow way to the same answer: straight from the text, one node at a time."""
    tree = ast.parse(text.strip(), mode="eval").body
    named = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Name | ast.Attribute)}
    if any(name in values and values[name] is None for name in named):
        return False
    try:
        answer = _interpret(tree, values)
    except (ZeroDivisionError, OverflowError):
        return None
    assert isinstance(answer, bool)
    return answer


def _interpret(node: ast.expr, values: Values) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name() | ast.Attribute():
            name = ast.unparse(node)
            return {"true": True, "false": False}[name] if name in ("true", "false") else values[name]
        case ast.BoolOp(ast.And(), parts):
            return next((False for part in parts if not _interpret(part, values)), True)
        case ast.BoolOp(_, parts):
            return next((True for part in parts if _interpret(part, values)), False)
        case ast.UnaryOp(ast.Not(), below):
            return not _interpret(below, values)
        case ast.UnaryOp(_, below):
            return -_interpret(below, values)
        case ast.List(items):
            return [_interpret(item, values) for item in items]
        case ast.BinOp(left, operator, right):
            return _calculate(type(operator).__name__, _interpret(left, values), _interpret(right, values))
        case ast.Call(ast.Name(name), arguments):
            return _call(name, [_interpret(argument, values) for argument in arguments])
        case ast.Compare(left, operators, rights):
            before = _interpret(left, values)
            for operator, right in zip(operators, rights, strict=True):
                after = _interpret(right, values)
                if not _relate(type(operator).__name__, before, after):
                    return False
                before = after
            return True
    raise AssertionError(ast.dump(node))


def _calculate(operator: str, left: float, right: float) -> float:
    match operator:
        case "Add":
            return left + right
        case "Sub":
            return left - right
        case "Mult":
            return left * right
    return left / right


def _call(name: str, arguments: list[Any]) -> object:
    match name:
        case "lower":
            return arguments[0].lower()
        case "starts_with":
            return arguments[0][: len(arguments[1])] == arguments[1]
        case "ends_with":
            return arguments[0][max(0, len(arguments[0]) - len(arguments[1])) :] == arguments[1]
        case "contains":
            return arguments[1] in arguments[0]
        case "len":
            return sum(1 for _ in arguments[0])
    return sorted(arguments)[0 if name == "min" else -1]


def _relate(operator: str, left: Any, right: Any) -> bool:
    answers: Mapping[str, Any] = {
        "Eq": lambda: left == right,
        "NotEq": lambda: left != right,
        "Lt": lambda: left < right,
        "LtE": lambda: left <= right,
        "Gt": lambda: left > right,
        "GtE": lambda: left >= right,
        "In": lambda: any(left == item for item in right),
        "NotIn": lambda: all(left != item for item in right),
    }
    return bool(answers[operator]())
