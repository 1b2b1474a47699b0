"""All that a decision is made from, and what each fact of it comes to, by its name."""

from dataclasses import dataclass, field

from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.expressions.facts import Fact, Value
from pointsman.core.routing.decide import decide, is_unavailable, label_request
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import NOTHING_SEEN, UNSEEN, Facts, LiveTarget, LiveView
from pointsman.core.routing.find_target import find_beside, find_caller, find_target
from pointsman.core.routing.gather_facts import should_search
from pointsman.core.routing.key_policy import NO_POLICY
from pointsman.core.routing.rules import put_down_candidate

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
        notes: what was asked for and makes no difference to any request, for people.
    """

    snapshot: Snapshot
    facts: Facts
    live: LiveView = field(default_factory=lambda: NOTHING_SEEN)
    notes: tuple[str, ...] = ()

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

    @property
    def is_searched(self) -> bool:
        """Whether anybody looks for private data in such a request."""
        caller = self.caller
        beside = find_beside(self.snapshot, self.facts, caller)
        return should_search(self.snapshot, caller, self.facts.policy or NO_POLICY, beside)

    def decide(self) -> Decision | Refusal:
        """The decision."""
        return decide(self.snapshot, self.facts, self.live)


def read_fact(hypothesis: Hypothesis, fact: Fact) -> Value | None:
    """What a fact comes to for this request; of the candidate's facts, those of the first model."""
    facts, snapshot = hypothesis.facts, hypothesis.snapshot
    match fact.name:
        case "task.privacy_level":
            return label_request(snapshot, facts, hypothesis.caller)
        case "request.tokens_estimated":
            return facts.tokens
        case "request.has_tools" | "request.has_images":
            return NEEDS[fact.name] in facts.needs
        case "primary_unavailable" | "all_premium_models_unavailable":
            return are_unavailable(hypothesis, fact.name)
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


def are_unavailable(hypothesis: Hypothesis, name: str) -> bool:
    """What a fact about live state comes to."""
    names = list_concerned(hypothesis, name)
    return bool(names) and all(is_unavailable(hypothesis.snapshot, hypothesis.live, each) for each in names)


def _read_of_first(hypothesis: Hypothesis, fact: Fact) -> Value | None:
    first = hypothesis.first_model
    if first is None:
        return fact.default
    values: dict[str, Value | None] = {}
    put_down_candidate(values, hypothesis.snapshot.routing, first, hypothesis.live)
    return values[fact.name]


def look_at(hypothesis: Hypothesis, model: Model) -> LiveTarget:
    """How the model's deployment is doing."""
    return hypothesis.live.get(model.deployment.id, UNSEEN)
