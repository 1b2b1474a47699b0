"""What is known of the model that answered: an engine in this process knows it, a gateway does not tell."""

from dataclasses import dataclass

from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.strategies.measures import quality_of
from pointsman.library.engine import AnyEngine, Engine


@dataclass(frozen=True, slots=True)
class ServedModel:
    """A model that answered.

    Attributes:
        provider: its name in the configuration; `""` when unknown.
        prices: what it costs, or `None` when unknown.
        quality: from 0 to 1, as declared or by its tier, or `None` when unknown.
    """

    provider: str = ""
    prices: PriceTable | None = None
    quality: float | None = None


def find_served(engine: AnyEngine, name: str) -> ServedModel:
    """What is known of a model, by our name of it; asks nobody."""
    if not isinstance(engine, Engine):
        return ServedModel()
    snapshot = engine.snapshot
    model = snapshot.models.get(name)
    if model is None:
        return ServedModel()
    quality = quality_of(model, snapshot.routing)
    shown = None if quality is None else round(quality, 6)
    return ServedModel(model.deployment.provider, model.prices, shown)
