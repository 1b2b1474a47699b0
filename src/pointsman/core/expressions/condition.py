"""A condition from its text to true or false: scanned, parsed, checked, compiled; every mistake has its column."""

from collections.abc import Callable
from dataclasses import dataclass, field

from pointsman.core.expressions.check import check_condition
from pointsman.core.expressions.compile import compile_condition
from pointsman.core.expressions.facts import FactTable, Values
from pointsman.core.expressions.mistake import Mistake
from pointsman.core.expressions.parse import parse_condition
from pointsman.core.expressions.tree import Node


class EvaluationError(Exception):
    """A condition could not be asked: a division by 0, or a fact that was not gathered."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition.

    Attributes:
        text: as the user wrote it.
        reads: the names of the facts that have to be gathered before it is asked.
        tree: what it means; two texts with the same tree are the same condition.
        may_fail: whether there could be facts for which `evaluate` raises, such as a budget of 0 to divide by.
        holds: the compiled form, which raises whatever Python raises; ask `evaluate` instead.
    """

    text: str
    reads: frozenset[str]
    tree: Node
    may_fail: bool
    holds: Callable[[Values], bool] = field(compare=False, repr=False)

    def evaluate(self, values: Values) -> bool:
        """Whether it holds for facts that `FactTable.fill` or `FactTable.defaults` completed.

        Raises:
            EvaluationError: it can be neither said to hold nor not to hold.
        """
        try:
            return self.holds(values)
        except ZeroDivisionError as error:
            raise EvaluationError("the condition divides by a fact that is 0; guard it with `and`") from error
        except KeyError as error:
            raise EvaluationError(f"the fact {error.args[0]} was not gathered; fill in its default first") from error
        except (TypeError, ArithmeticError) as error:
            raise EvaluationError(f"the facts do not fit the condition ({type(error).__name__})") from error


def read_condition(text: str, facts: FactTable) -> Condition | tuple[Mistake, ...]:
    """The condition that a text says, or all that is wrong with it; never raises."""
    parsed = parse_condition(text)
    if isinstance(parsed, tuple):
        return parsed
    checked = check_condition(parsed, facts)
    if isinstance(checked, tuple):
        return checked
    return Condition(text, checked.reads, checked.tree, checked.may_fail, compile_condition(checked.tree))
