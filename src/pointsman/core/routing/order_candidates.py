"""Puts candidates in order: strategy, skills and quality first, then what names a model, then how they are doing."""

from collections.abc import Sequence

from pointsman.core.routing.candidates import OWN, Candidate
from pointsman.core.routing.case import Case
from pointsman.core.routing.facts import UNSEEN
from pointsman.core.routing.strategies.measures import MILLIONTHS, Field, expected_ms, quality_of
from pointsman.core.routing.strategies.order import SIMPLE_UP_TO, order_by_cost, order_by_score, put_location_first

UNKNOWN_COMPLEXITY = 5
SAVING = "use_cheaper_models_for_simple_tasks"
CHEAPER = "cheaper"
"""What orders by cost: a saving, and a budget that is used up and asks for that."""


def order_candidates(case: Case, notes: list[str]) -> tuple[list[Candidate], str]:
    """All candidates as they stand where nothing names one, and the strategy or saving that ordered them."""
    own = [candidate for candidate in case.usable.values() if candidate.degraded in OWN]
    rest = [candidate for candidate in case.usable.values() if candidate.degraded not in OWN]
    _put_local_alternative_first(case, own)
    ordered_by, field = "", None
    saving = SAVING if _is_cheap_enough(case) else CHEAPER if case.facts.cheaper is not None else ""
    if saving:
        own, rest, ordered_by = order_by_cost([*own, *rest], case.limits.tokens), [], saving
    elif case.strategy is not None and own:
        field = _survey(case, own)
        own, ordered_by = order_by_score(case.strategy, own, field), case.strategy.name
    _put_skilled_first(case, own)
    _put_skilled_first(case, rest)
    if case.strategy is not None and field is not None:
        put_location_first(case.strategy, own, field.complexity)
    ordered = [*own, *rest]
    _put_good_enough_first(case, ordered, notes)
    return ordered, ordered_by


def mark_lacking(case: Case, candidates: Sequence[Candidate]) -> bool:
    """Put down which of the caller's skills each candidate lacks; whether any are asked for."""
    wanted = case.target.caller.capabilities_required if case.target.caller else ()
    for candidate in candidates if wanted else ():
        candidate.lacking = tuple(skill for skill in wanted if skill not in candidate.model.capabilities)
    return bool(wanted)


def put_fit_first(case: Case, ordered: list[Candidate]) -> None:
    """Step 7: what cools down, has used up its rate limit or is too slow for the deadline is tried last."""
    if case.live or case.facts.timeout_ms is not None:
        ordered.sort(key=lambda candidate: is_unfit_now(case, candidate))


def is_unfit_now(case: Case, candidate: Candidate) -> bool:
    """Whether a candidate is better left alone for now."""
    target = case.live.get(candidate.model.deployment.id, UNSEEN)
    if target.cooling_ms or target.used >= 1:
        return True
    if case.facts.timeout_ms is None:
        return False
    time_ms = expected_ms(candidate.model, target, case.limits.tokens)
    return time_ms is not None and time_ms > case.facts.timeout_ms


def _put_local_alternative_first(case: Case, own: list[Candidate]) -> None:
    """Where locality is forced and the caller's own model falls, its local alternative takes the place."""
    caller, limits = case.target.caller, case.limits
    if caller is not None and (limits.stays_local or limits.local_budget) and caller.model not in case.usable:
        own.sort(key=lambda candidate: candidate.model.name != caller.local_alternative)


def _put_skilled_first(case: Case, candidates: list[Candidate]) -> None:
    """Skills count before any score: what a caller asks for by name is no matter of weights."""
    if mark_lacking(case, candidates):
        candidates.sort(key=lambda candidate: bool(candidate.lacking))


def _is_cheap_enough(case: Case) -> bool:
    """Whether the task is so simple that the cheapest model which is good enough takes it."""
    if not case.snapshot.routing.cheap_when_simple:
        return False
    complexity = case.facts.value_of("task.complexity")
    return isinstance(complexity, int) and complexity <= SIMPLE_UP_TO


def _survey(case: Case, candidates: Sequence[Candidate]) -> Field:
    complexity = case.facts.value_of("task.complexity")
    models = [candidate.model for candidate in candidates]
    return Field(
        models,
        [case.live.get(model.deployment.id, UNSEEN) for model in models] if case.live else [UNSEEN] * len(models),
        case.snapshot.routing,
        case.target.caller,
        case.limits.tokens,
        complexity if isinstance(complexity, int) else UNKNOWN_COMPLEXITY,
        case.limits.label,
        case.facts.timeout_ms,
        case.facts.budget_left_nusd,
    )


def _put_good_enough_first(case: Case, ordered: list[Candidate], notes: list[str]) -> None:
    """Models below the wanted quality come last; of its own models a caller's word counts unless one is said to be bad.

    Nothing is measured yet, so what is declared stands in, and the tier for models that nobody asked for by name.
    """
    caller = case.target.caller
    threshold = caller.quality_threshold if caller else case.snapshot.routing.quality_threshold
    if threshold is None:
        return

    def is_too_bad(candidate: Candidate) -> bool:
        declared = candidate.model.quality
        if declared is not None:
            return declared < threshold
        if caller is not None and candidate.is_own:
            return False
        quality = quality_of(candidate.model, case.snapshot.routing)
        return quality is not None and quality < threshold / MILLIONTHS

    ordered.sort(key=is_too_bad)
    notes.append(
        f"quality {threshold / MILLIONTHS:g} is wanted; none is measured yet, so declared quality and tier count"
    )
