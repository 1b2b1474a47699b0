"""Conditions are read and typed when the document is: a rule with a misspelt fact would never match, in silence."""

from pointsman.core.config.checks.needs import needs_any
from pointsman.core.config.checks.rules import ReadRule, read_attributes, read_rules
from pointsman.core.config.checks.searches import check_searches
from pointsman.core.config.checks.subject import Subject

_BUDGET, _LIMIT_REACHED = "budget", "cost_limit_reached"


def check_conditions(subject: Subject) -> None:
    """Note what is wrong with conditions, and rules that wait for a budget or a search that there is not."""
    attributes = read_attributes(subject.document, subject.findings)
    rules = read_rules(subject.document, attributes, subject.findings)
    for rule in rules:
        reads = rule.condition.reads
        if reads & {_BUDGET, _LIMIT_REACHED} and needs_any(rule.condition.tree, (_LIMIT_REACHED,), (_BUDGET,)):
            _check_budget(rule, subject)
    check_searches(rules, subject)


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
