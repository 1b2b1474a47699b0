"""The slow reference, step 5: what each factor says of a candidate, straight from the table of the switches."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pointsman.core.config.routing_plan import Factor, RoutingPlan, StrategyPlan
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.routing.facts import Facts, LiveTarget

if TYPE_CHECKING:
    from reference_desk import Desk

Listed = list[tuple[Model, str]]


def stated_limit(facts: Facts, caller: Agent | None) -> int | None:
    """What the request, else the caller's parameters, limit an answer to."""
    if facts.most_output_tokens is not None:
        return facts.most_output_tokens
    limits = [value for name, value in caller.parameters if name.startswith("max_")] if caller else []
    return int(str(limits[0])) if limits else None


def output_limit(facts: Facts, caller: Agent | None) -> int:
    """What an answer may come to: as stated, or 4,096 tokens."""
    limit = stated_limit(facts, caller)
    return 4_096 if limit is None else limit


def most_cost_nusd(model: Model, facts: Facts, caller: Agent | None) -> int | None:
    prompt = facts.tokens or 1_000
    return price_of(model, prompt + prompt // 5, output_limit(facts, caller))


def usual_cost_nusd(model: Model, facts: Facts, caller: Agent | None) -> int | None:
    return price_of(model, facts.tokens or 1_000, min(500, output_limit(facts, caller)))


def price_of(model: Model, tokens_in: int, tokens_out: int) -> int | None:
    if model.prices is None:
        return None
    millionths = tokens_in * model.prices.input_nusd + tokens_out * model.prices.output_nusd
    return millionths // 10**6 + (1 if millionths % 10**6 else 0)


def usual_ms(model: Model, facts: Facts, live: Mapping[str, LiveTarget], caller: Agent | None) -> float | None:
    first, speed = first_token_ms(model, live), speed_of(model, live)
    if first is None and speed is None:
        return None
    return (first or 0.0) + (1_000 * min(500, output_limit(facts, caller)) / speed if speed else 0.0)


def first_token_ms(model: Model, live: Mapping[str, LiveTarget]) -> float | None:
    seen = state_of(model, live).first_token_ms
    return model.first_token_ms if seen is None else seen


def speed_of(model: Model, live: Mapping[str, LiveTarget]) -> float | None:
    seen = state_of(model, live).tokens_per_second
    return model.tokens_per_second if seen is None else seen


def state_of(model: Model, live: Mapping[str, LiveTarget]) -> LiveTarget:
    return live.get(model.deployment.id, LiveTarget())


def quality_of(model: Model, plan: RoutingPlan) -> float | None:
    """As declared, else by tier: 0.95 for the first, a tenth less for each below it, never under 0.05."""
    if model.quality is not None:
        return model.quality / 1_000_000
    tier = plan.tier_of.get(model.name)
    return None if tier is None else max(1.05 - tier / 10, 0.05)


def fits_now(model: Model, facts: Facts, live: Mapping[str, LiveTarget], caller: Agent | None) -> bool:
    """Whether a model is up, has room, and is fast enough for the asked deadline."""
    time = usual_ms(model, facts, live, caller)
    is_late = facts.timeout_ms is not None and time is not None and time > facts.timeout_ms
    state = state_of(model, live)
    return not (state.cooling_ms or state.used >= 1 or is_late)


def order_by_cost(listed: Listed, facts: Facts, caller: Agent | None) -> Listed:
    priced = [each for each in listed if each[0].prices is not None]
    priced.sort(key=lambda each: usual_cost_nusd(each[0], facts, caller) or 0)
    return priced + [each for each in listed if each[0].prices is None]


def order_by_strategy(desk: "Desk", listed: Listed) -> Listed:
    """By score where the strategy weighs."""
    strategy = desk.strategy
    assert strategy is not None
    ordered = list(listed)
    if strategy.weighs:
        models = [model for model, _ in listed]
        ordered.sort(key=lambda each: -round(sum(weigh(desk, f, each[0], models) for f in strategy.factors), 9))
    return ordered


def prefer_location(strategy: StrategyPlan, complexity: int) -> str | None:
    if strategy.cloud_for_complex and complexity >= strategy.complex_from:
        return "cloud"
    if strategy.local_for_routine and complexity <= strategy.routine_up_to:
        return "local"
    if strategy.cloud_from is not None:
        return "cloud" if complexity >= strategy.cloud_from else strategy.first or "local"
    return strategy.first


MADE_OF: dict[str, tuple[str, ...]] = {
    "cost_sensitivity": ("token_cost", "request_cost", "budget_constraints"),
    "performance_requirements": ("latency", "throughput", "accuracy"),
    "quality_expectations": ("output_quality", "reliability"),
    "specialized_capabilities": ("domain_expertise", "function_calling", "context_length"),
}


def weigh(desk: "Desk", factor: Factor, model: Model, models: list[Model]) -> float:
    names = factor.measures or MADE_OF.get(factor.name, (factor.name,))
    return round(factor.weight * sum(measure(desk, name, model, models) for name in names) / len(names), 9)


def measure(desk: "Desk", name: str, model: Model, models: list[Model]) -> float:
    """One quantity from 0 to 1; a half where nobody knows it, nothing where the price is unknown."""
    facts, live, caller, plan = desk.facts, desk.live, desk.caller, desk.snapshot.routing
    is_local = model.deployment.location == "local"
    quality, state = quality_of(model, plan), state_of(model, live)
    match name:
        case "task_complexity":
            surplus = (quality or 0.0) - desk.complexity / 10
            fit = 1 + 2 * surplus if surplus < 0 else 1 - surplus / 2
            return 0.5 if quality is None else max(0.0, fit)
        case "cost_efficiency" | "request_cost":
            return compare_cost([usual_cost_nusd(each, facts, caller) for each in models], models.index(model))
        case "token_cost":
            return compare_cost([price_of(each, 10**6, 10**6) for each in models], models.index(model))
        case "budget_constraints":
            cost, left = usual_cost_nusd(model, facts, caller), facts.budget_left_nusd
            if cost is None or (left is not None and left <= 0 and cost):
                return 0.0
            return 1.0 if left is None or cost == 0 else max(0.0, 1 - cost / left)
        case "privacy_requirements":
            distance = 0.5 if model.deployment.clearance == "medium" else 1.0
            return 1.0 if is_local else 1 - distance * {"low": 0.5, "medium": 0.9, "high": 1.0}[desk.label]
        case "performance_needs":
            times = [usual_ms(each, facts, live, caller) for each in models]
            asked, own = facts.timeout_ms, times[models.index(model)]
            if asked is not None and own:
                return min(1.0, asked / own)
            return compare_least(times, models.index(model), 0.5)
        case "model_availability":
            headroom = max(0.0, 1 - state.used) / (1 + state.in_flight / 100)
            return 0.0 if state.cooling_ms else state.health * headroom
        case "latency":
            return compare_least([first_token_ms(each, live) for each in models], models.index(model), 0.5)
        case "throughput":
            best = max([speed_of(each, live) or 0.0 for each in models])
            return (speed_of(model, live) or 0.0) / best if speed_of(model, live) is not None and best else 0.5
        case "accuracy" | "output_quality":
            return 0.5 if quality is None else quality
        case "consistency" | "reliability":
            return state.health
        case "domain_expertise":
            wanted = caller.capabilities_required if caller else ()
            return len([skill for skill in wanted if skill in model.capabilities]) / len(wanted) if wanted else 1.0
        case "function_calling":
            return float("tools" not in model.lacks)
        case "context_length":
            widest = max(each.context_window or 0 for each in models)
            return model.context_window / widest if model.context_window else 0.5
    raise AssertionError(f"no such quantity: {name}")


def compare_cost(costs: list[int | None], at: int) -> float:
    """The least that costs anything as a share of this one; a half of that beside one that is free, which scores 1."""
    own = costs[at]
    if own is None:
        return 0.0
    if own == 0:
        return 1.0
    share = min(cost for cost in costs if cost) / own
    return share / 2 if 0 in costs else share


def compare_least(
    values: list[int] | list[float] | list[int | None] | list[float | None], at: int, unknown: float
) -> float:
    """The least of all known values as a share of this one."""
    own = values[at]
    if own is None:
        return unknown
    return min(value for value in values if value is not None) / own if own else 1.0
