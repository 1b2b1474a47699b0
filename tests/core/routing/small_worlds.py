"""Small configurations in which every combination of what decisions go by can be tried."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from types import MappingProxyType

from pointsman.core.config.locality import BUILT_IN, BUILT_IN_WEIGHTS
from pointsman.core.config.routing_plan import (
    Experiment,
    Factor,
    RoutingPlan,
    Rule,
    RuntimeOverride,
    StrategyPlan,
)
from pointsman.core.config.sections.routing import Action
from pointsman.core.config.snapshot import Agent, Deployment, Model, Settings, Snapshot
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import declare_facts
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.facts import Facts, ForcedModel, LiveTarget
from pointsman.core.routing.key_policy import KeyPolicy
from pointsman.core.routing.money_facts import ClosedScope

TABLE = declare_facts(MappingProxyType({}))
NAMES = ("m0", "m1", "m2", "m3")


@dataclass(frozen=True)
class World:
    """One case: everything that `decide` takes."""

    snapshot: Snapshot
    facts: Facts
    live: Mapping[str, LiveTarget]


def rule(when: str, action: Action, model: str | None = None, name: str = "") -> Rule:
    """A rule as the compiler would build it."""
    condition = read_condition(when, TABLE)
    assert isinstance(condition, Condition), condition
    per_candidate = any(TABLE.facts[fact].is_per_candidate for fact in condition.reads)
    return Rule(name or f"{action} {model or ''} when {when}", condition, action, model, "", per_candidate)


def model(at: int, place: str, skills: Sequence[str] = ()) -> Model:
    """The model `m{at}`: local, cloud, or a cloud whose data policy clears it for medium."""
    location = "local" if place == "local" else "cloud"
    clearance = {"local": "high", "cloud": "low", "cleared": "medium"}[place]
    provider = "house" if place == "local" else "sky"
    deployment = Deployment(
        id=f"{provider}/m{at}",
        provider=provider,
        model=f"m{at}",
        upstream_model=f"m{at}",
        dialect="openai_chat",
        base_url="http://127.0.0.1:9/v1",
        location=location,  # type: ignore[arg-type]
        clearance=clearance,  # type: ignore[arg-type]
    )
    dollar = 1_000_000_000
    prices = (
        PriceTable(0, 0, 0, "t"),
        PriceTable(3 * dollar, 9 * dollar, 0, "t"),
        None,
        PriceTable(dollar, dollar, 0, "t"),
    )
    return Model(
        f"m{at}",
        deployment,
        prices[at],
        context_window=(None, 8_000, 2_000, 32_000)[at],
        capabilities=tuple(skills),
        lacks=((), ("tools",), (), ("vision",))[at],
        enabled=True,
        quality=(None, 900_000, 600_000, None)[at],
        tokens_per_second=(40.0, 90.0, None, 20.0)[at],
        first_token_ms=(300, None, 700, 250)[at],
    )


def strategy(name: str) -> StrategyPlan:
    """A built-in strategy as the compiler would build it."""
    written = BUILT_IN[name]
    threshold = written.fallback_to_cloud_threshold
    weights = BUILT_IN_WEIGHTS[name]
    return StrategyPlan(
        name=name,
        first="local" if written.prefer_local_models else "cloud" if written.prefer_cloud_models else None,
        only="local" if not written.allow_cloud_models else None,
        cloud_from=threshold.complexity if threshold else None,
        least_confidence=threshold.confidence if threshold else None,
        cloud_for_complex=written.cloud_for_complex_tasks,
        local_for_routine=written.local_for_routine_tasks,
        factors=tuple(Factor(factor, weight) for factor, weight in weights.items()),
        hedges=written.parallel_requests,
        caches=written.cache_responses,
    )


STRATEGIES = {name: strategy(name) for name in BUILT_IN} | {
    "capped": StrategyPlan("capped", first="cloud", cloud_budget_nusd=5, weighs=False, cloud_from=8),
    "by_measures": StrategyPlan(
        "by_measures",
        factors=(
            Factor("cost_sensitivity", 0.3),
            Factor("performance_requirements", 0.4, ("latency", "throughput")),
            Factor("quality_expectations", 0.2),
            Factor("specialized_capabilities", 0.1),
        ),
        least_confidence=500_000,
    ),
    "cloud_only": StrategyPlan("cloud_only", only="cloud", weighs=False),
    "threshold": StrategyPlan("threshold", cloud_from=7, factors=(Factor("cost_efficiency", 1.0),)),
}

RULES: tuple[tuple[tuple[Rule, ...], tuple[Rule, ...]], ...] = (
    ((), ()),
    ((), (rule("task.complexity > 6", "use", "m1"), rule("budget_mode", "use", "m3"))),
    ((), (rule("task.privacy_level == 'high'", "use", "m0"), rule("model.type == 'cloud'", "deny"))),
    ((), (rule("model.name == 'm3'", "deny"), rule("task.critical", "use", "m3"), rule("task.complexity > 8", "deny"))),
    ((), (rule("model.name == 'm1'", "deny"), rule("model.type == 'cloud'", "use", "m2"))),
    ((rule("model.rate_limit_approaching", "switch_to_fallback"), rule("data.contains_pii", "force_local_model")), ()),
    ((rule("daily_cost > budget * 0.8", "switch_to_local_only"), rule("task.critical", "use", "m3")), ()),
    ((rule("task.critical and model.type == 'local'", "require_cloud_verification"),), ()),
    ((rule("1 / daily_cost > 2", "deny"),), (rule("task.complexity > 6", "use", "m2"),)),
    ((rule("1 / daily_cost > 2", "use", "m1"), rule("model.type == 'cloud'", "switch_to_local_only")), ()),
    (
        (rule("model.tier == 2", "deny"), rule("task.complexity < 9", "prefer", "m2")),
        (rule("agent == 'a'", "use", "m2"),),
    ),
    ((rule("primary_unavailable", "switch_to_fallback"), rule("model.name == 'm1'", "use", "m2")), ()),
    (
        (
            rule("task.critical", "prefer", "m3"),
            rule("task.complexity > 8", "use", "m3"),
            rule("user == ''", "use", "m1"),
        ),
        (rule("model.type == 'local'", "use", "m2"),),
    ),
)
"""Rules over all callers, and the agent's own."""

