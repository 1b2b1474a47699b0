"""Settles what serves a request, out of what may: the first that names a model, else the order of the candidates."""

from collections.abc import Iterator, Sequence

import msgspec

from pointsman.core.config.routing_plan import Rule
from pointsman.core.routing.candidates import Candidate
from pointsman.core.routing.case import Case, drop_exhausted
from pointsman.core.routing.decision import Attempt, DecidedBy, Decision, Drop
from pointsman.core.routing.experiments import find_keeper, pick_variant
from pointsman.core.routing.facts import UNSEEN
from pointsman.core.routing.find_check import find_check
from pointsman.core.routing.least_quality import say_unknown_quality
from pointsman.core.routing.order_candidates import (
    CHEAPER,
    SAVING,
    is_unfit_now,
    mark_lacking,
    order_candidates,
    put_fit_first,
)
from pointsman.core.routing.strategies.order import show_score


class Settled(msgspec.Struct, frozen=True):
    """What put a model first."""

    model: str
    by: DecidedBy
    name: str
    text: str
    variant: str = ""


def choose(case: Case) -> Decision:
    """The decision among the candidates that may serve; there is at least one."""
    settled = settle(case)
    notes: list[str] = []
    ordered, ordered_by = _order(case, settled, notes)
    first = ordered[0]
    settled = settled if settled and first.model.name == settled.model else None
    reason = settled or _explain_first(case, first, ordered_by)
    if reason.by == "strategy" and first.is_own:
        first.degraded = ""  # What is chosen on purpose stands in for nothing.
    attempts, exhausted = _cut(case, ordered)
    if first.lacking:
        notes.append(f"{first.model.name} lacks {', '.join(first.lacking)}")
    notes.extend(say_unknown_quality(first.model, case.facts, case.snapshot.routing))
    check = find_check(case, ordered)
    strategy, verdict, caller = case.strategy, case.asker.verdict, case.target.caller
    hedges = caller.hedges if caller and caller.hedges is not None else bool(strategy and strategy.hedges)
    caches = caller.caches if caller else case.snapshot.settings.caches
    return Decision(
        agent=caller,
        attempts=attempts,
        dropped=(*case.dropped, *exhausted),
        decided_by=reason.by,
        text=reason.text,
        name=reason.name,
        label=case.limits.label,
        stays_local=case.limits.stays_local,
        kept_local_by=case.limits.kept_local_by,
        strategy=strategy.name if strategy else "",
        confidence=_measure_lead(ordered) if reason.by == "strategy" else 1.0,
        check=check,
        hedges=hedges and case.target.kind != "forced" and case.facts.max_cost_nusd is None,
        caches=bool(strategy and strategy.caches) if caches is None else caches,
        fired=tuple(verdict.fired),
        failed=tuple(verdict.failed),
        notes=tuple(notes),
        variant=reason.variant,
    )


def settle(case: Case) -> Settled | None:
    """The first of all that may name the model, in the order of their weight, whose model may serve."""
    if case.target.kind == "forced":
        name = next(iter(case.target.own))
        return Settled(name, "forced", case.target.name, case.target.text)
    moved_back = case.asker.verdict.moved_back
    for settled in _list_namings(case):
        if settled.by != "override" and settled.model in moved_back and len(case.usable) > 1:
            continue
        candidate = case.take(settled.model, settled.text)
        if candidate is not None:
            candidate.degraded = ""
            return settled
    return None


def _list_namings(case: Case) -> Iterator[Settled]:
    """Everything that names a model for this request, the weightiest first."""
    facts, verdict, caller, plan = case.facts, case.asker.verdict, case.target.caller, case.snapshot.routing
    if facts.chosen is not None:
        chosen = facts.chosen
        yield Settled(chosen.model, "override", chosen.id, f"chosen by {chosen.author}: {chosen.reason or 'no reason'}")
    made = plan.overridden.get(caller.name) if caller else None
    if caller is not None and made is not None:
        yield Settled(caller.model, "override", made.id, made.text)
    for rule in verdict.named:
        yield _settle_by_rule(rule, "global_rule")
    for rule in verdict.own:
        yield _settle_by_rule(rule, "rule")
    if caller is not None and caller.budget_mode and _saves(case):
        text = f"budget mode is on, and {caller.budget_mode} is this caller's model for it"
        yield Settled(caller.budget_mode, "budget_mode", "budget_mode", text)
    experiment = plan.experiments.get(caller.name) if caller else None
    if caller is not None and experiment is not None:
        variant = pick_variant(experiment, facts)
        text = f'experiment "{experiment.name}": this {find_keeper(experiment, facts)} is in {variant}'
        yield Settled(experiment.models.get(variant, caller.model), "experiment", experiment.name, text, variant)
    for rule in verdict.preferred:
        yield _settle_by_rule(rule, "global_rule")


