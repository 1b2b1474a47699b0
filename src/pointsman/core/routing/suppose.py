"""Supposes facts of a request that nobody has sent: each by its name, with all that would follow from it.

What `explain` is told and what it says would flip a decision go through here alike, so that the one is true of the
other.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import msgspec

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.snapshot import Model
from pointsman.core.expressions.facts import Fact, InvalidFact, Value, check_value
from pointsman.core.expressions.mistake import guess_word
from pointsman.core.privacy.labels import Label, raise_label
from pointsman.core.routing.decision import Refusal
from pointsman.core.routing.facts import NEAR_LIMIT, Facts, LiveTarget
from pointsman.core.routing.find_target import find_target
from pointsman.core.routing.hypothesis import (
    NEEDS,
    PREMIUM,
    PRIMARY,
    Hypothesis,
    are_unavailable,
    list_concerned,
    look_at,
)
from pointsman.core.routing.suppose_model import change_first_model

SUPPOSED_FIND = "as it is supposed to hold personal data"
"""What raised the label where a find is supposed; a real one says what was found."""

COOLING_MS = 60_000
"""How long a model is left alone that is supposed to be unavailable."""


def suppose(hypothesis: Hypothesis, name: str, value: object) -> Hypothesis:
    """The same request with one fact changed.

    Raises:
        InvalidFact: there is no such fact, it cannot have this value, or it follows from what is asked for.
    """
    fact = hypothesis.snapshot.routing.facts.facts.get(name)
    if fact is None:
        guess = guess_word(name, hypothesis.snapshot.routing.facts.facts)
        raise InvalidFact("there is no such fact" + (f"; did you mean {guess}?" if guess else ""))
    checked = check_value(fact, value)
    if fact.source == "candidate" and name != "model.rate_limit_approaching":
        first = _find_first_model(hypothesis, name)
        if first is None:
            return hypothesis
        return replace(hypothesis, **change_first_model(hypothesis.snapshot, hypothesis.facts, first, name, checked))
    change = _CHANGES.get(name)
    return change(hypothesis, checked) if change is not None else _state(hypothesis, fact, checked)


def _state(hypothesis: Hypothesis, fact: Fact, value: Value | None) -> Hypothesis:
    """A fact that conditions, scores and draws read, and nothing else follows from."""
    return _change_facts(hypothesis, given=_give(hypothesis.facts, fact.name, value), without_estimate=fact.name)


def _set_type(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
    """With `auto` the type of task settles who the caller is, and so whose tags the request has."""
    before = hypothesis.caller
    changed = _change_facts(hypothesis, given=_give(hypothesis.facts, "task.type", value))
    after = changed.caller
    if before is after:
        return changed
    tags = hypothesis.facts.value_of("tags")
    others = (tags if isinstance(tags, frozenset) else frozenset()) - frozenset(before.tags if before else ())
    retagged = others | frozenset(after.tags if after else ())
    return _change_facts(changed, given=_give(changed.facts, "tags", retagged))


def _change_facts(hypothesis: Hypothesis, *, without_estimate: str = "", **fields: object) -> Hypothesis:
    facts = hypothesis.facts
    estimated = tuple(name for name in facts.estimated if name != without_estimate)
    return replace(hypothesis, facts=msgspec.structs.replace(facts, estimated=estimated, **fields))


def _give(facts: Facts, name: str, value: Value | None) -> dict[str, Value | None]:
    return {**(facts.given or {}), name: value}


def _label(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
    """What the caller says of privacy, in header or task; key and find may know better."""
    facts = hypothesis.facts
    stated: Label = "high" if value == "high" else "medium" if value == "medium" else "low"
    found: Label | None = "high" if facts.value_of("data.contains_pii") else None
    floor = raise_label(facts.policy.privacy if facts.policy else None, found)
    label = raise_label(stated, floor)
    because = facts.label_because if label == floor else "as the task says"
    given = _give(facts, "task.privacy_level", stated)
    return _change_facts(hypothesis, given=given, label=label, label_because=because if label != "low" else "")


def _find_private_data(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
    """A find makes the label high; without it the label is what was stated before."""
    facts = hypothesis.facts
    given = _give(facts, "data.contains_pii", value)
    if value:
        given.setdefault("task.privacy_level", facts.label)
        because = facts.label_because if facts.label == "high" else SUPPOSED_FIND
        return _change_facts(hypothesis, given=given, label="high", label_because=because)
    if facts.label_because != SUPPOSED_FIND:
        return _change_facts(hypothesis, given=given)
    before = _change_facts(hypothesis, given=given, label_because="")
    return _label(before, facts.value_of("task.privacy_level", "low"))


def _count_tokens(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
    given = _give(hypothesis.facts, "request.tokens_estimated", value)
    return _change_facts(hypothesis, given=given, tokens=value, without_estimate="request.tokens_estimated")


def _need(name: str) -> Callable[[Hypothesis, Value | None], Hypothesis]:
    def change(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
        facts, ability = hypothesis.facts, NEEDS[name]
        others = tuple(each for each in facts.needs if each != ability)
        return _change_facts(hypothesis, given=_give(facts, name, value), needs=(*others, ability) if value else others)

    return change


def _spend(name: str) -> Callable[[Hypothesis, Value | None], Hypothesis]:
    def change(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
        given = _give(hypothesis.facts, name, value)
        budget, spent = given.get("budget"), given.get("daily_cost") or 0
        left = None
        if isinstance(budget, int | float) and isinstance(spent, int | float):
            left = round(budget * NUSD_PER_USD) - round(spent * NUSD_PER_USD)
        return _change_facts(hypothesis, given=given, budget_left_nusd=left)

    return change


def _ask_as(kind: str) -> Callable[[Hypothesis, Value | None], Hypothesis]:
    def change(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
        facts = hypothesis.facts
        asked, colon, name = hypothesis.snapshot.aliases.get(facts.target, facts.target).partition(":")
        if colon and asked == kind and name != value:
            raise InvalidFact(f"the {kind} is the one that is asked for; ask for another instead")
        given = _give(facts, kind, value)
        beside = (value or None) if kind == "agent" and asked != kind else facts.agent
        return _change_facts(hypothesis, given=given, agent=beside)

    return change


def _near_limit(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
    first = _find_first_model(hypothesis, "model.rate_limit_approaching")
    if first is None:
        return hypothesis
    seen = look_at(hypothesis, first)
    is_near = seen.used >= NEAR_LIMIT
    used = seen.used if is_near == value else NEAR_LIMIT if value else 0.0
    return _see(hypothesis, {first.deployment.id: msgspec.structs.replace(seen, used=used)})


def _be_unavailable(name: str) -> Callable[[Hypothesis, Value | None], Hypothesis]:
    def change(hypothesis: Hypothesis, value: Value | None) -> Hypothesis:
        stated = _change_facts(hypothesis, given=_give(hypothesis.facts, name, value))
        if are_unavailable(hypothesis, name) == value:
            return stated
        models = (hypothesis.snapshot.models.get(each) for each in list_concerned(hypothesis, name))
        seen = {model.deployment.id: look_at(hypothesis, model) for model in models if model is not None}
        cooling_ms = COOLING_MS if value else 0
        changed = _see(
            stated, {each: msgspec.structs.replace(target, cooling_ms=cooling_ms) for each, target in seen.items()}
        )
        is_said = name == PRIMARY and PREMIUM in (hypothesis.facts.given or {})
        if is_said and are_unavailable(changed, PREMIUM) != are_unavailable(hypothesis, PREMIUM):
            raise InvalidFact(f"what is said of {PREMIUM} would not be true then; change that")
        return changed

    return change


def _see(hypothesis: Hypothesis, seen: Mapping[str, LiveTarget]) -> Hypothesis:
    return replace(hypothesis, live=MappingProxyType({**hypothesis.live, **seen}))


def _find_first_model(hypothesis: Hypothesis, name: str) -> Model | None:
    """The model that a fact about the candidate is supposed of; `None` where the request is refused for its name."""
    first = hypothesis.first_model
    if first is None and not isinstance(find_target(hypothesis.snapshot, hypothesis.facts), Refusal):
        raise InvalidFact(f"{name} is supposed of the caller's first model, and here there is none; name an agent")
    return first


_CHANGES: Mapping[str, Callable[[Hypothesis, Value | None], Hypothesis]] = {
    "task.type": _set_type,
    "task.privacy_level": _label,
    "data.contains_pii": _find_private_data,
    "request.tokens_estimated": _count_tokens,
    "request.has_tools": _need("request.has_tools"),
    "request.has_images": _need("request.has_images"),
    "daily_cost": _spend("daily_cost"),
    "budget": _spend("budget"),
    "agent": _ask_as("agent"),
    "interaction": _ask_as("interaction"),
    "model.rate_limit_approaching": _near_limit,
    PRIMARY: _be_unavailable(PRIMARY),
    PREMIUM: _be_unavailable(PREMIUM),
}
"""Facts from which more follows than that conditions read them."""
