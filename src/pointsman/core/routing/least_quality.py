"""The quality below which a request takes no model: what is declared counts, else what the tier stands for."""

from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.snapshot import Model
from pointsman.core.routing.decision import Drop
from pointsman.core.routing.facts import CHAT, Facts
from pointsman.core.routing.strategies.measures import MILLIONTHS, quality_of


def find_low_quality(model: Model, facts: Facts, plan: RoutingPlan) -> Drop | None:
    """Why a candidate is too bad for this request; `None` where it is not, or where nobody knows how good it is."""
    if facts.min_quality is None or facts.operation != CHAT:
        return None
    quality = quality_of(model, plan)
    # A tier stands for hundredths; beyond millionths a float says nothing.
    if quality is None or round(quality * MILLIONTHS) >= facts.min_quality:
        return None
    reason = f"its quality is {quality:.3g}, and the request takes none below {facts.min_quality / MILLIONTHS:g}"
    return Drop(model.name, "min_quality", reason)


def say_unknown_quality(model: Model, facts: Facts, plan: RoutingPlan) -> tuple[str, ...]:
    """What should be known of a model that was taken though nobody knows whether it is good enough."""
    if facts.min_quality is None or quality_of(model, plan) is not None:
        return ()
    return (f"nobody says how good {model.name} is, and quality {facts.min_quality / MILLIONTHS:g} is asked for",)
