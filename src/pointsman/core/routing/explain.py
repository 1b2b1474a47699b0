"""Why a request goes where it goes: the decision, every candidate beyond it, and what would have to change."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from pointsman.core.config.problems import quote
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Attempt, Decision, Refusal
from pointsman.core.routing.experiments import find_keeper
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, LiveView
from pointsman.core.routing.find_target import KINDS
from pointsman.core.routing.flips import Flips, find_flips
from pointsman.core.routing.hypothesis import Hypothesis

MOST_NAMED = 20
"""Names that are listed where an unknown one resembles none of them."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with all that can be told about it.

    Attributes:
        hypothesis: what it was made from.
        answer: the decision, or the refusal.
        further: candidates that may serve but come after the last attempt, in order.
        flips: the smallest changes of one fact that lead elsewhere.
        notes: what people should know beside all this.
    """

    hypothesis: Hypothesis
    answer: Decision | Refusal
    further: tuple[Attempt, ...]
    flips: Flips
    notes: tuple[str, ...] = ()


def explain(snapshot: Snapshot, facts: Facts, live: LiveView = NOTHING_SEEN) -> Explanation:
    """Decide, and tell all about it.

    Args:
        snapshot: the configuration.
        facts: of the request.
        live: how the deployments are doing.
    """
    return explain_hypothesis(Hypothesis(snapshot, facts, live))


def explain_hypothesis(hypothesis: Hypothesis) -> Explanation:
    """The same of what is put together already, with what is to be noted about that."""
    answer = hypothesis.decide()
    flips = find_flips(hypothesis, answer)
    if isinstance(answer, Refusal):
        meant = _tell_what_was_meant(hypothesis.snapshot, hypothesis.facts, answer)
        return Explanation(hypothesis, meant, (), flips, hypothesis.notes)
    notes = (*hypothesis.notes, *answer.notes, *_tell_of_draw(hypothesis, answer))
    return Explanation(hypothesis, answer, _list_further(hypothesis, answer), flips, notes)


def _tell_of_draw(hypothesis: Hypothesis, answer: Decision) -> tuple[str, ...]:
    """That a variant was drawn for one request alone, so that the next one may get another."""
    experiment = hypothesis.snapshot.routing.experiments.get(answer.agent.name) if answer.agent else None
    if not answer.variant or experiment is None or find_keeper(experiment, hypothesis.facts) != "request":
        return ()
    shares = ", ".join(f"{share * 100:.6g} % {variant}" for variant, share in experiment.shares)
    if experiment.sticky == "request":
        return (f'the experiment "{experiment.name}" draws each request anew: {shares}',)
    keeper = "user or session" if experiment.sticky == "user" else "session"
    drawn = f'the experiment "{experiment.name}" draws each request without {keeper} anew: {shares}'
    return (f"{drawn}; one that names them keeps its variant",)


def _list_further(hypothesis: Hypothesis, answer: Decision) -> tuple[Attempt, ...]:
    """What would be tried next, were there no limit of attempts."""
    exhausted = sum(drop.code == "attempts_exhausted" for drop in answer.dropped)
    if not exhausted:
        return ()
    tried, snapshot = len(answer.attempts), hypothesis.snapshot
    unlimited = replace(snapshot, settings=replace(snapshot.settings, attempts=tried + exhausted))
    whole = decide(unlimited, hypothesis.facts, hypothesis.live)
    return whole.attempts[tried:] if isinstance(whole, Decision) else ()


def _tell_what_was_meant(snapshot: Snapshot, facts: Facts, refusal: Refusal) -> Refusal:
    """An unknown name with what was probably meant; who asks for explanations may see every name."""
    if refusal.code != "model_not_found" or refusal.dropped:
        return refusal
    target = snapshot.aliases.get(facts.target, facts.target)
    kind, colon, name = target.partition(":")
    if not colon or kind not in KINDS:
        kind, name = ("model", target) if facts.agent is None else ("agent", facts.agent)
    known = _list_names(snapshot, kind)
    if name in known:
        return refusal
    suggestion = suggest_name(name, known)
    hint = f"did you mean {quote(suggestion)}?" if suggestion else _list_some(known)
    return msgspec.structs.replace(refusal, message=f"There is no {kind} {quote(name)}; {hint}")


def _list_names(snapshot: Snapshot, kind: str) -> tuple[str, ...]:
    names: dict[str, Iterable[str]] = {
        "agent": snapshot.agents,
        "interaction": snapshot.interactions,
        "task": snapshot.tasks,
        "model": snapshot.models,
    }
    return tuple(names[kind])


def _list_some(known: tuple[str, ...]) -> str:
    more = f" and {len(known) - MOST_NAMED} more" if len(known) > MOST_NAMED else ""
    return f"there are {', '.join(known[:MOST_NAMED]) or 'none'}{more}"
