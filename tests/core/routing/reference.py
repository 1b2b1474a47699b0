"""`decide` once more, slowly: written from the specification alone, in its order, with lists and loops only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from reference_desk import (
    OWN,
    Desk,
    ask_own_rules,
    can_serve,
    choose_refusal,
    find_target,
    holds,
    settle_hard_constraints,
)
from reference_scores import fits_now, order_by_cost, order_by_strategy, prefer_location, quality_of

from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.routing.experiments import pick_variant
from pointsman.core.routing.facts import Facts, LiveTarget

Naming = tuple[str, str, str, str]
"""A model that something names, by what, called how, and of which variant."""
Listed = list[tuple[Model, str]]


@dataclass(frozen=True)
class Answer:
    """What can be compared: a refusal's code, or the order and who settled it."""

    refusal: str = ""
    order: tuple[str, ...] = ()
    degraded: tuple[str, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    decided_by: str = ""
    name: str = ""
    label: str = "low"
    variant: str = ""
    check: tuple[str | None, int | None] | None = None


def decide_slowly(snapshot: Snapshot, facts: Facts, live: Mapping[str, LiveTarget]) -> Answer:
    """The eight steps of the specification, one after the other."""
    desk = Desk(snapshot, facts, live)
    if not find_target(desk):
        return Answer("model_not_found")
    if settle_hard_constraints(desk) or ask_own_rules(desk):
        return Answer("denied_by_rule", label=desk.label)
    if facts.denied_by is not None:
        return Answer("budget_exceeded", label=desk.label)
    if not desk.usable:
        return Answer(choose_refusal(desk), dropped=tuple(sorted(desk.dropped)), label=desk.label)
    return put_in_order(desk)


def put_in_order(desk: Desk) -> Answer:
    """Steps 1 to 7 from the back: the weakest word orders first, each stronger one moves its models before the rest."""
    moved_back = list_moved_back(desk)
    settled = next((each for each in list_namings(desk, moved_back) if can_serve(desk, each[0])), None)
    if settled is not None:  # what is named stands in for nothing, and is no model of the tiers any more
        desk.usable = [(model, "" if model.name == settled[0] else how) for model, how in desk.usable]
    by, ordered = "", list(desk.usable)
    if desk.kind != "forced":
        ordered, by = order_without_namings(desk)
        if settled is not None:
            named = [each for each in ordered if each[0].name == settled[0]]
            ordered = named + [each for each in ordered if each not in named]
        kept = settled[0] if settled is not None and settled[1] == "override" else ""
        back = [each for each in ordered if each[0].name in moved_back and each[0].name != kept]
        ordered = [each for each in ordered if each not in back] + back
        unfit = [each for each in ordered if not fits_now(each[0], desk.facts, desk.live, desk.caller)]
        ordered = [each for each in ordered if each not in unfit] + unfit
    first = ordered[0][0].name
    if settled is not None and settled[0] == first:
        _, decided_by, name, variant = settled
    else:
        decided_by, name, variant = *explain_first(desk, ordered[0], by, moved_back), ""
        if decided_by == "strategy" and ordered[0][1] == "fallback":
            ordered[0] = (ordered[0][0], "")
    most = desk.snapshot.settings.attempts
    dropped = desk.dropped + [(model.name, "attempts_exhausted") for model, _ in ordered[most:]]
    return Answer(
        order=tuple(model.name for model, _ in ordered[:most]),
        degraded=tuple(how for _, how in ordered[:most]),
        dropped=tuple(sorted(dropped)),
        decided_by=decided_by,
        name=name,
        label=desk.label,
        variant=variant,
        check=find_check(desk, [model for model, _ in ordered]),
    )


def list_moved_back(desk: Desk) -> dict[str, str]:
    """Step 3, the other rules over all callers: what `switch_to_fallback` puts behind everything else."""
    moved: dict[str, str] = {}
    if desk.kind == "forced":
        return moved
    first = desk.usable[0][0]
    for rule in desk.snapshot.routing.rules:
        if rule.action in ("use", "prefer") and holds(desk, rule, first if rule.per_candidate else None):
            can_serve(desk, rule.model or "")
    for rule in desk.snapshot.routing.rules:
        if rule.action == "switch_to_fallback":
            for model, _ in desk.usable if rule.per_candidate else [(first, "")]:
                if holds(desk, rule, model if rule.per_candidate else None):
                    moved.setdefault(model.name, rule.name)
    return moved


def list_namings(desk: Desk, moved_back: dict[str, str]) -> Iterator[Naming]:
    """Whatever names a model, the strongest first; one that is moved back is named by people only."""
    facts, caller, plan = desk.facts, desk.caller, desk.snapshot.routing
    if desk.kind == "forced":
        forced = facts.forced
        is_task = forced is not None and forced.model in desk.snapshot.models
        yield desk.named[0][0], "forced", forced.id if forced and is_task else desk.named[0][0], ""
        return
    first = desk.usable[0][0]
    if facts.chosen is not None:
        yield facts.chosen.model, "override", facts.chosen.id, ""
    if caller is not None and caller.name in plan.overridden:
        yield caller.model, "override", plan.overridden[caller.name].id, ""
    weaker: list[Naming] = []
    fired = [rule for rule in plan.rules if rule.model and holds(desk, rule, first if rule.per_candidate else None)]
    weaker += [(rule.model or "", "global_rule", rule.name, "") for rule in fired if rule.action == "use"]
    weaker += [(rule.model or "", "rule", rule.name, "") for rule in desk.own_named]
    saves = facts.value_of("budget_mode") or (facts.policy is not None and facts.policy.budget_mode)
    if caller is not None and caller.budget_mode and saves:
        weaker.append((caller.budget_mode, "budget_mode", "budget_mode", ""))
    experiment = plan.experiments.get(caller.name) if caller else None
    if caller is not None and experiment is not None:
        variant = pick_variant(experiment, facts)
        weaker.append((experiment.models.get(variant, caller.model), "experiment", experiment.name, variant))
    weaker += [(rule.model or "", "global_rule", rule.name, "") for rule in fired if rule.action == "prefer"]
    for naming in weaker:
        if naming[0] not in moved_back or len(desk.usable) == 1:
            yield naming


def order_without_namings(desk: Desk) -> tuple[Listed, str]:
    """Steps 5 and 6: strategy, skills, tiers, and the floor of quality; with the name of what ordered them."""
    caller, plan = desk.caller, desk.snapshot.routing
    own = [each for each in desk.usable if each[1] in OWN]
    rest = [each for each in desk.usable if each[1] not in OWN]
    wanted = caller.capabilities_required if caller else ()
    lacking = [model.name for model, _ in desk.usable if any(skill not in model.capabilities for skill in wanted)]

    def put_skilled_first(listed: Listed) -> Listed:
        return [e for e in listed if e[0].name not in lacking] + [e for e in listed if e[0].name in lacking]

    forced_local = desk.stays_local or desk.is_cloud_spent()
    if caller is not None and caller.model not in desk.names() and forced_local:
        alternative = caller.local_alternative
        own = [e for e in own if e[0].name == alternative] + [e for e in own if e[0].name != alternative]
    complexity = desk.facts.value_of("task.complexity")
    by = ""
    if plan.cheap_when_simple and isinstance(complexity, int) and complexity <= 3:
        by = "use_cheaper_models_for_simple_tasks"
    elif desk.facts.cheaper is not None:
        by = "cheaper"
    if by:
        ordered = put_skilled_first(order_by_cost(own + rest, desk.facts, caller))
    else:
        if desk.strategy is not None and own:
            by = desk.strategy.name
            own = order_by_strategy(desk, own)
        own = put_skilled_first(own)
        location = prefer_location(desk.strategy, desk.complexity) if desk.strategy and by else None
        there = [e for e in own if e[0].deployment.location == location]
        ordered = there + [e for e in own if e not in there] + put_skilled_first(rest)
    floor = caller.quality_threshold if caller else plan.quality_threshold
    if floor is not None:
        bad = []
        for model, how in ordered:
            own_word_counts = caller is not None and how in OWN and model.quality is None
            quality = quality_of(model, plan)
            if not own_word_counts and quality is not None and quality < floor / 1_000_000:
                bad.append(model.name)
        ordered = [e for e in ordered if e[0].name not in bad] + [e for e in ordered if e[0].name in bad]
    return ordered, by


def explain_first(desk: Desk, first: tuple[Model, str], by: str, moved_back: dict[str, str]) -> tuple[str, str]:
    """Who put a model first that nobody names: a rule that took the caller's own away, the strategy, or the caller."""
    caller = desk.caller
    if caller is not None and caller.model != first[0].name:
        if caller.model in moved_back:
            return "global_rule", moved_back[caller.model]
        ban = desk.bans.get(caller.model)
        if ban is not None:
            return ("rule" if ban in desk.own_denials else "global_rule"), ban.name
        if caller.model not in desk.names() and desk.local_rule is not None:
            return "global_rule", desk.local_rule.name
    if by and (first[1] in OWN or by in ("use_cheaper_models_for_simple_tasks", "cheaper")):
        return "strategy", by
    if caller is None:
        return "strategy", "auto"
    return desk.kind, caller.name.partition(":")[2] or caller.name


def find_check(desk: Desk, ordered: list[Model]) -> tuple[str | None, int | None] | None:
    """Whether a cloud model looks at the answer of a local one, and below which confidence only."""
    first, below = ordered[0], None
    tried = ordered[: desk.snapshot.settings.attempts]
    shown: list[Model] = []
    wanted = False
    for rule in desk.snapshot.routing.rules:
        meant = [model for model in tried if holds(desk, rule, model if rule.per_candidate else None)]
        if rule.action == "require_cloud_verification" and meant:
            wanted, shown = True, [model for model in meant if model.deployment.location == "local"]
            break
    if not wanted:
        shown = [first]
        if desk.strategy is None or desk.strategy.least_confidence is None or first.deployment.location == "cloud":
            return None
        below = desk.strategy.least_confidence
    later = ordered[ordered.index(shown[0]) :] if shown else []
    clouds = [model.name for model in later + ordered if model.deployment.location == "cloud"]
    return (clouds[0] if clouds and shown and not desk.stays_local else None), below