def _settle_by_rule(rule: Rule, by: DecidedBy) -> Settled:
    because = f" ({rule.because})" if rule.because else ""
    return Settled(rule.model or "", by, rule.name, f'rule "{rule.name}": {rule.condition.text}{because}')


def _saves(case: Case) -> bool:
    policy = case.facts.policy
    return bool(case.facts.value_of("budget_mode")) or (policy is not None and policy.budget_mode)


def _order(case: Case, settled: Settled | None, notes: list[str]) -> tuple[list[Candidate], str]:
    """All candidates in the order they would be tried, and the strategy or saving that ordered them."""
    if case.target.kind == "forced":
        ordered = list(case.usable.values())
        mark_lacking(case, ordered)
        put_fit_first(case, ordered)
        return ordered, ""
    ordered, ordered_by = order_candidates(case, notes)
    if settled is not None:
        ordered.sort(key=lambda candidate: candidate.model.name != settled.model)
    moved_back = case.asker.verdict.moved_back
    if moved_back:
        kept = settled.model if settled and settled.by == "override" else None
        ordered.sort(key=lambda candidate: candidate.model.name in moved_back and candidate.model.name != kept)
    put_fit_first(case, ordered)
    return ordered, ordered_by


def _explain_first(case: Case, first: Candidate, ordered_by: str) -> Settled:
    """What put the first candidate there when nothing names it: a rule that took others away, a strategy, or nobody."""
    target, verdict = case.target, case.asker.verdict
    wanted = _find_wanted(case)
    if wanted is not None and wanted != first.model.name:
        rule = verdict.moved_back.get(wanted) or verdict.banned.get(wanted)
        if rule is None and wanted not in case.usable:
            rule = verdict.stays_local
        if rule is not None:
            return _settle_by_rule(rule, "rule" if rule in verdict.denials else "global_rule")
    if ordered_by == CHEAPER:
        text = f'the cheapest first, because the budget "{case.facts.cheaper}" is used up'
        return Settled(first.model.name, "strategy", ordered_by, text)
    if ordered_by == SAVING:
        text = f'the saving "{SAVING}": the cheapest first'
        return Settled(first.model.name, "strategy", ordered_by, text)
    if ordered_by and first.is_own:
        text = f'strategy "{ordered_by}"'
        made = case.snapshot.routing.strategy_override
        if made is not None and ordered_by == case.snapshot.routing.strategy:
            text += f" ({made.text})"
        return Settled(first.model.name, "strategy", ordered_by, text)
    text = target.text
    if wanted is not None and wanted != first.model.name:
        text = f"{first.why}: {_tell_why_not(case, wanted)}"
    return Settled(first.model.name, target.kind, target.name, text)


def _find_wanted(case: Case) -> str | None:
    """The model that comes first unless something speaks against it, or `None` where all may."""
    if case.target.kind == "forced":
        return next(iter(case.target.own))
    return case.target.caller.model if case.target.caller is not None else None


def _tell_why_not(case: Case, name: str) -> str:
    """Why the caller's own model does not come first."""
    for drop in case.dropped:
        if drop.model == name:
            return f"{name} is {drop.reason}" if drop.reason.startswith("a ") else f"{name}: {drop.reason}"
    candidate = case.usable.get(name)
    if candidate is not None and is_unfit_now(case, candidate):
        rests = case.live.get(candidate.model.deployment.id, UNSEEN).cooling_ms > 0
        why = "rests after failures" if rests else "has used up a rate limit, or is too slow for the asked deadline"
        return f"{name} {why}"
    if candidate is not None and candidate.lacking:
        return f"{name} lacks {', '.join(candidate.lacking)}"
    return f"{name} is below the wanted quality"


def _measure_lead(ordered: Sequence[Candidate]) -> float:
    """The lead of the first over the best of the others, as a share of its own score."""
    first = ordered[0]
    if len(ordered) < 2 or not first.parts:
        return 1.0
    best = max([candidate.total for candidate in ordered[1:]])
    return round(max(0.0, (first.total - best) / first.total), 6) if first.total > 0 else 0.0


def _cut(case: Case, ordered: Sequence[Candidate]) -> tuple[tuple[Attempt, ...], list[Drop]]:
    """As many attempts as a request may have; the rest is dropped."""
    most = case.snapshot.settings.attempts
    strategy = case.strategy
    attempts = [Attempt(each.model, each.why, show_score(each, strategy), each.degraded) for each in ordered[:most]]
    return tuple(attempts), drop_exhausted([each.model.name for each in ordered[most:]], most)
