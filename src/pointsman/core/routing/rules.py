"""Asks the rules: what restricts counts before all else and where it cannot be asked, and nothing else does."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from pointsman.core.config.routing_plan import RESTRICTIVE, RoutingPlan, Rule
from pointsman.core.config.snapshot import Model
from pointsman.core.expressions.condition import EvaluationError
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.facts import NEAR_LIMIT, UNSEEN, LiveView


class Verdict(msgspec.Struct):
    """What the rules say of one request; grows while they are asked.

    Attributes:
        stays_local: the rule that keeps the request on local models, or `None`.
        denied: the rule that refuses it, or `None`.
        banned: candidates that a rule takes away, and which.
        denials: the caller's own rules that may take further candidates away, as far as they have been come to.
        moved_back: candidates that a rule puts behind all others, and which.
        named: models that rules over all callers name for use, and by which rule, in order.
        own: the caller's rule that names a model, if one does.
        preferred: models that rules prefer, likewise.
        fired: the rules whose conditions held.
        failed: the rules whose conditions could not be asked.
    """

    stays_local: Rule | None = None
    denied: Rule | None = None
    banned: dict[str, Rule] = {}
    denials: list[Rule] = []
    moved_back: dict[str, Rule] = {}
    named: list[Rule] = []
    own: list[Rule] = []
    preferred: list[Rule] = []
    fired: list[str] = []
    failed: list[str] = []

    def note(self, rule: Rule) -> None:
        """Remember that a rule's condition held."""
        if rule.name not in self.fired:
            self.fired.append(rule.name)


class Asker:
    """Asks conditions about one request and its candidates."""

    def __init__(self, plan: RoutingPlan, values: Mapping[str, Value | None], live: LiveView) -> None:
        self.verdict = Verdict()
        self._plan = plan
        self._values = values
        self._live = live
        self._of_candidate: dict[str, Value | None] = {}
        self._described = ""

    def holds(self, rule: Rule) -> bool:
        """Whether a rule about the request applies."""
        return self._ask(rule, self._values)

    def holds_for(self, rule: Rule, model: Model) -> bool:
        """Whether a rule about the candidate applies to this one."""
        # One mapping for all candidates in turn: most rules are asked about each, and few have several to be asked.
        if self._described != model.name:
            self._describe(model)
        return self._ask(rule, self._of_candidate)

    def applies(self, rule: Rule, first: Model | None) -> bool:
        """Whether a rule applies to the request with the candidate that would be tried first."""
        if not rule.per_candidate:
            return self.holds(rule)
        return first is not None and self.holds_for(rule, first)

    def _ask(self, rule: Rule, values: Mapping[str, Value | None]) -> bool:
        try:
            held = rule.condition.evaluate(values)
        except EvaluationError:
            if rule.name not in self.verdict.failed:
                self.verdict.failed.append(rule.name)
            held = rule.action in RESTRICTIVE
        if held:
            self.verdict.note(rule)
        return held

    def _describe(self, model: Model) -> None:
        self._of_candidate = self._of_candidate or dict(self._values)
        put_down_candidate(self._of_candidate, self._plan, model, self._live)
        self._described = model.name


def put_down_candidate(values: dict[str, Value | None], plan: RoutingPlan, model: Model, live: LiveView) -> None:
    """Put down what conditions may know of a candidate, over what the mapping held of another."""
    deployment = model.deployment
    values["model.name"] = model.name
    values["model.provider"] = deployment.provider
    values["model.type"] = deployment.location
    values["model.tier"] = plan.tier_of.get(model.name)
    values["model.rate_limit_approaching"] = live.get(deployment.id, UNSEEN).used >= NEAR_LIMIT


def ask_restrictive(asker: Asker, rules: Sequence[Rule]) -> Sequence[Rule]:
    """Ask every rule over all callers that takes something away from the request as a whole.

    Returns:
        the rules that take single candidates away: they are asked about each.
    """
    verdict = asker.verdict
    about_candidates: list[Rule] = []
    for rule in rules:
        if rule.action not in RESTRICTIVE:
            continue
        if rule.per_candidate:
            about_candidates.append(rule)
        elif asker.holds(rule):
            if rule.action == "deny":
                verdict.denied = verdict.denied or rule
            else:
                verdict.stays_local = verdict.stays_local or rule
    return about_candidates


def ask_restrictive_for(asker: Asker, rules: Sequence[Rule], model: Model) -> None:
    """Ask every rule that may take this candidate away."""
    for rule in rules:
        if rule.action != "deny" and model.deployment.location == "local":
            continue
        if asker.holds_for(rule, model):
            asker.verdict.banned.setdefault(model.name, rule)


def ask_naming(asker: Asker, rules: Sequence[Rule], first: Model, can_be_used: Callable[[str], bool]) -> None:
    """Ask the rules over all callers that name a model; `first` is what the caller's own order begins with."""
    verdict = asker.verdict
    for rule in rules:
        if rule.model is not None and asker.applies(rule, first) and can_be_used(rule.model):
            (verdict.named if rule.action == "use" else verdict.preferred).append(rule)


def ask_switching(asker: Asker, rules: Sequence[Rule], usable: Sequence[Model]) -> None:
    """Ask which candidates stand behind all others: the first, or each that a rule about candidates applies to."""
    verdict = asker.verdict
    for rule in rules:
        if rule.action != "switch_to_fallback":
            continue
        if not rule.per_candidate:
            if asker.holds(rule):
                verdict.moved_back.setdefault(usable[0].name, rule)
            continue
        for model in usable:
            if asker.holds_for(rule, model):
                verdict.moved_back.setdefault(model.name, rule)


def ask_own(asker: Asker, rules: Sequence[Rule], usable: Sequence[Model], can_be_used: Callable[[str], bool]) -> None:
    """Ask the caller's rules until one denies, or names a model that can be used."""
    verdict = asker.verdict
    for rule in rules:
        if rule.action == "deny" and rule.per_candidate:
            verdict.denials.append(rule)
            verdict.banned |= {model.name: rule for model in usable if asker.holds_for(rule, model)}
            usable = [model for model in usable if model.name not in verdict.banned]
        elif asker.applies(rule, usable[0] if usable else None):
            if rule.action == "deny":
                verdict.denied = verdict.denied or rule
                return
            if rule.model is not None and rule.model not in verdict.banned and can_be_used(rule.model):
                verdict.own.append(rule)
                return


def ask_for_check(asker: Asker, rules: Sequence[Rule], attempts: Sequence[Model]) -> tuple[Rule, list[Model]] | None:
    """The first rule that wants an answer to be checked by a cloud model, and the attempts whose answers it means."""
    for rule in rules:
        if rule.action != "require_cloud_verification":
            continue
        if rule.per_candidate:
            meant = [model for model in attempts if asker.holds_for(rule, model)]
        else:
            meant = list(attempts) if asker.holds(rule) else []
        if meant:
            return rule, meant
    return None
