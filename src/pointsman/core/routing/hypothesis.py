"""All that a decision is made from, and what each fact of it comes to, by its name."""

from dataclasses import dataclass, field

from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.expressions.facts import Fact, Value
from pointsman.core.privacy.labels import raise_label
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import NEAR_LIMIT, NOTHING_SEEN, UNSEEN, Facts, LiveTarget, LiveView
from pointsman.core.routing.find_target import find_caller, find_target

PRIMARY, PREMIUM = "primary_unavailable", "all_premium_models_unavailable"

NEEDS = {"request.has_tools": "tools", "request.has_images": "vision"}
"""What a model must be able to do where a fact about the request holds."""


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """All that a decision is made from.

    Attributes:
        snapshot: the configuration.
        facts: of the request.
        live: how the deployments are doing.
    """

    snapshot: Snapshot
    facts: Facts
    live: LiveView = field(default_factory=lambda: NOTHING_SEEN)

    @property
    def caller(self) -> Agent | None:
        """Who asks, or `None` where nobody in particular does."""
        return find_caller(self.snapshot, self.facts)

    @property
    def first_model(self) -> Model | None:
        """The model that comes first if nothing speaks against it; facts about the candidate are supposed of it."""
        target = find_target(self.snapshot, self.facts)
        if isinstance(target, Refusal) or (target.caller is None and target.kind == "strategy"):
            return None
        return self.snapshot.models.get(next(iter(target.own)))

    def decide(self) -> Decision | Refusal:
        """The decision."""
        return decide(self.snapshot, self.facts, self.live)


def read_fact(hypothesis: Hypothesis, fact: Fact) -> Value | None:
    """What a fact comes to for this request; of the candidate's facts, those of the first model."""
    facts, snapshot = hypothesis.facts, hypothesis.snapshot
    match fact.name:
        case "task.privacy_level":
            caller = hypothesis.caller
            return raise_label(facts.label, caller.privacy if caller else snapshot.settings.privacy)
        case "request.tokens_estimated":
            return facts.tokens
        case "request.has_tools" | "request.has_images":
            return NEEDS[fact.name] in facts.needs
        case "primary_unavailable" | "all_premium_models_unavailable":
            names = list_concerned(hypothesis, fact.name)
            return bool(names) and all(_is_unavailable(hypothesis, name) for name in names)
        case _ if fact.source == "candidate":
            return _read_of_first(hypothesis, fact)
        case _:
            return facts.value_of(fact.name, fact.default)


def list_concerned(hypothesis: Hypothesis, name: str) -> tuple[str, ...]:
    """The models that a fact about live state speaks of."""
    if name == PRIMARY:
        caller = hypothesis.caller
        return (caller.model,) if caller else ()
    tiers = hypothesis.snapshot.routing.tiers
    return tiers[0] if tiers else ()


def _is_unavailable(hypothesis: Hypothesis, name: str) -> bool:
    model = hypothesis.snapshot.models.get(name)
    return model is None or not model.enabled or look_at(hypothesis, model).cooling_ms > 0


def _read_of_first(hypothesis: Hypothesis, fact: Fact) -> Value | None:
    first = hypothesis.first_model
    if first is None:
        return fact.default
    values: dict[str, Value | None] = {
        "model.name": first.name,
        "model.provider": first.deployment.provider,
        "model.type": first.deployment.location,
        "model.tier": hypothesis.snapshot.routing.tier_of.get(first.name),
        "model.rate_limit_approaching": look_at(hypothesis, first).used >= NEAR_LIMIT,
    }
    return values[fact.name]


def look_at(hypothesis: Hypothesis, model: Model) -> LiveTarget:
    """How the model's deployment is doing."""
    return hypothesis.live.get(model.deployment.id, UNSEEN)
