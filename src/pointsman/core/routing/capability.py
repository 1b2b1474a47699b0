"""What class of work a model is good for: by its skills and its quality, and where nobody says either, by its price."""

from enum import StrEnum

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.snapshot import Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.strategies.measures import quality_of


class ModelCapability(StrEnum):
    """Classes of work."""

    SIMPLE = "simple"
    MODERATE = "moderate"
    COMPLEX = "complex"
    CODING = "coding"
    RESEARCH = "research"


SIMPLE, MODERATE, COMPLEX, CODING, RESEARCH = ModelCapability

OF_SKILLS: dict[str, tuple[ModelCapability, ...]] = {
    **{each.value: (each,) for each in ModelCapability},
    "code_analysis": (CODING,),
    "code_completion": (CODING,),
    "code_generation": (CODING,),
    "code_review": (CODING,),
    "test_generation": (CODING,),
    "general_reasoning": (MODERATE,),
    "analytical_tasks": (MODERATE,),
    "architecture_design": (COMPLEX,),
    "complex_reasoning": (COMPLEX,),
    "long_context": (RESEARCH,),
    "research_tasks": (RESEARCH,),
    "factual_verification": (RESEARCH,),
}
"""Skills, as `capabilities` of a model has them, that say what class of work they are for."""

RANKS = (SIMPLE, MODERATE, COMPLEX)
"""Whatever does the harder work does the easier, too."""

GOOD, BEST = 0.75, 0.9
"""Qualities from which a model is taken for moderate, and for complex work and research, too."""

DEARER_USD, DEAREST_USD = 1, 6
"""Dollars of a million tokens in and a million out together that stand for the same where nobody says how good."""


def list_capabilities(model: Model, plan: RoutingPlan) -> frozenset[ModelCapability]:
    """What a model of a configuration is good for.

    Skills count as they are written. How hard the work may be follows from the quality, as declared or by tier, else
    from the skills, else from the price; a model of which nothing is known is taken for simple work.
    """
    skilled = frozenset(each for skill in model.capabilities for each in OF_SKILLS.get(skill, ()))
    quality = quality_of(model, plan)
    if quality is not None:
        return skilled | _by_rank((quality >= GOOD) + (quality >= BEST))
    for rank in (2, 1, 0):
        if RANKS[rank] in skilled:
            return skilled | _by_rank(rank)
    return skilled | rank_by_price(model.prices)


def rank_by_price(prices: PriceTable | None) -> frozenset[ModelCapability]:
    """What a model is taken for of which nothing but its price is known, or not even that."""
    both_nusd = prices.input_nusd + prices.output_nusd if prices else 0
    return _by_rank((both_nusd >= DEARER_USD * NUSD_PER_USD) + (both_nusd >= DEAREST_USD * NUSD_PER_USD))


def _by_rank(rank: int) -> frozenset[ModelCapability]:
    return (frozenset({SIMPLE}), frozenset({SIMPLE, MODERATE}), frozenset({SIMPLE, MODERATE, COMPLEX, RESEARCH}))[rank]
