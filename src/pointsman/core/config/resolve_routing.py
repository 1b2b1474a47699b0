"""Compiles what decisions go by: rules, strategies, factors, tiers and experiments of a checked document."""

from collections.abc import Mapping, Sequence

from pointsman.core.config.checks.rules import ReadRule, declare, read_attributes, read_rules
from pointsman.core.config.layers import Layer
from pointsman.core.config.locality import BUILT_IN, BUILT_IN_WEIGHTS, complete_strategy
from pointsman.core.config.nodes import MappingNode, ScalarNode, find_node
from pointsman.core.config.problems import Findings
from pointsman.core.config.read_document import Document
from pointsman.core.config.routing_plan import (
    Experiment,
    Factor,
    RoutingPlan,
    Rule,
    RuntimeOverride,
    StrategyPlan,
)
from pointsman.core.config.sections.callers import AgentRule
from pointsman.core.config.sections.routing import FactorName, Measure, Routing, Strategy
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Agent, Model
from pointsman.core.expressions.facts import FactTable
from pointsman.core.limits.scopes import OnExceed

ACTS_BY_ITSELF: frozenset[OnExceed] = frozenset(("deny", "local_only", "cheaper"))
"""What budgets do to any request; the rest concerns callers that have a model for saving, or people."""

CONTROL, CANDIDATE = "control", "candidate"


def resolve_routing(
    document: Document,
    models: Mapping[str, Model],
    agents: Mapping[str, Agent],
    others: Sequence[Agent],
    layers: Sequence[Layer],
) -> RoutingPlan:
    """Compile the plan; what is wrong with a part of it is noted by the checks, and that part is left out.

    Args:
        document: the effective one.
        models: those that can be called, by name.
        agents: those that have a model to run on.
        others: interactions and types of task that have one.
        layers: what the document was made of; tells which values are runtime overrides.
    """
    routing = document.routing.value
    unheard = Findings()
    attributes = read_attributes(document, unheard)
    table = declare(attributes)
    read = [rule for rule in read_rules(document, attributes, unheard) if _leads_somewhere(rule, models)]
    rules = tuple(_build_rule(rule, at, table) for at, rule in enumerate(rule for rule in read if rule.agent is None))
    agent_rules = _group_rules(read, table)
    strategy_override, overridden = _find_overrides(layers)
    return RoutingPlan(
        rules=rules,
        agent_rules=agent_rules,
        strategies={name: _build_strategy(name, routing) for name in {**BUILT_IN, **routing.strategies}},
        strategy=routing.strategy,
        strategy_override=strategy_override,
        overridden=overridden,
        tiers=tuple(tuple(name for name in tier if name in models) for tier in routing.tiers),
        tier_of=_number_tiers(routing, models),
        experiments=_build_experiments(document, models, agents),
        fallback_strategy=routing.fallback_strategy,
        quality_threshold=routing.quality_threshold,
        cheap_when_simple="use_cheaper_models_for_simple_tasks" in routing.savings,
        detect=document.policy.value.detect or document.privacy.value.detect,
        local_for_pii=routing.require_local_for_pii,
        facts=table,
        reads=_collect_reads(rules),
        agent_reads={agent: _collect_reads(own) for agent, own in agent_rules.items()},
        logs_decisions=routing.verbose_logs,
        needs_facts=_find_needs(document, models, (*agents.values(), *others), bool(read)),
        abilities_matter=any(model.lacks for model in models.values()),
        smallest_context=min((model.context_window for model in models.values() if model.context_window), default=None),
    )


def _group_rules(read: Sequence[ReadRule], table: FactTable) -> dict[str, tuple[Rule, ...]]:
    """The rules of each agent, in order."""
    grouped: dict[str, list[Rule]] = {}
    for rule in read:
        if rule.agent is not None:
            own = grouped.setdefault(rule.agent, [])
            own.append(_build_rule(rule, len(own), table))
    return {agent: tuple(own) for agent, own in grouped.items()}


def _find_needs(document: Document, models: Mapping[str, Model], callers: Sequence[Agent], has_rules: bool) -> bool:
    """Whether requests have to be looked at before a model can be chosen, though their callers say nothing of them."""
    routing = document.routing.value
    return (
        has_rules
        or routing.strategy is not None
        or routing.require_local_for_pii
        or "always" in (document.policy.value.detect, document.privacy.value.detect)
        or "use_cheaper_models_for_simple_tasks" in routing.savings
        or any(model.lacks for model in models.values())
        or any(caller.detect == "always" or caller.budget_mode for caller in callers)
        or any(budget.value.on_exceed in ACTS_BY_ITSELF for budget in document.budgets)
    )


