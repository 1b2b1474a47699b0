"""Supposes that a caller's first model were another, or ran elsewhere: the same configuration but for that model."""

from dataclasses import replace
from typing import TypedDict, cast

import msgspec

from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Agent, Deployment, Model, Snapshot
from pointsman.core.expressions.facts import InvalidFact, Value
from pointsman.core.expressions.mistake import guess_word
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.facts import Facts
from pointsman.core.routing.find_target import find_caller


class Changed(TypedDict, total=False):
    """What is not as before."""

    snapshot: Snapshot
    facts: Facts


CLEARED: dict[Location, Label] = {"local": "high", "cloud": "low"}
"""How private a request may be for a model that is supposed to run there."""


def change_first_model(snapshot: Snapshot, facts: Facts, first: Model, name: str, value: Value | None) -> Changed:
    """Suppose `model.name`, `model.provider`, `model.type` or `model.tier` of the first model.

    Raises:
        InvalidFact: there is no model of that name.
    """
    match name:
        case "model.name":
            return _put_first(snapshot, facts, str(value))
        case "model.tier":
            tiers = {**snapshot.routing.tier_of, first.name: cast(int | None, value)}
            known = {model: tier for model, tier in tiers.items() if tier is not None}
            return {"snapshot": replace(snapshot, routing=replace(snapshot.routing, tier_of=known))}
        case "model.provider":
            return {"snapshot": _move(snapshot, first, replace(first.deployment, provider=str(value)))}
        case _:
            location = cast(Location, value)
            if location == first.deployment.location:
                return {}
            moved = replace(first.deployment, location=location, clearance=CLEARED[location])
            return {"snapshot": _move(snapshot, first, moved)}


def _put_first(snapshot: Snapshot, facts: Facts, name: str) -> Changed:
    if name not in snapshot.models:
        guess = guess_word(name, snapshot.models)
        raise InvalidFact("there is no such model" + (f"; did you mean {guess}?" if guess else ""))
    if snapshot.aliases.get(facts.target, facts.target) in snapshot.models:
        return {"facts": msgspec.structs.replace(facts, target=name)}
    caller = find_caller(snapshot, facts)
    assert caller is not None, "it has a first model"
    changed = replace(caller, model=name)
    return {
        "snapshot": replace(
            snapshot,
            agents=_put_in_place(snapshot.agents, caller, changed),
            interactions=_put_in_place(snapshot.interactions, caller, changed),
            tasks=_put_in_place(snapshot.tasks, caller, changed),
        )
    }


def _put_in_place(callers: dict[str, Agent], old: Agent, new: Agent) -> dict[str, Agent]:
    return {name: new if caller is old else caller for name, caller in callers.items()}


def _move(snapshot: Snapshot, model: Model, deployment: Deployment) -> Snapshot:
    return replace(snapshot, models={**snapshot.models, model.name: replace(model, deployment=deployment)})
