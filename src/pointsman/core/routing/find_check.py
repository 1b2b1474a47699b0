"""Finds the second model that a local answer is shown to; it is one that may see the request, or none."""

from collections.abc import Sequence

from pointsman.core.routing.candidates import Candidate
from pointsman.core.routing.case import Case
from pointsman.core.routing.decision import Check
from pointsman.core.routing.rules import ask_for_check


def find_check(case: Case, ordered: Sequence[Candidate]) -> Check | None:
    """The cloud model that a local answer is shown to, if a rule or the strategy asks for that.

    Args:
        case: the decision on its way.
        ordered: what may serve, in the order it would be tried.
    """
    first = ordered[0].model
    plan = case.snapshot.routing
    if plan.rules:
        ask_for_check(case.asker, plan.rules, first)
    rule = case.asker.verdict.checked_by
    only_below = None
    if rule is None:
        if case.strategy is None or case.strategy.least_confidence is None or first.deployment.location != "local":
            return None
        only_below = case.strategy.least_confidence
    name = rule.name if rule else case.strategy.name if case.strategy else ""
    if first.deployment.location == "cloud":
        return Check(name, None, "the answer comes from a cloud model already")
    if case.limits.stays_local:
        return Check(name, None, f"nothing of this request may leave: {case.limits.stays_local}", only_below)
    cloud = next((each.model for each in ordered if each.model.deployment.location == "cloud"), None)
    if cloud is None:
        return Check(name, None, "none of the candidates is a cloud model that may be asked", only_below)
    return Check(name, cloud, "", only_below)
