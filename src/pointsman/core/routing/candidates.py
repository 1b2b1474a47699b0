"""Who could serve a request: a caller's own models, then the tiers below them; each with where it comes from."""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pointsman.core.config.routing_plan import Experiment, RoutingPlan
from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.routing.decision import Degraded

OWN: frozenset[Degraded] = frozenset(("", "fallback"))
"""Candidates that a caller, a rule or a person names; the others are those of the tiers."""


class Candidate(msgspec.Struct):
    """A model on its way through the steps of a decision.

    Attributes:
        model: the model.
        why: where it comes from, for people.
        degraded: how far below the caller's own choice it stands.
        lacking: skills that the caller asks for and it does not have.
        parts: of its score, one for each factor of the strategy, in billionths, once it was weighed.
        total: their sum.
    """

    model: Model
    why: str
    degraded: Degraded = ""
    lacking: tuple[str, ...] = ()
    parts: Sequence[int] = ()
    total: int = 0

    @property
    def is_own(self) -> bool:
        """Whether anybody named it, so that it is none of the tiers'."""
        return self.degraded in OWN


def list_own_models(caller: Agent, experiment: Experiment | None) -> dict[str, str]:
    """The models that a caller and its experiment name, in order, and as what."""
    title = title_of(caller)
    named = {caller.model: f"the model of {title}"}
    for place, name in enumerate(caller.fallback, start=1):
        named.setdefault(name, f"fallback {place} of {title}")
    if caller.local_alternative:
        named.setdefault(caller.local_alternative, f"the local alternative of {title}")
    if caller.budget_mode:
        named.setdefault(caller.budget_mode, f"the budget mode of {title}")
    if experiment is not None:
        for variant, name in experiment.models.items():
            named.setdefault(name, f'{variant} of the experiment "{experiment.name}"')
    return named


def list_cascade(plan: RoutingPlan, snapshot: Snapshot, model: str) -> Iterator[tuple[str, str, Degraded]]:
    """What comes after a caller's own models: the same tier, then lower ones, as far as the fallback strategy goes."""
    own_tier = plan.tier_of.get(model)
    start = own_tier or 1
    if own_tier is not None and own_tier <= len(plan.tiers) and plan.fallback_strategy != "quick_degradation":
        yield from _name_tier(plan.tiers[own_tier - 1], own_tier, "same_tier")
    for tier, names in enumerate(plan.tiers, start=1):
        if tier > start or (own_tier is None and tier == start):
            yield from _name_tier(names, tier, "lower_tier")
    if plan.fallback_strategy != "maximum_resilience":
        return
    for tier, names in enumerate(plan.tiers[: start - 1], start=1):
        yield from _name_tier(names, tier, "other")
    if not plan.tiers:
        yield from ((name, "maximum_resilience takes every model", "other") for name in snapshot.models)


def _name_tier(names: Iterable[str], tier: int, degraded: Degraded) -> Iterator[tuple[str, str, Degraded]]:
    for name in names:
        yield name, f"tier {tier}", degraded


def title_of(caller: Agent) -> str:
    """A caller as people call it, such as `agent "writer"`."""
    kind, colon, name = caller.name.partition(":")
    return f'{kind} "{name}"' if colon else f'agent "{caller.name}"'
