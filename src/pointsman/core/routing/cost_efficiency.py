"""The model that is worth its money for a task: the cheapest for a simple one, the best value of the top for the rest.

Nothing that may not serve is ever chosen, however cheap it is.
"""

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

import msgspec

from pointsman.core.chat.money import format_usd
from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.expressions.mistake import guess_word
from pointsman.core.routing.ask import InvalidQuestion
from pointsman.core.routing.constraints import Constraints, find_drop, refuse
from pointsman.core.routing.decision import Drop, Refusal
from pointsman.core.routing.estimate_cost import expect_tokens, expected_cost
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.find_target import AUTO
from pointsman.core.routing.strategies.measures import MILLIONTHS, NEUTRAL, quality_of
from pointsman.core.routing.strategies.order import SIMPLE_UP_TO

TaskComplexity = Literal["simple", "moderate", "complex"]

CLASSES: tuple[TaskComplexity, ...] = ("simple", "moderate", "complex")
MODERATE_UP_TO = 6
"""Complexity up to which a task is moderate."""

CHEAPEST_UP_TO = 0.8
"""The quality up to which a simple task takes the cheapest model of all."""

MIDDLE_UP_TO = 0.9
"""The quality up to which a moderate task takes the cheapest model of the middle tiers."""

EMBEDDINGS = "embeddings"
_USUAL = expect_tokens(0, None, None)


class Selection(msgspec.Struct, frozen=True):
    """The model that was chosen, and why, for people."""

    model: Model
    reason: str


class Offer(msgspec.Struct, frozen=True):
    """A model that may serve.

    Attributes:
        model: the model.
        cost_nusd: of a call of usual length.
        quality: from 0 to 1, or `None` when nobody knows.
    """

    model: Model
    cost_nusd: int
    quality: float | None


class _Tiers(msgspec.Struct, frozen=True):
    """The offers by class, the most capable first; `how` tells where the classes come from."""

    groups: tuple[tuple[Offer, ...], ...]
    how: str

    @property
    def middle(self) -> tuple[Offer, ...]:
        """All between the first and the last class; of two the second, of one that one."""
        return sum(self.groups[1:-1] or self.groups[-1:], ())


def select_by_cost_efficiency(
    snapshot: Snapshot, complexity: TaskComplexity | int, quality_threshold: float
) -> Selection | Refusal:
    """Choose among all models of a configuration.

    Args:
        snapshot: the configuration.
        complexity: `simple`, `moderate` or `complex`, or a number from 1 to 10.
        quality_threshold: the quality that is asked for, from 0 to 1.

    Raises:
        InvalidQuestion: complexity or threshold cannot be like that.
    """
    kind = _classify(complexity)
    _check_threshold(quality_threshold)
    offers, dropped, limits = sort_offers(snapshot)
    if not offers:
        return refuse_offers(dropped, limits)
    if kind == "simple" and quality_threshold <= CHEAPEST_UP_TO:
        return _select(_find_cheapest(offers), "the cheapest of all", quality_threshold)
    tiers = _divide(offers, snapshot.routing)
    if kind == "moderate" and quality_threshold <= MIDDLE_UP_TO:
        return _select(_find_cheapest(tiers.middle), f"the cheapest of the middle {tiers.how}", quality_threshold)
    best = max(tiers.groups[0], key=_measure_value)
    return _select(best, f"the best quality for its cost of the top of the {tiers.how}", quality_threshold)


def _classify(complexity: object) -> TaskComplexity:
    if isinstance(complexity, int) and not isinstance(complexity, bool) and 1 <= complexity <= 10:
        return "simple" if complexity <= SIMPLE_UP_TO else "moderate" if complexity <= MODERATE_UP_TO else "complex"
    if isinstance(complexity, str):
        for known in CLASSES:
            if complexity == known:
                return known
    guess = guess_word(complexity, CLASSES) if isinstance(complexity, str) else None
    hint = f"; did you mean {guess}?" if guess else ""
    message = f"it is simple, moderate, complex or a whole number from 1 to 10{hint}"
    raise InvalidQuestion("task_complexity", message)


def _check_threshold(threshold: object) -> None:
    # NaN is not between 0 and 1.
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise InvalidQuestion("quality_threshold", "it is a number from 0 to 1, such as 0.8")