FIRST_AND_LAST = ForcedModel("m1", "o1", "ada"), ForcedModel("m3", "o2", "ada")
NAMED_BY_PEOPLE: tuple[dict[str, ForcedModel], ...] = (
    {},
    {"chosen": FIRST_AND_LAST[0]},
    {"forced": FIRST_AND_LAST[1]},
    {"forced": ForcedModel("gone", "o3", "ada"), "chosen": FIRST_AND_LAST[1]},
)
GIVEN: tuple[dict[str, object], ...] = (
    {},
    {"task.complexity": 9, "task.critical": True},
    {"task.complexity": 2, "data.contains_pii": True},
    {"task.complexity": 7, "daily_cost": 9, "budget": 10, "budget_mode": True},
)
TERMS: tuple[dict[str, object], ...] = (
    {},
    {"timeout_ms": 4_000, "tokens": 3_000},
    {"max_cost_nusd": 20_000_000},
    {"needs": ("tools",), "timeout_ms": 60_000},
    {"local_only": "daily", "most_output_tokens": 7_000, "tokens": 1_500},
    {"cloud_today_nusd": 5, "policy": KeyPolicy(budget_mode=True), "budget_left_nusd": 40_000_000},
    {"needs": ("vision",), "policy": KeyPolicy(models=("agent:a",)), "session": "s"},
    {"cheaper": "weekly", "closed": (ClosedScope("model", "m0", "daily"), ClosedScope("model", "m3", "daily", True))},
    {"closed": (ClosedScope("provider", "sky", "daily"),), "cheaper": "weekly", "timeout_ms": 4_000},
    {"closed": (ClosedScope("cloud", "", "daily"), ClosedScope("provider", "house", "weekly", True))},
    {"denied_by": "monthly", "closed": (ClosedScope("provider", "house", "daily"),)},
)
LIVE: tuple[dict[str, LiveTarget], ...] = (
    {},
    {"house/m0": LiveTarget(cooling_ms=500), "sky/m1": LiveTarget(used=0.93, first_token_ms=90.0)},
    {
        "sky/m0": LiveTarget(used=1.2),
        "house/m1": LiveTarget(health=0.5, in_flight=40),
        "sky/m2": LiveTarget(cooling_ms=1),
    },
)
TIERS: tuple[tuple[tuple[tuple[str, ...], ...], str | None], ...] = (
    ((), None),
    ((), "maximum_resilience"),
    ((("m1", "m0"), ("m2",), ("m3",)), "graceful_degradation"),
    ((("m2", "m3"), ("m0",)), "quick_degradation"),
    ((("m3",), ("m1",), ("m0", "m2")), "maximum_resilience"),
)
AGENTS: tuple[Agent, ...] = (
    Agent("a", "m0", capabilities_required=("code",)),
    Agent("a", "m0", ("m1",), budget_mode="m2"),
    Agent("a", "m1", ("m0",), local_alternative="m3", capabilities_required=("code",)),
    Agent("a", "m2", ("m1", "m0"), capabilities_required=("code", "prose"), strict_capabilities=True),
    Agent("a", "m1", ("m2",), privacy="medium", quality_threshold=800_000, parameters=(("max_tokens", 1_000),)),
    Agent("a", "m1", ("gone", "m0", "m3"), stays_local="its policy has privacy: high", privacy="high", hedges=True),
)
EXPERIMENT = Experiment("x", (("control", 0.5), ("candidate", 0.5)), {"candidate": "m3"}, "request")
OVERRIDE = RuntimeOverride("r1", "ada", "")

