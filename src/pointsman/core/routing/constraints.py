"""What no rule, override, strategy or fallback ever lifts: why a candidate may not serve this request at all."""

from collections.abc import Sequence

import msgspec

from pointsman.core.chat.money import format_usd
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.privacy.labels import Label, is_cleared
from pointsman.core.routing.decision import Drop, Refusal
from pointsman.core.routing.estimate_cost import ExpectedTokens, estimate_cost
from pointsman.core.routing.facts import CHAT, Facts

PRIVACY_CODES = frozenset(("cloud_forbidden", "clearance"))
"""Codes of drops that keep private data where it may be."""


ESTIMATED = "count_tokens"
"""What every model can be asked for: where its provider does not count, we estimate; it costs nothing."""

_NEUTRAL = frozenset(("model_disabled", "model_unavailable", "other_vectors"))
"""Codes of drops that say nothing of why a request is refused, where there is another."""

_AFTER_A_BUDGET = "wait until its next window begins, or ask the operator."


class Constraints(msgspec.Struct, frozen=True):
    """The hard constraints of one request.

    Attributes:
        facts: of the request.
        label: how private it is, all told.
        stays_local: why all of it must stay local, or `None`.
        only: the one location that the strategy allows, or `None`.
        local_budget: the budget that is used up and leaves local models only, or `None`.
        tokens: how long the call will be.
        caller: whose call it is, or `None`.
        kept_local_by: what says that it must stay local, or `""`.
    """

    facts: Facts
    label: Label
    stays_local: str | None
    only: Location | None
    local_budget: str | None
    tokens: ExpectedTokens
    caller: Agent | None
    kept_local_by: str = ""


def find_drop(name: str, model: Model | None, limits: Constraints) -> Drop | None:
    """Why a candidate may not serve this request, or `None` when it may."""
    if model is None:
        return Drop(name, "model_unavailable", "nobody serves this model")
    if not model.enabled:
        return Drop(name, "model_disabled", "it, or its provider, is switched off")
    deployment = model.deployment
    if deployment.location == "cloud":
        if limits.stays_local:
            reason = f"a cloud model, and requests must stay local: {limits.stays_local}"
            return Drop(name, "cloud_forbidden", reason)
        if limits.local_budget:
            return Drop(name, "budget_spent", f"a cloud model, and {limits.local_budget}")
    for closed in limits.facts.closed:
        if closed.holds(name, deployment.provider, deployment.location):
            return Drop(name, "budget_spent", f'the budget "{closed.budget}" is used up')
    if limits.only is not None and deployment.location != limits.only:
        return Drop(name, "location", f"a {deployment.location} model, and the strategy takes {limits.only} ones only")
    if limits.label != "low" and not is_cleared(limits.label, deployment.clearance):
        reason = f"the request is {limits.label}, and {deployment.provider} is cleared for {deployment.clearance} only"
        return Drop(name, "clearance", reason)
    return _find_misfit(model, limits)


def _find_misfit(model: Model, limits: Constraints) -> Drop | None:
    """Why a model cannot do what the request, the caller or the purse ask for."""
    facts, caller = limits.facts, limits.caller
    operation = facts.operation
    if operation not in model.operations and operation != ESTIMATED:
        return Drop(model.name, "unsupported", f"it, or its provider, cannot be asked for {operation}")
    if facts.needs and model.lacks:
        lacking = [ability for ability in facts.needs if ability in model.lacks]
        if lacking:
            return Drop(model.name, "unsupported", f"the request needs {', '.join(lacking)}, which it does not support")
    if model.context_window is not None and operation == CHAT:
        wanted = facts.tokens + (limits.tokens.most_output if limits.tokens.is_limited else 0)
        if wanted > model.context_window:
            reason = f"some {wanted:,} tokens do not fit in its context of {model.context_window:,}"
            return Drop(model.name, "context_window", reason)
    if caller is not None and caller.strict_capabilities:
        missing = [skill for skill in caller.capabilities_required if skill not in model.capabilities]
        if missing:
            return Drop(model.name, "capability_missing", f"lacks {', '.join(missing)}")
    if facts.max_cost_nusd is not None and operation != ESTIMATED:
        return _find_excess(model, limits, facts.max_cost_nusd)
    return None


def _find_excess(model: Model, limits: Constraints, most_nusd: int) -> Drop | None:
    cost = estimate_cost(model, limits.tokens)
    if cost is None:
        return Drop(model.name, "max_cost", "its price is unknown, and the request says what it may cost at most")
    if cost.high > most_nusd:
        reason = f"may cost ${format_usd(cost.high)}, more than the ${format_usd(most_nusd)} that the request allows"
        return Drop(model.name, "max_cost", reason)
    return None


def refuse_by_budget(budget: str, label: Label) -> Refusal:
    """The refusal where a budget that is used up lets nothing through."""
    return Refusal("budget_exceeded", f'The budget "{budget}" is used up; {_AFTER_A_BUDGET}', (), label)


def refuse(title: str, dropped: Sequence[Drop], limits: Constraints) -> Refusal:
    """The refusal when nothing is left; what the client can change itself is said as its mistake."""
    codes = {drop.code for drop in dropped if drop.code not in _NEUTRAL}
    if codes & PRIVACY_CODES:
        why = limits.stays_local or f"it is labelled {limits.label}"
        message = f"This request must stay local ({why}), and no local model may serve it; ask the operator for one."
        if not limits.stays_local and limits.label == "medium":
            message = "This request is labelled medium, and no model is cleared for that; ask the operator for one."
        return Refusal("privacy_unavailable", message, tuple(dropped), limits.label)
    if codes == {"context_window"}:
        message = "The request is longer than the context of every model it may go to; shorten it."
        return Refusal("context_length_exceeded", message, tuple(dropped), limits.label)
    if codes == {"unsupported"}:
        facts = limits.facts
        message = f"No model that this may go to supports {', '.join(facts.needs)}; leave that out."
        if facts.operation != CHAT or not facts.needs:
            message = f"No model that this may go to can be asked for {facts.operation}; name another model."
        return Refusal("unsupported_by_model", message, tuple(dropped), limits.label)
    if codes == {"max_cost"}:
        message = "Every model that this may go to could cost more than x-pointsman-max-cost allows; raise it."
        return Refusal("max_cost_exceeded", message, tuple(dropped), limits.label)
    if codes == {"min_quality"}:
        message = "Every model that this may go to is below what x-pointsman-min-quality asks for; ask for less."
        return Refusal("min_quality_unmet", message, tuple(dropped), limits.label)
    if codes == {"budget_spent"}:
        why = next(drop.reason for drop in dropped if drop.code == "budget_spent")
        message = f"No model of {title} is within its budgets ({why}); {_AFTER_A_BUDGET}"
        return Refusal("budget_exceeded", message, tuple(dropped), limits.label)
    message = f"No model of {title} may serve this request now; ask the operator, who can have it explained."
    return Refusal("no_model_available", message, tuple(dropped), limits.label)
