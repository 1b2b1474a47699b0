"""Conditions are read and typed when the document is: a rule with a misspelt fact would never match, in silence."""

from pointsman.core.config.checks.rules import ReadRule, read_attributes, read_rules
from pointsman.core.config.checks.subject import Subject
from pointsman.core.expressions.tree import AllOf, AnyOf, Comparison, Constant, IsKnown, Node, Reading

_BUDGET, _LIMIT_REACHED = "budget", "cost_limit_reached"


def check_conditions(subject: Subject) -> None:
    """Note what is wrong with conditions, and rules that wait for a budget that does not exist."""
    attributes = read_attributes(subject.document, subject.findings)
    for rule in read_rules(subject.document, attributes, subject.findings):
        if rule.condition.reads & {_BUDGET, _LIMIT_REACHED} and _needs_budget(rule.condition.tree):
            _check_budget(rule, subject)


def _check_budget(rule: ReadRule, subject: Subject) -> None:
    strategies = subject.document.routing.value.strategies.values()
    if any(strategy.cloud_budget_per_day is not None for strategy in strategies):
        return
    for budget in subject.document.budgets:
        kind, _, name = budget.value.scope.partition(":")
        if kind != "agent" or rule.agent in (None, name):
            return
    whom = f"agent {rule.agent}" if rule.agent else "anybody"
    message = (
        f"no budget of this document is for {whom}, so this rule can match only for a key with a budget of its own;"
        " add one under budgets"
    )
    subject.findings.add(rule.place, "unreachable_rule", message, severity="warning")


def _needs_budget(node: Node) -> bool:
    """Whether a condition cannot hold where no budget applies."""
    match node:
        case IsKnown(fact):
            return fact.name == _BUDGET
        case Reading(fact):
            return fact.name == _LIMIT_REACHED
        case Comparison((Reading(fact), Constant(True)) | (Constant(True), Reading(fact)), ("==",)):
            return fact.name == _LIMIT_REACHED
        case AllOf(parts):
            return any(_needs_budget(part) for part in parts)
        case AnyOf(parts):
            return all(_needs_budget(part) for part in parts)
        case _:
            return False
