"""What candidates are compared by: each measured quantity as a score from 0 to 1, the best candidate's being 1.

A quantity that nobody knows of a candidate scores `NEUTRAL`: neither praise nor blame is invented.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.sections.routing import FactorName, Measure
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.estimate_cost import ExpectedTokens, expected_cost
from pointsman.core.routing.facts import LiveTarget

NEUTRAL = 0.5

BESIDE_FREE = 0.5
"""What the cheapest of the models that cost something scores where another one is free."""
MILLIONTHS = 1_000_000

TOO_WEAK = 2.0
"""What a step too weak for a task costs, where a step stronger than needed costs `TOO_STRONG`."""
TOO_STRONG = 0.5


class Field(msgspec.Struct, frozen=True):
    """The candidates that are compared, and what they are compared for.

    Attributes:
        models: the candidates, in their order.
        live: how their deployments are doing, in the same order.
        plan: gives the tiers.
        caller: whose request it is, or `None`.
        tokens: how long the call will be.
        complexity: of the task, 1 to 10.
        label: how private the request is.
        timeout_ms: what the caller is willing to wait, or `None`.
        budget_left_nusd: what the narrowest budget still has, or `None`.
    """

    models: Sequence[Model]
    live: Sequence[LiveTarget]
    plan: RoutingPlan
    caller: Agent | None
    tokens: ExpectedTokens
    complexity: int
    label: Label
    timeout_ms: int | None
    budget_left_nusd: int | None


def quality_of(model: Model, plan: RoutingPlan) -> float | None:
    """From 0 to 1: as declared, else what its tier stands for; `None` where neither is known."""
    if model.quality is not None:
        return model.quality / MILLIONTHS
    tier = plan.tier_of.get(model.name)
    return None if tier is None else max(1.05 - 0.1 * tier, 0.05)


def expected_ms(model: Model, live: LiveTarget, tokens: ExpectedTokens) -> float | None:
    """How long a call will take, from what was seen, else as declared; `None` where neither is known."""
    speed = model.tokens_per_second if live.tokens_per_second is None else live.tokens_per_second
    first_ms = model.first_token_ms if live.first_token_ms is None else live.first_token_ms
    if speed is None:
        return first_ms
    return (first_ms or 0.0) + (1_000 * tokens.output / speed if speed else 0.0)


def _fit_complexity(field: Field) -> list[float]:
    """How well each quality fits: one that is too low costs more than one that is too high."""
    wanted = field.complexity / 10
    scores: list[float] = []
    for model in field.models:
        quality = quality_of(model, field.plan)
        if quality is None:
            scores.append(NEUTRAL)
        elif quality >= wanted:
            scores.append(1 - (quality - wanted) * TOO_STRONG)
        else:
            scores.append(max(0.0, 1 - (wanted - quality) * TOO_WEAK))
    return scores


def _compare_cost(field: Field) -> list[float]:
    return _share_cost([expected_cost(model, field.tokens) for model in field.models])


def _compare_price(field: Field) -> list[float]:
    """Per token rather than per request: whatever the lengths of prompt and answer."""
    tables = [model.prices for model in field.models]
    prices = [None if table is None else table.input_nusd + table.output_nusd for table in tables]
    return _share_cost(prices)


def _leave_budget(field: Field) -> list[float]:
    """What is left of the budget after the call, as a share of what is left before."""
    left = field.budget_left_nusd
    scores: list[float] = []
    for model in field.models:
        cost = expected_cost(model, field.tokens)
        if cost is None:
            scores.append(0.0)
        elif left is None or cost == 0:
            scores.append(1.0)
        else:
            scores.append(max(0.0, 1 - cost / left) if left > 0 else 0.0)
    return scores


_KEPT_SAFE: dict[Label, float] = {"low": 0.5, "medium": 0.9, "high": 1.0}
"""How much it counts, by a request's label, that a model is not the operator's own."""


def _keep_private(field: Field) -> list[float]:
    kept_safe = _KEPT_SAFE[field.label]
    deployments = [model.deployment for model in field.models]
    return [
        1.0 if each.location == "local" else 1.0 - kept_safe * (0.5 if each.clearance == "medium" else 1.0)
        for each in deployments
    ]


def _meet_deadline(field: Field) -> list[float]:
    times = [expected_ms(model, live, field.tokens) for model, live in zip(field.models, field.live, strict=True)]
    if field.timeout_ms is None:
        return _share_least(times, NEUTRAL)
    return [NEUTRAL if time is None else min(1.0, field.timeout_ms / time) if time else 1.0 for time in times]


def _be_available(field: Field) -> list[float]:
    return [
        0.0 if live.cooling_ms or live.used >= 1 else live.health * (1 - live.used) / (1 + live.in_flight / 100)
        for live in field.live
    ]


def _compare_first_token(field: Field) -> list[float]:
    return _share_least(
        [
            model.first_token_ms if live.first_token_ms is None else live.first_token_ms
            for model, live in zip(field.models, field.live, strict=True)
        ],
        NEUTRAL,
    )


def _compare_speed(field: Field) -> list[float]:
    return _share_most(
        [
            model.tokens_per_second if live.tokens_per_second is None else live.tokens_per_second
            for model, live in zip(field.models, field.live, strict=True)
        ]
    )


def _compare_quality(field: Field) -> list[float]:
    qualities = [quality_of(model, field.plan) for model in field.models]
    return [NEUTRAL if quality is None else quality for quality in qualities]


def _be_reliable(field: Field) -> list[float]:
    return [live.health for live in field.live]


def _have_skills(field: Field) -> list[float]:
    wanted = field.caller.capabilities_required if field.caller else ()
    if not wanted:
        return [1.0] * len(field.models)
    return [sum([skill in model.capabilities for skill in wanted]) / len(wanted) for model in field.models]


def _call_functions(field: Field) -> list[float]:
    return [0.0 if "tools" in model.lacks else 1.0 for model in field.models]


def _hold_context(field: Field) -> list[float]:
    return _share_most([model.context_window for model in field.models])


def _share_least(values: Sequence[float | None], unknown: float) -> list[float]:
    """The least of all known values as a share of each: less is better."""
    least = min([value for value in values if value is not None], default=0)
    return [unknown if value is None else least / value if value else 1.0 for value in values]


def _share_cost(values: Sequence[int | None]) -> list[float]:
    """The same for money, of which nothing is no measure: beside what is free, all else is told apart below a half."""
    paid = [value for value in values if value]
    best = BESIDE_FREE if len(paid) < len(values) and 0 in values else 1.0
    least = min(paid, default=0)
    return [0.0 if value is None else best * least / value if value else 1.0 for value in values]


def _share_most(values: Sequence[float | None]) -> list[float]:
    """Each value as a share of the greatest: more is better."""
    most = max([value for value in values if value is not None], default=0)
    return [NEUTRAL if value is None or not most else value / most for value in values]


Scorer = Callable[[Field], list[float]]
"""The scores of all candidates by one quantity, in their order."""

MEASURES: Mapping[Measure, Scorer] = {
    "token_cost": _compare_price,
    "request_cost": _compare_cost,
    "budget_constraints": _leave_budget,
    "latency": _compare_first_token,
    "throughput": _compare_speed,
    "accuracy": _compare_quality,
    "output_quality": _compare_quality,
    "consistency": _be_reliable,
    "reliability": _be_reliable,
    "domain_expertise": _have_skills,
    "function_calling": _call_functions,
    "context_length": _hold_context,
}
"""The measured quantities that a factor may name."""

FACTORS: Mapping[FactorName, Sequence[Scorer]] = {
    "task_complexity": (_fit_complexity,),
    "cost_efficiency": (_compare_cost,),
    "privacy_requirements": (_keep_private,),
    "performance_needs": (_meet_deadline,),
    "model_availability": (_be_available,),
    "cost_sensitivity": (_compare_price, _compare_cost, _leave_budget),
    "performance_requirements": (_compare_first_token, _compare_speed, _compare_quality),
    "quality_expectations": (_compare_quality, _be_reliable),
    "specialized_capabilities": (_have_skills, _call_functions, _hold_context),
}
"""What each factor is made of where it names no measures; the mean of several."""
