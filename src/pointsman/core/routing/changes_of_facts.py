"""Which facts could matter to a decision, and which of their values are worth a trial: what conditions compare with."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pointsman.core.config.routing_plan import Rule
from pointsman.core.expressions.facts import Fact, Value
from pointsman.core.expressions.tree import (
    Call,
    Comparison,
    Constant,
    Membership,
    Node,
    OneOf,
    Scalar,
    list_facts,
    walk,
)
from pointsman.core.routing.find_target import AUTO
from pointsman.core.routing.hypothesis import PREMIUM, PRIMARY, Hypothesis, list_concerned

MOST_WORTH = 64
"""Values of one fact, or tags, that are worth a trial."""

FEW_NUMBERS = 32
"""A range that is tried number by number."""

CENTS = 2
"""Digits after the point that a number is changed by, where no condition has more."""

MOST_DIGITS = 9

_ALWAYS = (
    "task.complexity",
    "task.privacy_level",
    "request.tokens_estimated",
    "request.has_tools",
    "request.has_images",
    "budget_mode",
)
"""Facts that more than conditions go by."""

_FOLLOW_FROM_THE_CANDIDATE = frozenset(("model.name", "model.provider", "model.type", "model.tier"))


def list_read(hypothesis: Hypothesis) -> frozenset[str]:
    """The facts that conditions which count for this caller read."""
    plan, caller = hypothesis.snapshot.routing, hypothesis.caller
    return plan.reads | plan.agent_reads.get(caller.name, frozenset()) if caller else plan.reads


def list_relevant(hypothesis: Hypothesis) -> list[Fact]:
    """The facts that could change what is decided, in the order of the table."""
    snapshot, facts = hypothesis.snapshot, hypothesis.facts
    table = snapshot.routing.facts.facts
    names = set(list_read(hypothesis))
    asked = snapshot.aliases.get(facts.target, facts.target)
    if asked == AUTO and facts.agent is None:
        names.add("task.type")
    if ":" not in asked:
        # There another agent is another caller, which is more than another fact.
        names.discard("agent")
    names -= {"data.contains_pii", asked.partition(":")[0], *_FOLLOW_FROM_THE_CANDIDATE}
    if hypothesis.is_searched:
        names.add("data.contains_pii")
    names.update(_ALWAYS)
    # What rests or has used up its limits comes last, whether or not a rule reads that.
    names.update(name for name in (PRIMARY, PREMIUM) if list_concerned(hypothesis, name))
    names.add("model.rate_limit_approaching")
    # What is stated may matter though no rule reads it, such as a find that raised the label.
    names.update(name for name in facts.given or {} if name in table and table[name].kind == "bool")
    if facts.budget_left_nusd is not None:
        names.update({"daily_cost", "budget"} & (facts.given or {}).keys())
    if hypothesis.first_model is None:
        names.discard("model.rate_limit_approaching")
    return [fact for name, fact in table.items() if name in names]


def collect_constants(hypothesis: Hypothesis) -> Mapping[str, frozenset[Scalar]]:
    """What conditions that count for this caller compare each fact with."""
    plan, caller = hypothesis.snapshot.routing, hypothesis.caller
    own: Iterable[Rule] = plan.agent_rules.get(caller.name, ()) if caller else ()
    found: dict[str, set[Scalar]] = defaultdict(set)
    for rule in (*own, *plan.rules):
        for node in walk(rule.condition.tree):
            if isinstance(node, Comparison | OneOf | Membership | Call):
                for name in list_facts(node):
                    found[name].update(_list_constants(node))
    return {name: frozenset(constants) for name, constants in found.items()}


def _list_constants(node: Node) -> Iterator[Scalar]:
    for below in walk(node):
        if isinstance(below, Constant):
            yield below.value
        elif isinstance(below, OneOf):
            yield from below.values


def list_texts(hypothesis: Hypothesis, fact: Fact, constants: Iterable[Scalar]) -> list[str]:
    """Texts that a fact could have instead."""
    if fact.values:
        return list(fact.values)
    texts = {text for text in constants if isinstance(text, str)}
    if fact.name == "task.type":
        texts |= hypothesis.snapshot.tasks.keys() if hypothesis.facts.target == AUTO else set()
    return [*sorted(texts)[:MOST_WORTH], ""]


def list_sets(current: frozenset[str], constants: Iterable[Scalar]) -> list[frozenset[str]]:
    """The current tags with one more, or one less."""
    named = sorted(text for text in constants if isinstance(text, str) and text)
    return [current ^ {text} for text in named[:MOST_WORTH]]


def _digits_of(number: float) -> int:
    return next((digits for digits in range(MOST_DIGITS) if round(number, digits) == number), MOST_DIGITS)


@dataclass(frozen=True, slots=True)
class Scale:
    """How one number is changed.

    Attributes:
        fact: the number.
        digits: after the point.
        current: in units of the last digit.
    """

    fact: Fact
    digits: int
    current: int

    @property
    def lowest(self) -> int:
        """In units."""
        return in_units(self.fact.least, self.digits)

    @property
    def highest(self) -> int:
        """In units."""
        return in_units(self.fact.most, self.digits)


def build_scale(fact: Fact, current: Value | None, constants: Iterable[Scalar]) -> Scale:
    """How finely a number is changed: in whole ones, in cents, or as finely as conditions are."""
    written = [constant for constant in constants if isinstance(constant, float)]
    digits = 0 if fact.kind == "int" else max([CENTS, *(_digits_of(constant) for constant in written)])
    return Scale(fact, digits, in_units(current if isinstance(current, int | float) else 0, digits))


def list_numbers(hypothesis: Hypothesis, scale: Scale, constants: Iterable[Scalar]) -> list[int]:
    """Numbers worth a trial, in units, the nearest to the current one first."""
    lowest, highest, current = scale.lowest, scale.highest, scale.current
    if highest - lowest <= FEW_NUMBERS:
        worth = set(range(lowest, highest + 1))
    else:
        written = {in_units(number, scale.digits) for number in constants if isinstance(number, int | float)}
        near = sorted(written, key=lambda one: (abs(one - current), one))[:MOST_WORTH]
        marks = {0, 10**scale.digits, *near}
        if scale.fact.name == "request.tokens_estimated":
            marks |= _list_windows(hypothesis)
        reach = 4 * max(abs(mark) for mark in (*marks, current, *_list_other_numbers(hypothesis, scale)))
        steps = [2**power for power in range(reach.bit_length() + 1)]
        worth = {one for mark in marks for one in (mark - 1, mark, mark + 1)}
        worth |= {current + step for step in steps} | {current - step for step in steps}
    worth.discard(current)
    return sorted((one for one in worth if lowest <= one <= highest), key=lambda one: (abs(one - current), one))


def _list_windows(hypothesis: Hypothesis) -> set[int]:
    """How long a prompt may be for each model that limits it."""
    answer = hypothesis.facts.most_output_tokens or 0
    windows = {model.context_window - answer for model in hypothesis.snapshot.models.values() if model.context_window}
    return set(sorted(window for window in windows if window > 0)[-MOST_WORTH:])


def _list_other_numbers(hypothesis: Hypothesis, scale: Scale) -> set[int]:
    """What a condition may compare this number with beside constants: others of its kind, such as cost and budget."""
    given = hypothesis.facts.given or {}
    table = hypothesis.snapshot.routing.facts.facts
    return {
        in_units(value, scale.digits)
        for name, value in given.items()
        if isinstance(value, int | float) and name in table and table[name].kind == scale.fact.kind
    }


def in_units(number: int | float, digits: int) -> int:
    """A number in units of its last digit."""
    units_in_one: int = 10**digits
    return round(number * units_in_one)


def from_units(number: int, digits: int) -> int | float:
    """The number back again."""
    return number / 10**digits if digits else number
