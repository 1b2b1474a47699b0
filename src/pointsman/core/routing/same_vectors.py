"""Keeps the embeddings of a caller comparable: nothing stands in but another deployment of the very same model.

How deployments are doing has no say in which model that is; a rule, a person, a budget mode or an experiment has.
"""

from pointsman.core.config.snapshot import Model
from pointsman.core.routing.case import Case
from pointsman.core.routing.choose import settle
from pointsman.core.routing.decision import Drop


def keep_comparable(case: Case) -> None:
    """Take away every candidate whose vectors lie in another space than those of the model that is meant."""
    meant = _find_meant(case)
    if meant is None:
        return
    wanted = meant.deployment.upstream_model
    others = [name for name, each in case.usable.items() if each.model.deployment.upstream_model != wanted]
    for name in others:
        del case.usable[name]
        reason = f"its vectors cannot be compared with those of {meant.name}"
        case.dropped.append(Drop(name, "other_vectors", reason))


def _find_meant(case: Case) -> Model | None:
    """What is named for this request, else the caller's own first model that embeds, whether it may serve or not."""
    settled = settle(case)
    if settled is not None and settled.model in case.usable:
        return case.usable[settled.model].model
    caller, models = case.target.caller, case.snapshot.models
    if caller is not None and caller.model not in case.usable and (case.limits.stays_local or case.limits.local_budget):
        alternative = case.usable.get(caller.local_alternative or "")
        if alternative is not None:
            return alternative.model
    for name in case.target.own:
        model = models.get(name)
        if model is not None and model.enabled and "embeddings" in model.operations:
            return model
    return None
