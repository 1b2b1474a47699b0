"""`decide(snapshot, facts)`: pure, total, deterministic; the same values give the same decision anywhere."""

from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.routing.decision import Attempt, DecidedBy, Decision, Drop, Facts, Refusal

KINDS: dict[str, DecidedBy] = {"agent": "agent", "interaction": "interaction", "task": "task"}
"""Who can be named as `model: KIND:NAME`."""


def decide(snapshot: Snapshot, facts: Facts) -> Decision | Refusal:
    """Choose the models that may serve a request, in order.

    An alias stands for what it names. `agent:NAME`, `interaction:NAME` and `task:TYPE` run on the caller's model and
    then on its fallbacks; a model's name is what the caller forces, so nothing else is tried.
    """
    target = snapshot.aliases.get(facts.target, facts.target)
    kind, colon, name = target.partition(":")
    if colon and kind in KINDS:
        caller = find_caller(snapshot, kind, name)
        if caller is None:
            return Refusal("model_not_found", _unknown(kind, name))
        return _decide_for_caller(snapshot, KINDS[kind], caller)
    model = snapshot.models.get(target)
    if model is None:
        return Refusal("model_not_found", _unknown("model", facts.target))
    agent = None
    if facts.agent is not None:
        agent = snapshot.agents.get(facts.agent)
        if agent is None:
            return Refusal("model_not_found", _unknown("agent", facts.agent))
    if not model.enabled:
        return Refusal("model_not_found", _unknown("model", facts.target), (_drop_disabled(model),))
    why_local = agent.stays_local if agent and agent.stays_local else snapshot.settings.stays_local
    if why_local and model.deployment.location == "cloud":
        return Refusal("privacy_unavailable", _must_stay(why_local), (_drop_cloud(model, why_local),))
    return Decision(
        agent, (Attempt(model, "asked for by name"),), (), "forced", "the caller asked for this model by name"
    )


def find_caller(snapshot: Snapshot, kind: str, name: str) -> Agent | None:
    """The agent, interaction or task of a name."""
    match kind:
        case "agent":
            return snapshot.agents.get(name)
        case "interaction":
            return snapshot.interactions.get(name)
        case _:
            return snapshot.tasks.get(name)


def _decide_for_caller(snapshot: Snapshot, kind: DecidedBy, caller: Agent) -> Decision | Refusal:
    most = snapshot.settings.attempts
    name = caller.name.removeprefix(f"{kind}:")
    usable: list[Attempt] = []
    dropped: list[Drop] = []
    for place, candidate in enumerate(_list_candidates(caller)):
        model = snapshot.models.get(candidate)
        drop = _find_drop(candidate, model, caller)
        if drop is not None:
            dropped.append(drop)
        elif model is not None and len(usable) < most:
            text = f"fallback {place}" if place else "the model"
            usable.append(Attempt(model, f'{text} of {kind} "{name}"'))
        else:
            dropped.append(Drop(candidate, "attempts_exhausted", f"at most {most} attempts per request"))
    if not usable and caller.stays_local:
        return Refusal("privacy_unavailable", _must_stay(caller.stays_local), tuple(dropped))
    if not usable:
        message = f'No model of {kind} "{name}" can be used now; `pointsman explain` says why.'
        return Refusal("no_model_available", message, tuple(dropped))
    text = caller.reasoning or f'{kind} "{name}" runs on {caller.model}'
    return Decision(caller, tuple(usable), tuple(dropped), kind, text)


def _list_candidates(caller: Agent) -> tuple[str, ...]:
    """The model and its fallbacks; where requests must stay local, the local alternative stands ready too."""
    named = (caller.model, *caller.fallback)
    alternative = caller.local_alternative
    return (*named, alternative) if caller.stays_local and alternative and alternative not in named else named


def _find_drop(name: str, model: Model | None, caller: Agent) -> Drop | None:
    """Why a candidate may not serve this caller, or `None` when it may."""
    if model is None:
        return Drop(name, "model_unavailable", "nobody serves this model")
    if not model.enabled:
        return _drop_disabled(model)
    if caller.stays_local and model.deployment.location == "cloud":
        return _drop_cloud(model, caller.stays_local)
    lacking = [skill for skill in caller.capabilities_required if skill not in model.capabilities]
    if lacking and caller.strict_capabilities:
        return Drop(name, "capability_missing", f"lacks {', '.join(lacking)}")
    return None


def _drop_disabled(model: Model) -> Drop:
    return Drop(model.name, "model_disabled", "it, or its provider, is switched off")


def _drop_cloud(model: Model, why_local: str) -> Drop:
    return Drop(model.name, "cloud_forbidden", f"a cloud model, and requests must stay local: {why_local}")


def _must_stay(why_local: str) -> str:
    return f"This request must stay local ({why_local}), and no local model may serve it; ask the operator for one."


def _unknown(kind: str, name: str) -> str:
    return f'The {kind} "{name[:64]}" does not exist or this key may not use it; GET /v1/models lists what you may use.'
