"""What a request asks for: a caller with models of its own, or one model that nothing else stands in for."""

import msgspec

from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.routing.candidates import list_own_models, title_of
from pointsman.core.routing.decision import DecidedBy, Drop, Refusal
from pointsman.core.routing.facts import Facts

AUTO = "auto"
"""What callers ask for when they leave everything to the strategy."""

KINDS: dict[str, DecidedBy] = {"agent": "agent", "interaction": "interaction", "task": "task"}
"""Who can be named as `model: KIND:NAME`."""


class Target(msgspec.Struct, frozen=True):
    """What is asked for.

    Attributes:
        kind: what settles the first attempt, if nothing else does.
        caller: whose rules, parameters and terms count, or `None`.
        own: the models it names, in order, and as what.
        title: for messages.
        text: why these models.
        name: of the caller, or of what forces the model.
    """

    kind: DecidedBy
    caller: Agent | None
    own: dict[str, str]
    title: str
    text: str
    name: str


def find_target(snapshot: Snapshot, facts: Facts) -> Target | Refusal:
    """What a request asks for, or the refusal that every unknown or forbidden name gets alike."""
    wanted = snapshot.aliases.get(facts.target, facts.target)
    if facts.policy is not None and not facts.policy.allows(facts.target, wanted):
        return _refuse_name(*_split(facts.target))
    if facts.agent is not None and not _may_name(snapshot, facts, facts.agent):
        return _refuse_name("agent", facts.agent)
    kind, name = _split(wanted)
    caller = _find_caller(snapshot, kind, name, facts.agent, facts.value_of("task.type"))
    if caller is None and kind in KINDS:
        return _refuse_name(kind, name)
    if facts.forced is not None and facts.forced.model in snapshot.models:
        forced = facts.forced
        text = f"override {forced.id} by {forced.author}: {forced.reason or 'no reason given'}"
        why = {forced.model: "forced for this task"}
        return Target("forced", caller, why, f'model "{forced.model}"', text, forced.id)
    if kind == AUTO or kind in KINDS:
        target = _aim_at_caller(snapshot, caller) if caller is not None else _aim_at_all(snapshot)
        return _add_fallbacks(snapshot, facts, target) if facts.fallback_models else target
    model = snapshot.models.get(wanted)
    if model is None:
        return _refuse_name("model", facts.target)
    if not model.enabled:
        dropped = (Drop(model.name, "model_disabled", "it, or its provider, is switched off"),)
        return Refusal("model_not_found", _say_unknown("model", facts.target), dropped)
    text = "the caller asked for this model by name"
    target = Target("forced", caller, {model.name: "asked for by name"}, f'model "{model.name}"', text, model.name)
    return _add_fallbacks(snapshot, facts, target) if facts.fallback_models else target


def find_caller(snapshot: Snapshot, facts: Facts) -> Agent | None:
    """Who asks: the caller that `model` names, else the agent named beside it, else for `auto` the type of task."""
    return find_asking(snapshot, facts.target, facts.agent, facts.value_of("task.type"))


def find_asking(snapshot: Snapshot, target: str, agent: str | None, task_type: object) -> Agent | None:
    """The same from its parts, before there are facts."""
    return _find_caller(snapshot, *_split(snapshot.aliases.get(target, target)), agent, task_type)


def _may_name(snapshot: Snapshot, facts: Facts, agent: str) -> bool:
    """Whether the agent beside the model exists and the key may use it: its word on privacy is not lost by a typo."""
    return agent in snapshot.agents and (facts.policy is None or facts.policy.allows(f"agent:{agent}"))


def find_beside(snapshot: Snapshot, facts: Facts, caller: Agent | None) -> Agent | None:
    """The agent named beside another caller: its models do not count then, and its word on privacy still does."""
    beside = snapshot.agents.get(facts.agent) if facts.agent is not None else None
    return beside if beside is not caller else None


def _find_caller(snapshot: Snapshot, kind: str, name: str, agent: str | None, task_type: object) -> Agent | None:
    match kind:
        case "agent":
            return snapshot.agents.get(name)
        case "interaction":
            return snapshot.interactions.get(name)
        case "task":
            return snapshot.tasks.get(name)
        case _:
            pass
    if agent is not None:
        return snapshot.agents.get(agent)
    return snapshot.tasks.get(str(task_type)) if kind == AUTO else None


def _split(target: str) -> tuple[str, str]:
    """Kind and name: `agent` and `writer`, `auto` and nothing, or `model` and the model's name."""
    kind, colon, name = target.partition(":")
    if colon and kind in KINDS:
        return kind, name
    return (AUTO, "") if target == AUTO else ("model", target)


def _aim_at_caller(snapshot: Snapshot, caller: Agent) -> Target:
    kind, colon, name = caller.name.partition(":")
    decided_by = KINDS[kind] if colon else "agent"
    text = caller.reasoning or f"{title_of(caller)} runs on {caller.model}"
    own = list_own_models(caller, snapshot.routing.experiments.get(caller.name))
    return Target(decided_by, caller, own, title_of(caller), text, name if colon else kind)


def _aim_at_all(snapshot: Snapshot) -> Target:
    """Nobody in particular asks: every model is a candidate."""
    own = dict.fromkeys(snapshot.models, "one of all models")
    return Target("strategy", None, own, "this installation", "the strategy chose among all models", AUTO)


def _add_fallbacks(snapshot: Snapshot, facts: Facts, target: Target) -> Target | Refusal:
    """The target with the models that the request names as well; each must be one that it could have asked for."""
    named: dict[str, str] = {}
    for place, asked in enumerate(facts.fallback_models, start=1):
        name = snapshot.aliases.get(asked, asked)
        if name not in snapshot.models or (facts.policy is not None and not facts.policy.allows(asked, name)):
            return _refuse_name("model", asked)
        named[name] = f"fallback {place} of the request"
    if target.caller is None and target.kind != "forced":
        text = "the strategy chose among the models that the request names"
        return msgspec.structs.replace(target, own=named, text=text)
    first = next(iter(target.own))
    own = {first: target.own[first]} | {name: why for name, why in named.items() if name != first}
    for name, why in target.own.items():
        own.setdefault(name, why)
    return msgspec.structs.replace(target, own=own)


def _refuse_name(kind: str, name: str) -> Refusal:
    if kind == AUTO:
        kind, name = "model", AUTO
    return Refusal("model_not_found", _say_unknown(kind, name))


def _say_unknown(kind: str, name: str) -> str:
    return f'The {kind} "{name[:64]}" does not exist or this key may not use it; GET /v1/models lists what you may use.'
