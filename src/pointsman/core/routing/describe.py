"""An explanation as CLI, admin API and console give it: the names that scripts rely on, generated in this one place."""

from collections.abc import Sequence

import msgspec

from pointsman.core.chat.usage import Usage
from pointsman.core.expressions.facts import Value
from pointsman.core.routing.changes_of_facts import list_read
from pointsman.core.routing.decision import Attempt, Check, Decision, Drop, Refusal
from pointsman.core.routing.describe_cost import CostView, PricesView, Size, describe_cost, describe_prices, find_size
from pointsman.core.routing.explain import Explanation
from pointsman.core.routing.flips import Flip
from pointsman.core.routing.hypothesis import Hypothesis, read_fact
from pointsman.core.routing.strategies.measures import MILLIONTHS

FactValue = bool | int | float | str | list[str] | None


class RefusedView(msgspec.Struct, frozen=True):
    """The error that the client would get."""

    code: str
    message: str


class ReasonView(msgspec.Struct, frozen=True):
    """What settled the first attempt: `agent`, `rule`, `strategy` and so on, its name, and a sentence."""

    kind: str
    name: str
    text: str


class AttemptView(msgspec.Struct, frozen=True):
    """A model at its place of the order; `score` has the weighted parts and their `total` where scores were asked for.

    `degraded` says how far below the caller's own choice it stands: `fallback`, `same_tier`, `lower_tier`, `other`.
    """

    model: str
    provider: str
    deployment: str
    why: str
    score: dict[str, float]
    location: str = ""
    degraded: str = ""
    estimated_cost_usd: CostView | None = None
    price_per_1m_tokens: PricesView | None = None
    context_window: int | None = None
    capabilities: tuple[str, ...] = ()


class DropView(msgspec.Struct, frozen=True):
    """A candidate that is left out."""

    model: str
    code: str
    reason: str


class FlipView(msgspec.Struct, frozen=True):
    """A change of one fact that leads to another first model; `null` stands for a refusal."""

    fact: str
    before: FactValue = msgspec.field(name="from")
    after: FactValue = msgspec.field(name="to")
    model: str | None


class RulesView(msgspec.Struct, frozen=True):
    """The rules whose conditions held, and those that could not be asked."""

    fired: tuple[str, ...]
    failed: tuple[str, ...]


class CheckView(msgspec.Struct, frozen=True):
    """The cloud model that a local answer is shown to, or why it is not; `only_below` is a confidence.

    `shown` are the attempts whose answers are checked.
    """

    rule: str
    model: str | None
    skipped: str
    only_below: float | None
    shown: tuple[str, ...]


class ExplanationView(msgspec.Struct, frozen=True):
    """A decision with all that can be told about it; `docs/explain.md` says what each member means."""

    model: str | None
    refused: RefusedView | None
    decided_by: ReasonView | None
    attempts: tuple[AttemptView, ...]
    further: tuple[AttemptView, ...]
    dropped: tuple[DropView, ...]
    estimated_cost_usd: CostView | None
    estimated_tokens: dict[str, int]
    size_assumed: bool
    confidence: float | None
    flips: tuple[FlipView, ...]
    flips_complete: bool
    facts: dict[str, FactValue]
    estimated: tuple[str, ...]
    rules: RulesView
    label: str
    stays_local: str | None
    strategy: str | None
    check: CheckView | None
    variant: str | None
    notes: tuple[str, ...]
    environment: str
    revision: str


def describe(explanation: Explanation, used: Usage | None = None) -> ExplanationView:
    """The explanation for machines.

    Args:
        explanation: what is told.
        used: what a past request really came to; its costs are told by that where nobody had looked at its length.
    """
    hypothesis, answer = explanation.hypothesis, explanation.answer
    decision = answer if isinstance(answer, Decision) else None
    size = find_size(hypothesis.facts, decision.agent if decision else hypothesis.caller, used)
    attempts = _describe_attempts(decision.attempts if decision else (), size)
    return ExplanationView(
        model=attempts[0].model if attempts else None,
        refused=RefusedView(answer.code, answer.message) if isinstance(answer, Refusal) else None,
        decided_by=ReasonView(decision.decided_by, decision.name, decision.text) if decision else None,
        attempts=attempts,
        further=_describe_attempts(explanation.further, size),
        dropped=tuple(map(_describe_drop, answer.dropped)),
        estimated_cost_usd=attempts[0].estimated_cost_usd if attempts else None,
        estimated_tokens=size.tokens,
        size_assumed=size.is_assumed,
        confidence=decision.confidence if decision else None,
        flips=tuple(map(_describe_flip, explanation.flips.found)),
        flips_complete=explanation.flips.is_complete,
        facts=_describe_facts(hypothesis),
        estimated=_list_estimated(hypothesis),
        rules=RulesView(answer.fired, answer.failed),
        label=answer.label,
        stays_local=decision.stays_local if decision else None,
        strategy=decision.strategy or None if decision else None,
        check=_describe_check(decision.check) if decision and decision.check else None,
        variant=decision.variant or None if decision else None,
        notes=explanation.notes,
        environment=hypothesis.snapshot.environment,
        revision=hypothesis.snapshot.revision,
    )


def _describe_attempts(attempts: Sequence[Attempt], size: Size) -> tuple[AttemptView, ...]:
    return tuple(_describe_attempt(attempt, size) for attempt in attempts)


def _describe_attempt(attempt: Attempt, size: Size) -> AttemptView:
    model = attempt.model
    return AttemptView(
        model=model.name,
        provider=model.deployment.provider,
        deployment=model.deployment.id,
        why=attempt.why,
        score=dict(attempt.score),
        location=model.deployment.location,
        degraded=attempt.degraded,
        estimated_cost_usd=describe_cost(model, size),
        price_per_1m_tokens=describe_prices(model),
        context_window=model.context_window,
        capabilities=model.capabilities,
    )


def _describe_drop(drop: Drop) -> DropView:
    return DropView(drop.model, drop.code, drop.reason)


def _describe_flip(flip: Flip) -> FlipView:
    return FlipView(
        fact=flip.fact, before=describe_value(flip.before), after=describe_value(flip.after), model=flip.model
    )


def _describe_check(check: Check) -> CheckView:
    only_below = None if check.only_below is None else check.only_below / MILLIONTHS
    return CheckView(check.rule, check.model.name if check.model else None, check.skipped, only_below, check.shown)


def _describe_facts(hypothesis: Hypothesis) -> dict[str, FactValue]:
    """What is asked for, what rules and scores read, and what is stated beside that."""
    facts, table = hypothesis.facts, hypothesis.snapshot.routing.facts.facts
    names = {*list_read(hypothesis), *(facts.given or {}), *_list_estimated(hypothesis)}
    described: dict[str, FactValue] = {"target": facts.target, "agent": facts.agent}
    for name, fact in table.items():
        if name in names:
            described[name] = describe_value(read_fact(hypothesis, fact))
    return described


def describe_value(value: Value | None) -> FactValue:
    """A fact's value in JSON; tags in the order of the alphabet."""
    return sorted(value) if isinstance(value, frozenset) else value


def _list_estimated(hypothesis: Hypothesis) -> tuple[str, ...]:
    """Facts that nobody stated; a complexity that is read without being given has a usual value."""
    facts, plan = hypothesis.facts, hypothesis.snapshot.routing
    weighs = (facts.strategy or plan.strategy) is not None or plan.cheap_when_simple
    is_read = weighs or "task.complexity" in list_read(hypothesis)
    if is_read and "task.complexity" not in (facts.given or {}):
        return (*facts.estimated, "task.complexity")
    return facts.estimated