DIMENSIONS: dict[str, Sequence[object]] = {
    "places": tuple(product(("local", "cloud", "cleared"), repeat=4)),
    "agent": AGENTS,
    "rules": RULES,
    "strategy": (None, *STRATEGIES),
    "tiers": TIERS,
    "bits": range(8),
    "target": ("agent:a", "m2", "auto", "interaction:i", "alias"),
    "label": ("low", "medium", "high"),
    "asked": (None, "balanced", "performance_optimized", "no such strategy"),
    "people": NAMED_BY_PEOPLE,
    "given": GIVEN,
    "terms": TERMS,
    "live": LIVE,
}
"""All that a case is drawn from; `bits` stands for a few settings that are on or off."""

Choice = Mapping[str, object]
"""One of each dimension, by its name."""


def build_world(choice: Choice) -> World:
    """The case of a choice."""
    bits, given, target, label = choice["bits"], choice["given"], choice["target"], choice["label"]
    people, terms, live = choice["people"], choice["terms"], choice["live"]
    assert isinstance(people, dict) and isinstance(terms, dict) and isinstance(live, dict) and isinstance(bits, int)
    facts = Facts(target, given=given, label=label, strategy=choice["asked"], dice=bits / 8, **people, **terms)  # type: ignore[arg-type]
    return World(_build_snapshot(choice, bits), facts, live)


def _build_snapshot(choice: Choice, bits: int) -> Snapshot:
    agent, places = choice["agent"], choice["places"]
    assert isinstance(agent, Agent) and isinstance(places, tuple)
    skills = (("code",), ("code", "prose"), (), ("prose", "code"))
    models = {f"m{at}": model(at, place, skills[at]) for at, place in enumerate(places)}
    if bits & 1:
        models["m1"] = replace(models["m1"], enabled=False)
    return Snapshot(
        "",
        "production",
        models,
        {"a": agent},
        interactions={"i": replace(agent, name="interaction:i")},
        aliases={"alias": "agent:a"},
        settings=Settings(attempts=2 if bits & 1 else 3, privacy="medium" if bits == 7 else "low"),
        routing=_build_plan(choice, bits),
    )


def _build_plan(choice: Choice, bits: int) -> RoutingPlan:
    strategy, rules, tiers = choice["strategy"], choice["rules"], choice["tiers"]
    assert isinstance(rules, tuple) and isinstance(tiers, tuple)
    (over_all, own), (listed, fallback_strategy) = rules, tiers
    return RoutingPlan(
        rules=over_all,
        agent_rules={"a": own} if own else {},
        strategies=STRATEGIES,
        strategy=strategy if isinstance(strategy, str) else None,
        overridden={"a": OVERRIDE} if bits == 6 else {},
        tiers=listed,
        tier_of={name: number for number, tier in enumerate(listed, start=1) for name in tier},
        experiments={"a": EXPERIMENT} if bits & 2 else {},
        fallback_strategy=fallback_strategy,
        quality_threshold=800_000 if bits == 5 else None,
        cheap_when_simple=bool(bits & 4),
        local_for_pii=bits == 3,
        facts=TABLE,
        reads=frozenset().union(*(each.condition.reads for each in over_all)),
        agent_reads={"a": frozenset().union(*(each.condition.reads for each in own))},
    )


def draw_worlds(count: int, seed: int) -> Iterator[World]:
    """So many cases, drawn evenly out of all combinations."""
    dice = random.Random(seed)
    for _ in range(count):
        yield build_world({name: dice.choice(values) for name, values in DIMENSIONS.items()})


def list_worlds(**narrowed: Sequence[object]) -> Iterator[World]:
    """Every combination of what is given of some dimensions and all of the others."""
    for choice in product(*(DIMENSIONS | narrowed).values()):
        yield build_world(dict(zip(DIMENSIONS, choice, strict=True)))
