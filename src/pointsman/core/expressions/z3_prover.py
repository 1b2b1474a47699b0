"""The prover of the extra `prove`: conditions as formulas for z3; the only module that knows it, once asked."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from pointsman.core.expressions.answer import UNKNOWN, Answer, Impossible, Part, Prover, try_example
from pointsman.core.expressions.compile import write_expression
from pointsman.core.expressions.facts import Fact, FactTable, Value
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
    Operator,
    Reading,
    Relation,
    Scalar,
)

DEADLINE_MS = 200
"""Of one question."""

MOST_WORK = 2_000_000
"""z3's own count of steps for one question: unlike time, the same on every machine."""

_ESCAPED = re.compile(r"\\u\{([0-9a-fA-F]+)\}")

ROUNDING = "1/4503599627370496"
"""How far a result in floats may be from the exact one, as a share of it; twice what IEEE 754 says."""

_OPERATORS: dict[Operator, Callable[[Any, Any], Any]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
}
_RELATIONS: dict[Relation, Callable[[Any, Any], Any]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def load_z3(facts: FactTable) -> Prover | None:
    """A prover that uses z3, or `None` where the extra `prove` is not installed."""
    try:
        import z3
    except ImportError:
        return None
    return _Z3Prover(z3, facts)


class _Z3Prover:
    """Asks z3 about one question at a time, each in a context of its own: answers depend on no earlier question."""

    def __init__(self, z3: Any, facts: FactTable) -> None:
        self.z3 = z3
        self.facts = facts

    def ask(self, parts: Sequence[Part]) -> Answer:
        """Facts for which every part is as wanted; that there are none; or that it cannot tell."""
        try:
            return self._solve(parts)
        except self.z3.Z3Exception:
            # Some of its limits, such as that of unfolding texts, are exceptions rather than a verdict.
            return UNKNOWN

    def _solve(self, parts: Sequence[Part]) -> Answer:
        z3 = self.z3
        context = z3.Context()
        writer = _FormulaWriter(z3, context)
        solver = z3.Solver(ctx=context)
        solver.set(timeout=DEADLINE_MS, rlimit=MOST_WORK)
        for place, part in enumerate(parts):
            formula = writer.write(part.tree)
            named = z3.Bool(f"part {place}", context)
            solver.assert_and_track(formula if part.wanted else z3.Not(formula), named)
        solver.add(*writer.bounds)
        verdict = solver.check()
        if verdict == z3.unsat:
            named_parts = (str(name).removeprefix("part ") for name in solver.unsat_core())
            return Impossible(frozenset(int(place) for place in named_parts))
        if verdict != z3.sat:
            return UNKNOWN
        # What z3 knows too little about, such as `lower`, may make its example wrong; then nobody can tell.
        return try_example(writer.read_values(solver.model()), parts, self.facts)


class _FormulaWriter:
    """Writes conditions as z3's formulas; collects the facts that they mention and the bounds of those."""

    def __init__(self, z3: Any, context: Any) -> None:
        self.z3 = z3
        self.context = context
        self.bounds: list[Any] = []
        self._readings: dict[str, tuple[Fact, Any]] = {}
        self._known: dict[str, Any] = {}
        self._members: dict[str, list[Any]] = {}
        self._rounded: dict[str, Any] = {}

    def write(self, node: Node) -> Any:
        """A checked expression as a formula or term."""
        z3 = self.z3
        match node:
            case Constant(value):
                return self._write_scalar(value)
            case Reading(fact):
                return self._write_reading(fact)
            case IsKnown(fact):
                return self._known.setdefault(fact.name, z3.Bool(f"{fact.name} is known", self.context))
            case Negation(below):
                return z3.Not(self.write(below))
            case Minus(below):
                return -self.write(below)
            case AllOf(parts):
                return z3.And(*map(self.write, parts))
            case AnyOf(parts):
                return z3.Or(*map(self.write, parts))
            case Comparison(operands, relations):
                terms = [self.write(one) for one in operands]
                pairs = zip(relations, terms, terms[1:], strict=False)
                return z3.And(*(_RELATIONS[relation](left, right) for relation, left, right in pairs))
            case OneOf(left, values):
                term = self.write(left)
                return z3.Or(*(term == self._write_scalar(value) for value in sorted(values, key=repr)))
            case Membership(left, fact):
                return self._write_membership(self.write(left), fact)
            case Arithmetic():
                return self._write_arithmetic(node)
            case Call(function, arguments):
                return self._write_call(function, arguments)

    def _write_scalar(self, value: Scalar) -> Any:
        z3 = self.z3
        if isinstance(value, bool):
            return z3.BoolVal(value, self.context)
        if isinstance(value, str):
            return z3.StringVal(value, self.context)
        if isinstance(value, int):
            return z3.IntVal(value, self.context)
        return z3.RealVal(str(Fraction(value)), self.context)

    def _write_reading(self, fact: Fact) -> Any:
        if fact.name in self._readings:
            return self._readings[fact.name][1]
        z3 = self.z3
        kinds = {"bool": z3.Bool, "int": z3.Int, "number": z3.Real, "text": z3.String}
        term = kinds[fact.kind](fact.name, self.context)
        self._readings[fact.name] = (fact, term)
        if fact.kind in ("int", "number"):
            self.bounds += [term >= fact.least, term <= fact.most]
        if fact.values:
            self.bounds.append(z3.Or(*(term == self._write_scalar(value) for value in fact.values)))
        return term

    def _write_membership(self, term: Any, fact: Fact) -> Any:
        """Whether a text is in a set, as a function from texts that nothing else is known about."""
        z3 = self.z3
        self._members.setdefault(fact.name, []).append(term)
        is_in = z3.Function(f"in {fact.name}", z3.StringSort(self.context), z3.BoolSort(self.context))
        return is_in(term)

    def _write_arithmetic(self, node: Arithmetic) -> Any:
        """The exact result for whole numbers; for others one that is as far from exact as floats may be."""
        left, right = self.write(node.left), self.write(node.right)
        if node.operator != "/" and left.is_int() and right.is_int():
            return _OPERATORS[node.operator](left, right)
        exact = _OPERATORS[node.operator](self._write_real(node.left, left), self._write_real(node.right, right))
        return self._round(write_expression(node), exact)

    def _write_real(self, node: Node, term: Any) -> Any:
        """A number as floats have it: what was worked out with whole numbers may be too long for one."""
        if not term.is_int():
            return term
        real = self.z3.ToReal(term)
        return real if isinstance(node, Constant | Reading) else self._round(f"float({write_expression(node)})", real)

    def _round(self, text: str, exact: Any) -> Any:
        """A number near an exact one; the same expression is rounded the same way wherever it stands."""
        if text not in self._rounded:
            rounded = self.z3.Real(text, self.context)
            slack = self.z3.If(exact < 0, -exact, exact) * self.z3.RealVal(ROUNDING, self.context)
            self.bounds += [rounded >= exact - slack, rounded <= exact + slack]
            self._rounded[text] = rounded
        return self._rounded[text]

    def _write_call(self, function: FunctionName, arguments: tuple[Node, ...]) -> Any:
        z3 = self.z3
        if function == "len" and isinstance(arguments[0], Reading) and arguments[0].fact.kind == "texts":
            size = z3.Int(f"len {arguments[0].fact.name}", self.context)
            self.bounds.append(size >= 0)
            return size
        terms = [self.write(one) for one in arguments]
        match function:
            case "len":
                return z3.Length(terms[0])
            case "lower":
                texts = z3.StringSort(self.context)
                return z3.Function("lower", texts, texts)(terms[0])
            case "starts_with":
                return z3.PrefixOf(terms[1], terms[0])
            case "ends_with":
                return z3.SuffixOf(terms[1], terms[0])
            case "contains":
                return z3.Contains(terms[0], terms[1])
            case "min" | "max":
                best = terms[0]
                for term in terms[1:]:
                    best = z3.If(term < best if function == "min" else term > best, term, best)
                return best

    def read_values(self, model: Any) -> dict[str, Value | None]:
        """The facts of an example that z3 found."""
        z3 = self.z3
        values: dict[str, Value | None] = {
            name: _read_value(fact, model.eval(term, True)) for name, (fact, term) in self._readings.items()
        }
        for name, known in self._known.items():
            if not z3.is_true(model.eval(known, True)):
                values[name] = None
            elif values.get(name) is None:
                values[name] = 1
        for name, terms in self._members.items():
            is_in = z3.Function(f"in {name}", z3.StringSort(self.context), z3.BoolSort(self.context))
            held = (term for term in terms if z3.is_true(model.eval(is_in(term), True)))
            values[name] = frozenset(_read_text(model.eval(term, True)) for term in held)
        return values


def _read_value(fact: Fact, value: Any) -> Value:
    match fact.kind:
        case "bool":
            return str(value) == "True"
        case "int":
            return int(value.as_long())
        case "number":
            number = value.as_fraction() if hasattr(value, "as_fraction") else value.approx(20).as_fraction()
            return int(number) if number.denominator == 1 else float(number)
        case _:
            return _read_text(value)


def _read_text(value: Any) -> str:
    """z3 writes letters beyond ASCII as their numbers."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value.as_string())
