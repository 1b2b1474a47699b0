"""Orders candidates as a strategy says; candidates that come out the same keep the order they came in."""

from collections.abc import Sequence
from operator import attrgetter

from pointsman.core.config.routing_plan import Factor, StrategyPlan
from pointsman.core.config.sections.values import Location
from pointsman.core.routing.candidates import Candidate
from pointsman.core.routing.estimate_cost import ExpectedTokens, expected_cost
from pointsman.core.routing.strategies.measures import FACTORS, MEASURES, Field

SIMPLE_UP_TO = 3
"""Complexity up to which a task is simple."""

UNITS = 1_000_000_000
"""Of a whole score: parts are counted in whole units, so that they add up alike in whatever order."""


def order_by_score(strategy: StrategyPlan, candidates: Sequence[Candidate], field: Field) -> list[Candidate]:
    """The candidates by what the strategy weighs, each with its score.

    Args:
        strategy: gives the factors, and the location that comes first.
        candidates: in their own order.
        field: the same candidates, measured.
    """
    _weigh(strategy, candidates, field)
    ordered = list(candidates)
    if strategy.weighs:
        ordered.sort(key=attrgetter("total"), reverse=True)  # what comes out the same keeps its order even so
    return ordered


def put_location_first(strategy: StrategyPlan, ordered: list[Candidate], complexity: int) -> None:
    """Put the location that the strategy prefers first, whatever skills and scores say."""
    location = find_preferred_location(strategy, complexity)
    if location is not None:
        ordered.sort(key=lambda candidate: candidate.model.deployment.location != location)


def order_by_cost(candidates: Sequence[Candidate], tokens: ExpectedTokens) -> list[Candidate]:
    """The cheapest first; a model whose price is unknown comes last."""

    def cost_of(candidate: Candidate) -> tuple[bool, int]:
        cost = expected_cost(candidate.model, tokens)
        return cost is None, cost or 0

    return sorted(candidates, key=cost_of)


def find_preferred_location(strategy: StrategyPlan, complexity: int) -> Location | None:
    """Where the strategy looks first for a task of this complexity; `None` where it does not mind."""
    if strategy.cloud_for_complex and complexity >= strategy.complex_from:
        return "cloud"
    if strategy.local_for_routine and complexity <= strategy.routine_up_to:
        return "local"
    if strategy.cloud_from is not None:
        return "cloud" if complexity >= strategy.cloud_from else strategy.first or "local"
    return strategy.first


def show_score(candidate: Candidate, strategy: StrategyPlan | None) -> tuple[tuple[str, float], ...]:
    """The weighted parts of a candidate's score by factor, and last their `total`; nothing where it was not weighed."""
    if strategy is None or not candidate.parts:
        return ()
    shown = [(factor.name, part / UNITS) for factor, part in zip(strategy.factors, candidate.parts, strict=True)]
    return (*shown, ("total", candidate.total / UNITS))


def _weigh(strategy: StrategyPlan, candidates: Sequence[Candidate], field: Field) -> None:
    """Put down each candidate's score."""
    columns = [_weigh_factor(factor, field) for factor in strategy.factors]
    for candidate, *parts in zip(candidates, *columns, strict=True):
        candidate.parts = parts
        candidate.total = sum(parts)


def _weigh_factor(factor: Factor, field: Field) -> list[int]:
    """A factor's part of each candidate's score; the mean of its measures where it has several."""
    scorers = [MEASURES[name] for name in factor.measures] if factor.measures else FACTORS[factor.name]
    weight = factor.weight * UNITS / len(scorers)
    if len(scorers) == 1:
        return [int(weight * score + 0.5) for score in scorers[0](field)]
    return [int(weight * sum(scores) + 0.5) for scores in zip(*[scorer(field) for scorer in scorers], strict=True)]
