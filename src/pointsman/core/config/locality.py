"""What must stay on machines of the operator's own, whatever else is configured; checks and decisions both ask here."""

from pointsman.core.config.read_document import Document
from pointsman.core.config.sections.callers import PrivacyLevel
from pointsman.core.config.sections.routing import Routing, Strategy

BUILT_IN: dict[str, Strategy] = {
    "cost_optimized": Strategy(prefer_local_models=True),
    "performance_optimized": Strategy(prefer_cloud_models=True),
    "privacy_first": Strategy(allow_cloud_models=False, required_model_type="local"),
    "balanced": Strategy(dynamic_routing=True),
}
"""Strategies that need not be written; one of the same name in the document changes what it says and no more."""


def find_strategy(routing: Routing) -> Strategy | None:
    """The strategy that is set, or `None` when none is, or one that does not exist."""
    if routing.strategy is None:
        return None
    written, usual = routing.strategies.get(routing.strategy), BUILT_IN.get(routing.strategy)
    if written is None or usual is None:
        return written or usual
    # `privacy_first: {description: ...}` must not open what the name promises to keep shut.
    return usual.model_copy(update={name: getattr(written, name) for name in written.model_fields_set})


def find_reason_to_stay(own_privacy: PrivacyLevel | None, document: Document) -> str | None:
    """Why no request of a caller may go to a cloud model, or `None` when it may.

    Args:
        own_privacy: what the caller's own policy says; `None` where it says nothing, or where there is no caller.
        document: the effective one.
    """
    routing = document.routing.value
    if own_privacy == "high":
        return "its policy has privacy: high"
    if document.policy.value.privacy == "high" and own_privacy is None:
        return "policy.privacy is high"
    if routing.force_local_models:
        return "routing.force_local_models is true"
    strategy = find_strategy(routing)
    if strategy is not None and (not strategy.allow_cloud_models or strategy.required_model_type == "local"):
        return f'the strategy "{routing.strategy}" allows local models only'
    return None
