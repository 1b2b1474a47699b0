"""What must stay on machines of the operator's own, whatever else is configured; checks and decisions both ask here."""

from pointsman.core.config.read_document import Document
from pointsman.core.config.sections.callers import PrivacyLevel
from pointsman.core.config.sections.routing import CloudThreshold, FactorName, Routing, Strategy

BUILT_IN: dict[str, Strategy] = {
    "cost_optimized": Strategy(prefer_local_models=True, fallback_to_cloud_threshold=CloudThreshold()),
    "performance_optimized": Strategy(prefer_cloud_models=True, parallel_requests=True, cache_responses=True),
    "privacy_first": Strategy(allow_cloud_models=False, required_model_type="local"),
    "balanced": Strategy(cloud_for_complex_tasks=True, local_for_routine_tasks=True, dynamic_routing=True),
}
"""Strategies that need not be written; one of the same name in the document changes what it says and no more."""


BUILT_IN_WEIGHTS: dict[str, dict[FactorName, float]] = {
    "cost_optimized": {"cost_efficiency": 0.7, "task_complexity": 0.2, "model_availability": 0.1},
    "performance_optimized": {"performance_needs": 0.5, "task_complexity": 0.4, "model_availability": 0.1},
    "privacy_first": {"privacy_requirements": 0.5, "task_complexity": 0.3, "model_availability": 0.2},
    "balanced": {
        "task_complexity": 0.3,
        "cost_efficiency": 0.25,
        "privacy_requirements": 0.2,
        "performance_needs": 0.15,
        "model_availability": 0.1,
    },
}
"""What they weigh where neither strategy nor `routing.factors` says so; a user's own strategy weighs as balanced."""


def find_strategy(routing: Routing) -> Strategy | None:
    """The strategy that is set, or `None` when none is, or one that does not exist."""
    if routing.strategy is None or not (routing.strategy in routing.strategies or routing.strategy in BUILT_IN):
        return None
    return complete_strategy(routing.strategy, routing)


def complete_strategy(name: str, routing: Routing) -> Strategy:
    """A strategy that exists, with what its name promises below what the document says of it."""
    written, usual = routing.strategies.get(name), BUILT_IN.get(name)
    if written is None:
        return BUILT_IN[name]
    if usual is None:
        return written
    # `privacy_first: {description: ...}` must not open what the name promises to keep shut.
    return usual.model_copy(update={name: getattr(written, name) for name in written.model_fields_set})


def find_reason_to_stay(own_privacy: PrivacyLevel | None, document: Document) -> str | None:
    """Why no request of a caller may go to a cloud model, or `None` when it may.

    Args:
        own_privacy: what the caller's own policy says; `None` where it says nothing, or where there is no caller.
        document: the effective one.
    """
    lasting = find_lasting_reason(own_privacy, document)
    if lasting is not None:
        return lasting
    routing = document.routing.value
    strategy = find_strategy(routing)
    if strategy is not None and (not strategy.allow_cloud_models or strategy.required_model_type == "local"):
        return f'the strategy "{routing.strategy}" allows local models only'
    return None


def find_lasting_reason(own_privacy: PrivacyLevel | None, document: Document) -> str | None:
    """The same as far as it holds whatever strategy is set."""
    if own_privacy == "high":
        return "its policy has privacy: high"
    if document.policy.value.privacy == "high" and own_privacy is None:
        return "policy.privacy is high"
    return "routing.force_local_models is true" if document.routing.value.force_local_models else None
