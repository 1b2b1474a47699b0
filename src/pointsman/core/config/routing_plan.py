"""What decisions go by, compiled: rules with their conditions, strategies with their switches, tiers, experiments."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from pointsman.core.config.sections.routing import Action, FactorName, Measure
from pointsman.core.config.sections.values import Location
from pointsman.core.expressions.condition import Condition
from pointsman.core.expressions.facts import FactTable, declare_facts

RESTRICTIVE: frozenset[Action] = frozenset(("deny", "switch_to_local_only", "force_local_model"))
"""Actions that only take candidates away: they count before everything else, and where a condition cannot be asked."""

FallbackStrategy = Literal["quick_degradation", "graceful_degradation", "maximum_resilience"]
Sticky = Literal["user", "session", "request"]
Detect = Literal["off", "rules", "always"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of an agent or over all of them.

    Attributes:
        name: what it is called, such as `privacy_enforcement`, or its place where it has no name.
        condition: when it applies.
        action: what it does.
        model: the model of the actions use and prefer.
        because: why; shown by explain.
        per_candidate: whether its condition reads facts of the candidate, so that it is asked for each of them.
    """

    name: str
    condition: Condition
    action: Action
    model: str | None = None
    because: str = ""
    per_candidate: bool = False


@dataclass(frozen=True, slots=True)
class Factor:
    """One weighted quantity.

    Attributes:
        name: as the document names it.
        weight: its share of all weights, so that those of a strategy add up to 1.
        measures: the measured quantities it is made from, or none for the factor's own.
    """

    name: FactorName
    weight: float
    measures: tuple[Measure, ...] = ()


@dataclass(frozen=True, slots=True)
class StrategyPlan:
    """An order for candidates.

    Attributes:
        name: as callers and operators ask for it.
        first: which location comes first, or `None`.
        only: the one location that is allowed, or `None`.
        cloud_budget_nusd: spent on cloud models today: local ones only; `None` without a limit.
        cloud_from: complexity from which the cloud comes first though local ones are preferred, or `None`.
        least_confidence: a local answer below it, in millionths, is asked again of the cloud; `None` for never.
        cloud_for_complex: whether tasks from `complex_from` on go to the cloud first.
        local_for_routine: whether tasks up to `routine_up_to` stay local first.
        complex_from: complexity.
        routine_up_to: complexity.
        weighs: whether the weighted factors order what the switches leave open.
        factors: those factors.
        hedges: whether a second model is asked when the first is slow.
        caches: whether its requests may be answered from the cache.
    """

    name: str
    first: Location | None = None
    only: Location | None = None
    cloud_budget_nusd: int | None = None
    cloud_from: int | None = None
    least_confidence: int | None = None
    cloud_for_complex: bool = False
    local_for_routine: bool = False
    complex_from: int = 7
    routine_up_to: int = 3
    weighs: bool = True
    factors: tuple[Factor, ...] = ()
    hedges: bool = False
    caches: bool = False


@dataclass(frozen=True, slots=True)
class Experiment:
    """How the requests of one agent are split.

    Attributes:
        name: as the document names it.
        shares: variants and what part of the requests each gets, adding up to 1, in the order of the document.
        models: the model of each variant but control.
        sticky: who keeps one variant.
    """

    name: str
    shares: tuple[tuple[str, float], ...]
    models: Mapping[str, str]
    sticky: Sticky


@dataclass(frozen=True, slots=True)
class RuntimeOverride:
    """A change made while the gateway runs, as far as decisions tell of it.

    Attributes:
        id: of the override.
        author: who made it.
        reason: why; `""` when nobody said.
    """

    id: str
    author: str
    reason: str

    @property
    def text(self) -> str:
        """For people."""
        return f"override {self.id} by {self.author}: {self.reason or 'no reason given'}"


@dataclass(frozen=True, slots=True)
class RoutingPlan:
    """All that decisions go by beside models and callers.

    Attributes:
        rules: over all callers, in order.
        agent_rules: by the caller's name.
        strategies: the built-in ones and those of the document, by name.
        strategy: the one that is set, or `None`.
        strategy_override: the runtime override that set it, or `None`.
        overridden: agents whose model a runtime override sets.
        tiers: models by class, the most capable first.
        tier_of: the tier of each model that has one, from the tiers or as the model itself states.
        experiments: by agent.
        fallback_strategy: how far to go down, or `None` when nobody said.
        quality_threshold: the least quality in millionths, or `None`.
        cheap_when_simple: whether simple tasks take the cheapest model that is good enough.
        detect: when private data is looked for, where a caller's policy does not say.
        local_for_pii: whether a find keeps a request local; a rule or a label may do so, too.
        facts: the facts that conditions may read.
        reads: facts that rules over all callers read.
        agent_reads: facts that a caller's own rules read, by its name.
        logs_decisions: whether the trace of each decision is logged.
        needs_facts: whether anything but the name of the caller can matter for a request.
        abilities_matter: whether a model is said to lack an ability, so that it matters what requests need.
        smallest_context: tokens of the smallest context window, or `None` when none is known.
    """

    rules: tuple[Rule, ...] = ()
    agent_rules: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    strategies: Mapping[str, StrategyPlan] = field(default_factory=dict)
    strategy: str | None = None
    strategy_override: RuntimeOverride | None = None
    overridden: Mapping[str, RuntimeOverride] = field(default_factory=dict)
    tiers: tuple[tuple[str, ...], ...] = ()
    tier_of: Mapping[str, int] = field(default_factory=dict)
    experiments: Mapping[str, Experiment] = field(default_factory=dict)
    fallback_strategy: FallbackStrategy | None = None
    quality_threshold: int | None = None
    cheap_when_simple: bool = False
    detect: Detect = "rules"
    local_for_pii: bool = False
    facts: FactTable = field(default_factory=lambda: declare_facts(MappingProxyType({})))
    reads: frozenset[str] = frozenset()
    agent_reads: Mapping[str, frozenset[str]] = field(default_factory=dict)
    logs_decisions: bool = False
    needs_facts: bool = False
    abilities_matter: bool = False
    smallest_context: int | None = None
