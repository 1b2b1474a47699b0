"""One decision on its way: what was put in, and what the steps have found so far."""

from collections.abc import Iterable, Sequence

import msgspec

from pointsman.core.config.routing_plan import Rule, StrategyPlan
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.routing.candidates import Candidate
from pointsman.core.routing.constraints import Constraints, find_drop
from pointsman.core.routing.decision import Drop
from pointsman.core.routing.facts import Facts, LiveView
from pointsman.core.routing.find_target import Target
from pointsman.core.routing.least_quality import find_low_quality
from pointsman.core.routing.rules import Asker, ask_restrictive_for


class Case(msgspec.Struct):
    """Everything that the steps of a decision share.

    Attributes:
        snapshot: the configuration.
        facts: of the request.
        live: how the deployments are doing.
        target: what is asked for.
        asker: asks the rules, and keeps what they said.
        limits: what nothing lifts.
        strategy: orders what is left, or `None`.
        rules_about_candidates: rules over all callers that may take single candidates away.
        named: every candidate that was looked at.
        usable: those that may serve, in order.
        dropped: those that may not.
    """

    snapshot: Snapshot
    facts: Facts
    live: LiveView
    target: Target
    asker: Asker
    limits: Constraints
    strategy: StrategyPlan | None
    rules_about_candidates: Sequence[Rule]
    named: set[str] = set()
    usable: dict[str, Candidate] = {}
    dropped: list[Drop] = []

    @property
    def usable_models(self) -> list[Model]:
        """The models that may serve, in order."""
        return [candidate.model for candidate in self.usable.values()]

    def can_use(self, name: str) -> bool:
        """Whether a model may serve; one that only a rule names becomes a candidate by that, if nothing forbids it.

        A forced request is served by what it is forced to, so that nothing becomes a candidate beside that.
        """
        if self.target.kind == "forced":
            return self.find_drop(name, self.snapshot.models.get(name)) is None
        return self.take(name, "") is not None

    def take(self, name: str, why: str) -> Candidate | None:
        """The candidate of a name, if it may serve."""
        candidate = self.usable.get(name)
        if candidate is not None or name in self.named:
            return candidate
        self.named.add(name)
        model = self.snapshot.models.get(name)
        drop = self.find_drop(name, model)
        if drop is not None or model is None:
            self.dropped.append(drop or drop_unknown(name))
            return None
        candidate = self.usable[name] = Candidate(model, why or "named by a rule")
        return candidate

    def find_drop(self, name: str, model: Model | None) -> Drop | None:
        """Why a candidate may not serve, be it for what it is or for what a rule says of it."""
        drop = find_drop(name, model, self.limits)
        if drop is not None or model is None:
            return drop
        drop = find_low_quality(model, self.facts, self.snapshot.routing)
        if drop is not None:
            return drop
        if self.rules_about_candidates or self.asker.verdict.denials:
            ask_restrictive_for(self.asker, (*self.rules_about_candidates, *self.asker.verdict.denials), model)
        rule = self.asker.verdict.banned.get(name)
        return drop_banned(name, rule) if rule else None


def drop_unknown(name: str) -> Drop:
    """A model that is named and that nobody serves."""
    return Drop(name, "model_unavailable", "nobody serves this model")


def drop_banned(name: str, rule: Rule) -> Drop:
    """A candidate that a rule takes away."""
    return Drop(name, "banned_by_rule", f'the rule "{rule.name}" takes it away')


def drop_exhausted(names: Iterable[str], most: int) -> list[Drop]:
    """The candidates beyond the last attempt that a request may have."""
    reason = f"at most {most} attempts per request"
    return [Drop(name, "attempts_exhausted", reason) for name in names]
