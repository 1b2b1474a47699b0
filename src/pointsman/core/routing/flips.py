"""Finds the smallest changes of one fact that would change a decision, by deciding: whatever is told has been tried."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pointsman.core.expressions.facts import Fact, InvalidFact, Value
from pointsman.core.expressions.tree import Scalar
from pointsman.core.privacy.labels import LABELS
from pointsman.core.routing.changes_of_facts import (
    FEW_NUMBERS,
    MOST_WORTH,
    Scale,
    build_scale,
    collect_constants,
    from_units,
    list_numbers,
    list_relevant,
    list_sets,
    list_texts,
)
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.hypothesis import Hypothesis, read_fact
from pointsman.core.routing.suppose import suppose

MOST_FLIPS = 16
MOST_TRIALS = 500
"""Decisions that are tried; for a configuration of more than `USUAL_SIZE` rules and models in proportion fewer."""

USUAL_SIZE = 200
LEAST_TRIALS = 50

HALF = 0.5
"""How large a change is that has no measure: one truth value or text for another, a tag more or less."""


@dataclass(frozen=True, slots=True)
class Flip:
    """One fact, and what would be decided were it another.

    Attributes:
        fact: its name.
        before: what it is.
        after: what it would have to be.
        model: the first model then, or `None` when the request would be refused.
        size: how large the change is, from 0 to 1.
    """

    fact: str
    before: Value | None
    after: Value | None
    model: str | None
    size: float


@dataclass(frozen=True, slots=True)
class Flips:
    """What was found.

    Attributes:
        found: the smallest change first.
        is_complete: whether everything that is worth a trial was tried.
    """

    found: tuple[Flip, ...] = ()
    is_complete: bool = True


class _OutOfTrials(Exception):
    """As many decisions were tried as may be."""


class _Trials:
    """Decides about the same request with one fact changed, as often as may be."""

    def __init__(self, hypothesis: Hypothesis, answer: Decision | Refusal) -> None:
        self.hypothesis = hypothesis
        self.model = name_first(answer)
        plan, caller = hypothesis.snapshot.routing, hypothesis.caller
        own_rules = plan.agent_rules.get(caller.name, ()) if caller else ()
        size = len(plan.rules) + len(own_rules) + len(answer.dropped)
        self._left = max(LEAST_TRIALS, MOST_TRIALS * USUAL_SIZE // max(USUAL_SIZE, size))

    def decide_with(self, fact: Fact, value: Value | None) -> str | None:
        """The first model then; the present one where there can be no such request."""
        if self._left == 0:
            raise _OutOfTrials
        self._left -= 1
        try:
            answer = suppose(self.hypothesis, fact.name, value).decide()
        except InvalidFact:  # Such as an agent that a condition names while the request asks for another.
            return self.model
        is_unknown = isinstance(answer, Refusal) and answer.code == "model_not_found"
        return self.model if is_unknown else name_first(answer)


def name_first(answer: Decision | Refusal) -> str | None:
    """The model that is tried first, or `None` when the request is refused."""
    return None if isinstance(answer, Refusal) else answer.attempts[0].model.name


def find_flips(hypothesis: Hypothesis, answer: Decision | Refusal) -> Flips:
    """The smallest change of each fact alone that leads to another first model, to a refusal, or out of one.

    Args:
        hypothesis: what was decided about.
        answer: what was decided.
    """
    if isinstance(answer, Refusal) and answer.code == "model_not_found":
        return Flips()
    trials, found = _Trials(hypothesis, answer), list[Flip]()
    constants, relevant = collect_constants(hypothesis), list_relevant(hypothesis)
    is_complete = all(len(constants.get(fact.name, ())) <= MOST_WORTH for fact in relevant)
    try:
        # Numbers take the most trials, so whatever else there is has its turn before.
        for fact in sorted(relevant, key=lambda fact: fact.kind in ("int", "number")):
            found.extend(_find_of(trials, fact, constants.get(fact.name, frozenset())))
    except _OutOfTrials:
        is_complete = False
    places = {fact.name: place for place, fact in enumerate(relevant)}
    found.sort(key=lambda flip: (flip.size, places[flip.fact]))
    return Flips(tuple(found[:MOST_FLIPS]), is_complete)


def _find_of(trials: _Trials, fact: Fact, constants: Iterable[Scalar]) -> Iterator[Flip]:
    current = read_fact(trials.hypothesis, fact)
    match fact.kind:
        case "bool":
            yield from _try_each(trials, fact, current, [not current])
        case "text":
            texts = list_texts(trials.hypothesis, fact, constants)
            if fact.name == "task.privacy_level":
                texts.sort(key=lambda text: abs(_rank(text) - _rank(current)))
            yield from _try_each(trials, fact, current, texts)
        case "texts":
            tags = current if isinstance(current, frozenset) else frozenset()
            yield from _try_each(trials, fact, tags, list_sets(tags, constants))
        case _ if current is not None:
            scale = build_scale(fact, current, constants)
            numbers = list_numbers(trials.hypothesis, scale, constants)
            yield from _try_numbers(trials, scale, [one for one in numbers if one < scale.current], current)
            yield from _try_numbers(trials, scale, [one for one in numbers if one > scale.current], current)


def _try_each(trials: _Trials, fact: Fact, current: Value | None, values: Iterable[Value]) -> Iterator[Flip]:
    """The first value for each model that some value leads to."""
    seen = {trials.model}
    for value in values:
        if value == current:
            continue
        model = trials.decide_with(fact, value)
        if model not in seen:
            seen.add(model)
            size = abs(_rank(value) - _rank(current)) / 2 if fact.name == "task.privacy_level" else HALF
            yield Flip(fact.name, current, value, model, size)


def _try_numbers(trials: _Trials, scale: Scale, numbers: Iterable[int], current: Value) -> Iterator[Flip]:
    """The nearest number in one direction: the first one that flips, and from there back to where it begins to."""
    same = scale.current
    for number in numbers:
        model = trials.decide_with(scale.fact, from_units(number, scale.digits))
        if model == trials.model:
            same = number
            continue
        flipping = number
        while abs(flipping - same) > 1:
            middle = (flipping + same) // 2
            other = trials.decide_with(scale.fact, from_units(middle, scale.digits))
            same, flipping, model = (middle, flipping, model) if other == trials.model else (same, middle, other)
        yield Flip(scale.fact.name, current, from_units(flipping, scale.digits), model, _measure(scale, flipping))
        return


def _measure(scale: Scale, number: int) -> float:
    """How large a change is: within a small range as a share of that, else as a share of the larger number."""
    distance = abs(number - scale.current)
    if scale.highest - scale.lowest <= FEW_NUMBERS:
        return distance / (scale.highest - scale.lowest)
    return distance / max(abs(number), abs(scale.current))


def _rank(value: Value | None) -> int:
    return LABELS.index(value) if value in LABELS else 0