def _leads_somewhere(rule: ReadRule, models: Mapping[str, Model]) -> bool:
    return rule.written.use is None or rule.written.use in models


def _build_rule(rule: ReadRule, at: int, table: FactTable) -> Rule:
    written = rule.written
    return Rule(
        name=written.name or f"rule {at + 1}" + (f" of agent {rule.agent}" if rule.agent else ""),
        condition=rule.condition,
        action=("deny" if written.deny else "use") if isinstance(written, AgentRule) else written.action,
        model=written.use,
        because=written.because,
        per_candidate=any(table.facts[name].is_per_candidate for name in rule.condition.reads),
    )


def _collect_reads(rules: Sequence[Rule]) -> frozenset[str]:
    return frozenset().union(*(rule.condition.reads for rule in rules))


def _build_strategy(name: str, routing: Routing) -> StrategyPlan:
    written = complete_strategy(name, routing)
    threshold = written.fallback_to_cloud_threshold
    return StrategyPlan(
        name=name,
        first="local" if written.prefer_local_models else "cloud" if written.prefer_cloud_models else None,
        only=_find_only_location(written),
        cloud_budget_nusd=written.cloud_budget_per_day,
        cloud_from=threshold.complexity if threshold else None,
        least_confidence=threshold.confidence if threshold else None,
        cloud_for_complex=written.cloud_for_complex_tasks,
        local_for_routine=written.local_for_routine_tasks,
        complex_from=written.complex_from,
        routine_up_to=written.routine_up_to,
        weighs=_weighs(written),
        factors=_choose_factors(name, written, routing),
        hedges=written.parallel_requests,
        caches=written.cache_responses,
    )


def _find_only_location(written: Strategy) -> Location | None:
    if written.required_model_type is not None:
        return written.required_model_type
    return None if written.allow_cloud_models else "local"


def _weighs(written: Strategy) -> bool:
    """Where routine and complex tasks are sent apart, those between keep the given order unless asked otherwise."""
    return written.dynamic_routing or not (written.cloud_for_complex_tasks or written.local_for_routine_tasks)


def _choose_factors(name: str, written: Strategy, routing: Routing) -> tuple[Factor, ...]:
    """The strategy's own weights, else those of the document, else the usual ones of the built-in strategy."""
    weights: dict[FactorName, float] = dict(written.weights)
    if not weights:
        weights = {factor: said.weight for factor, said in routing.factors.items()}
    if not weights:
        weights = dict(BUILT_IN_WEIGHTS.get(name, BUILT_IN_WEIGHTS["balanced"]))
    total = sum(weights.values())
    measures: dict[FactorName, tuple[Measure, ...]] = {
        factor: tuple(said.measures) for factor, said in routing.factors.items()
    }
    return tuple(
        Factor(factor, weight / total, measures.get(factor, ())) for factor, weight in weights.items() if weight > 0
    )


def _number_tiers(routing: Routing, models: Mapping[str, Model]) -> dict[str, int]:
    stated = {name: model.tier for name, model in models.items() if model.tier is not None}
    return stated | {name: at for at, tier in enumerate(routing.tiers, start=1) for name in tier}


def _build_experiments(
    document: Document, models: Mapping[str, Model], agents: Mapping[str, Agent]
) -> dict[str, Experiment]:
    experiments: dict[str, Experiment] = {}
    for name, entry in document.experiments.items():
        written, agent = entry.value, agents.get(entry.value.agent)
        total = sum(written.split.values())
        if not written.enabled or agent is None or total <= 0:
            continue
        variants = dict(written.variants)
        if CANDIDATE in written.split and CANDIDATE not in variants and agent.fallback:
            variants[CANDIDATE] = agent.fallback[0]
        variants = {variant: model for variant, model in variants.items() if model in models}
        shares = tuple((variant, share / total) for variant, share in written.split.items())
        experiments.setdefault(agent.name, Experiment(name, shares, variants, written.sticky))
    return experiments


def _find_overrides(layers: Sequence[Layer]) -> tuple[RuntimeOverride | None, dict[str, RuntimeOverride]]:
    """What runtime overrides set: the strategy, and the model of agents."""
    strategy: RuntimeOverride | None = None
    overridden: dict[str, RuntimeOverride] = {}
    for layer in layers:
        if layer.name != "override":
            continue
        made = RuntimeOverride(layer.id, layer.author, layer.reason)
        if isinstance(find_node(layer.root, "routing", "strategy"), ScalarNode):
            strategy = made
        agents = find_node(layer.root, "agents")
        if agents is not layer.root and isinstance(agents, MappingNode):
            overridden |= dict.fromkeys(agents.entries, made)
    return strategy, overridden
