"""The parts of `routing` must name what exists, weigh something, and hold models: strategies, tiers, aliases."""

from collections.abc import Iterable

from pointsman.core.config.checks.subject import Subject
from pointsman.core.config.locality import BUILT_IN, find_strategy
from pointsman.core.config.problems import quote
from pointsman.core.config.resolve_references import CALLER
from pointsman.core.config.sections.routing import Calculation, FactorName

CALCULATIONS: dict[FactorName, Calculation] = {
    "task_complexity": "based_on_token_count_and_requirements",
    "cost_efficiency": "cost_per_token * estimated_tokens",
    "privacy_requirements": "data_sensitivity_score",
    "performance_needs": "required_response_time",
    "model_availability": "current_load_and_rate_limits",
}
"""How each factor is calculated, by the name that documents give it; the others are made of measures alone."""


def check_strategies(subject: Subject) -> None:
    """Note a strategy that does not exist, weights that choose nothing, and tiers that lead nowhere."""
    routing = subject.document.routing
    chosen = routing.value.strategy
    if chosen is not None and find_strategy(routing.value) is None:
        known = sorted({*BUILT_IN, *routing.value.strategies})
        message = f"there is no strategy {quote(chosen)}; take {', '.join(known[:8])}, or describe it under strategies"
        suggestion = subject.findings.guess_name(chosen, known)
        subject.findings.add(routing.place_of("strategy"), "unknown_reference", message, suggestion=suggestion)
    for name, strategy in routing.value.strategies.items():
        if _weighs_nothing(strategy.weights.values()):
            message = "all weights are 0, so nothing would be compared; give one of them more"
            subject.findings.add(routing.place_of("strategies", name, "weights"), "invalid_weights", message)
    if _weighs_nothing(factor.weight for factor in routing.value.factors.values()):
        message = "all weights are 0, so nothing would be compared; give one factor more"
        subject.findings.add(routing.place_of("factors"), "invalid_weights", message)
    _check_calculations(subject)
    _check_tiers(subject)
    _check_aliases(subject)


def _weighs_nothing(weights: Iterable[float]) -> bool:
    written = list(weights)
    return bool(written) and not any(written)


def _check_calculations(subject: Subject) -> None:
    """Note calculations of another factor: each has one, and what a factor is made from is said by its measures."""
    routing = subject.document.routing
    for name, factor in routing.value.factors.items():
        own = CALCULATIONS.get(name)
        if factor.calculation is None or factor.calculation == own:
            continue
        place = routing.place_of("factors", name, "calculation")
        message = f"{name} is not calculated like this; leave it out, or say under measures what it is made from"
        subject.findings.add(place, "invalid_value", message, suggestion=own, severity=subject.soften(place))


def _check_tiers(subject: Subject) -> None:
    routing = subject.document.routing
    seen: set[str] = set()
    for at, tier in enumerate(routing.value.tiers):
        if not tier:
            message = "this tier holds no model; name some, or leave it out"
            subject.findings.add(routing.place_of("tiers", at), "empty_route", message)
        for place, name in enumerate(tier):
            if name in seen:
                message = f"{quote(name)} stands in the tiers already; trying it again would fail again"
                subject.findings.add(routing.place_of("tiers", at, place), "fallback_cycle", message)
            seen.add(name)


def _check_aliases(subject: Subject) -> None:
    """Note aliases for a caller that does not exist; those for a model have been looked up with all other models."""
    routing = subject.document.routing
    for alias, target in routing.value.aliases.items():
        caller = CALLER.match(target)
        if caller is None:
            continue
        kind, name = caller["kind"], caller["name"]
        known = subject.document.names[f"{kind}s"]
        if name not in known:
            guess = subject.findings.guess_name(name, sorted(known))
            message = f"there is no {kind} {quote(name)} that this could stand for"
            suggestion = f"{kind}:{guess}" if guess else None
            place = routing.place_of("aliases", alias)
            subject.findings.add(place, "unknown_reference", message, suggestion=suggestion)
