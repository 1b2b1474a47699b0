"""Finds the second model that a local answer is shown to; it is one that may see the request, or none."""

from collections.abc import Sequence

from pointsman.core.config.snapshot import Model
from pointsman.core.routing.candidates import Candidate
from pointsman.core.routing.case import Case
from pointsman.core.routing.decision import Check
from pointsman.core.routing.facts import CHAT
from pointsman.core.routing.rules import ask_for_check


def find_check(case: Case, ordered: Sequence[Candidate]) -> Check | None:
    """The cloud model that a local answer is shown to, if a rule or the strategy asks for that.

    Args:
        case: the decision on its way.
        ordered: what may serve, in the order it would be tried.
    """
    if case.facts.operation != CHAT:
        return None
    plan, strategy = case.snapshot.routing, case.strategy
    models = [candidate.model for candidate in ordered]
    asked = ask_for_check(case.asker, plan.rules, models[: case.snapshot.settings.attempts]) if plan.rules else None
    if asked is not None:
        rule, meant = asked
        return _find_model(case, models, rule.name, [each for each in meant if _is_local(each)], None)
    if strategy is None or strategy.least_confidence is None or not _is_local(models[0]):
        return None
    return _find_model(case, models, strategy.name, models[:1], strategy.least_confidence)


def _find_model(case: Case, models: list[Model], name: str, shown: list[Model], only_below: int | None) -> Check:
    """The cloud model for the answers of the attempts in question, or why there is none."""
    if not shown:
        return Check(name, None, "the answer comes from a cloud model already")
    names = tuple(model.name for model in shown)
    if case.limits.stays_local:
        return Check(name, None, f"nothing of this request may leave: {case.limits.stays_local}", only_below, names)
    # A model that comes before the local one has failed by the time that one answers.
    later = models[models.index(shown[0]) :]
    cloud = next((model for model in (*later, *models) if not _is_local(model)), None)
    if cloud is None:
        return Check(name, None, "none of the candidates is a cloud model that may be asked", only_below, names)
    return Check(name, cloud, "", only_below, names)


def _is_local(model: Model) -> bool:
    return model.deployment.location == "local"