def sort_offers(snapshot: Snapshot) -> tuple[list[Offer], list[Drop], Constraints]:
    """Divide all models into those that may serve at a known price and those that may not."""
    plan, settings = snapshot.routing, snapshot.settings
    strategy = plan.strategies.get(plan.strategy or "")
    limits = Constraints(
        facts=Facts(AUTO),
        label=settings.privacy,
        stays_local=settings.stays_local or ("its label is high" if settings.privacy == "high" else None),
        only=strategy.only if strategy else None,
        local_budget=None,
        tokens=_USUAL,
        caller=None,
    )
    offers: list[Offer] = []
    dropped: list[Drop] = []
    for name, model in snapshot.models.items():
        cost = expected_cost(model, _USUAL)
        drop = find_drop(name, model, limits) or _find_unfit(model)
        if drop is not None or cost is None:
            dropped.append(drop or Drop(name, "price_unknown", "nobody knows what it costs"))
        else:
            offers.append(Offer(model, cost, quality_of(model, plan)))
    return offers, dropped, limits


def _find_unfit(model: Model) -> Drop | None:
    if _only_embeds(model):
        return Drop(model.name, "unsupported", "it makes embeddings and no answers")
    return None


def _only_embeds(model: Model) -> bool:
    """By what it can do; where nobody says that, by its id, for providers call all of these so."""
    if model.capabilities:
        return set(model.capabilities) == {EMBEDDINGS}
    return "embed" in model.deployment.upstream_model.lower()


def refuse_offers(dropped: Sequence[Drop], limits: Constraints) -> Refusal:
    refusal = refuse("this installation", dropped, limits)
    if refusal.code == "privacy_unavailable":
        return refusal
    codes = {drop.code for drop in dropped}
    message = "No model of this configuration may serve; `pointsman check` says what is wrong with it."
    if "price_unknown" in codes:
        message = "No model that may serve has a known price; write price_per_1m_tokens for one under models."
    return Refusal("no_model_available", message, tuple(dropped), limits.label)


def _find_cheapest(offers: Sequence[Offer]) -> Offer:
    """The cheapest; of several the one of the highest quality, then the one that is written first."""
    return min(offers, key=lambda offer: (offer.cost_nusd, -_quality(offer)))


def _measure_value(offer: Offer) -> tuple[bool, float, float]:
    """Quality for the cost; nothing beats what costs nothing, and of that the best."""
    quality = _quality(offer)
    return offer.cost_nusd == 0, quality / offer.cost_nusd if offer.cost_nusd else 0.0, quality


def _quality(offer: Offer) -> float:
    return NEUTRAL if offer.quality is None else offer.quality


def _divide(offers: Sequence[Offer], plan: RoutingPlan) -> _Tiers:
    """The offers by tier; where no model has one, by thirds of their prices, equal prices together."""
    with_tier = [offer for offer in offers if offer.model.name in plan.tier_of]
    if with_tier:

        def tier_of(offer: Offer) -> int:
            return plan.tier_of[offer.model.name]

        with_tier.sort(key=tier_of)
        return _Tiers(tuple(tuple(group) for _, group in groupby(with_tier, tier_of)), "tiers")
    by_cost = sorted(offers, key=lambda offer: offer.cost_nusd)
    third_of_cost: dict[int, int] = {}
    for rank, offer in enumerate(by_cost):
        third_of_cost.setdefault(offer.cost_nusd, rank * 3 // len(by_cost))
    thirds = [tuple(group) for _, group in groupby(by_cost, lambda offer: third_of_cost[offer.cost_nusd])]
    return _Tiers(tuple(reversed(thirds)), "thirds by price, for no model has a tier")


def _select(offer: Offer, why: str, threshold: float) -> Selection:
    reason = f"{why}: ${format_usd(offer.cost_nusd)} for a call of usual length"
    declared = offer.model.quality
    if declared is None:
        reason += "; its quality is neither measured nor declared"
    elif declared < threshold * MILLIONTHS:
        reason += f"; its declared quality, {declared / MILLIONTHS:g}, is below {threshold:g}"
    return Selection(offer.model, reason)
