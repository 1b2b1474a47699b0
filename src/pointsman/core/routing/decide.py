"""`decide(snapshot, facts, live)`: pure, total, deterministic; the same values give the same decision anywhere.

What is dropped first comes back by nothing that follows: each later step only orders what is left.
"""

from collections.abc import Iterator, Mapping

import msgspec

from pointsman.core.config.routing_plan import Rule, StrategyPlan
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.expressions.facts import Value
from pointsman.core.privacy.labels import Label, raise_label
from pointsman.core.routing.candidates import Candidate, list_cascade
from pointsman.core.routing.case import Case, drop_banned, drop_unknown
from pointsman.core.routing.choose import choose
from pointsman.core.routing.constraints import Constraints, refuse, refuse_by_budget
from pointsman.core.routing.decision import Decision, Degraded, Refusal
from pointsman.core.routing.estimate_cost import USUAL_INPUT_TOKENS, ExpectedTokens, expect_tokens
from pointsman.core.routing.facts import CHAT, NOTHING_SEEN, UNSEEN, Facts, LiveView
from pointsman.core.routing.find_target import Target, find_beside, find_target
from pointsman.core.routing.keeper import name_keeper
from pointsman.core.routing.plain import decide_plainly
from pointsman.core.routing.rules import Asker, Verdict, ask_naming, ask_own, ask_restrictive, ask_switching
from pointsman.core.routing.same_vectors import keep_comparable

BALANCED = "balanced"
"""The strategy for requests that leave everything open where none is set."""

_PRIMARY, _PREMIUM = "primary_unavailable", "all_premium_models_unavailable"
_NOTHING: frozenset[str] = frozenset()


def decide(snapshot: Snapshot, facts: Facts, live: LiveView = NOTHING_SEEN) -> Decision | Refusal:
    """Choose the models that may serve a request, in order.

    Args:
        snapshot: the configuration that the request sees.
        facts: all that is known of the request.
        live: how the deployments are doing.
    """
    plain = decide_plainly(snapshot, facts, live)
    return plain if plain is not None else decide_fully(snapshot, facts, live)


def decide_fully(snapshot: Snapshot, facts: Facts, live: LiveView) -> Decision | Refusal:
    """All steps, one after the other; a plain request would come out of them as `decide_plainly` says."""
    target = find_target(snapshot, facts)
    if isinstance(target, Refusal):
        return target
    case = _open_case(snapshot, facts, live, target)
    if case.asker.verdict.denied is None:
        _sort_out(case)
        _ask_own_rules(case)
    if case.asker.verdict.denied is not None:
        return _refuse_by_rule(case, case.asker.verdict.denied)
    if facts.denied_by is not None:
        return _tell_rules(refuse_by_budget(facts.denied_by, case.limits.label), case)
    if not case.usable:
        return _refuse_for_lack(case)
    if snapshot.routing.rules and target.kind != "forced":
        ask_naming(case.asker, snapshot.routing.rules, next(iter(case.usable.values())).model, case.can_use)
        ask_switching(case.asker, snapshot.routing.rules, case.usable_models)
    if facts.operation == "embeddings":
        keep_comparable(case)
        if not case.usable:
            return _refuse_for_lack(case)
    return choose(case)


def _open_case(snapshot: Snapshot, facts: Facts, live: LiveView, target: Target) -> Case:
    """Ask what restricts, and put down every constraint that follows."""
    plan, caller = snapshot.routing, target.caller
    label = label_request(snapshot, facts, caller)
    strategy = _find_strategy(snapshot, facts, target)
    asker = Asker(plan, _complete_values(snapshot, facts, live, target, label), live)
    about_candidates = ask_restrictive(asker, plan.rules) if plan.rules else ()
    why_local = _find_reason_to_stay(snapshot, facts, target, label, strategy, asker.verdict)
    limits = Constraints(
        facts=facts,
        label=label,
        stays_local=why_local,
        kept_local_by=name_keeper(facts, caller, strategy, asker.verdict) if why_local is not None else "",
        only=strategy.only if strategy else None,
        local_budget=_find_spent_budget(snapshot, facts, strategy),
        tokens=_expect_tokens(facts, caller),
        caller=caller,
    )
    return Case(snapshot, facts, live, target, asker, limits, strategy, about_candidates)


def _expect_tokens(facts: Facts, caller: Agent | None) -> ExpectedTokens:
    if facts.operation == CHAT:
        return expect_tokens(facts.most_tokens or facts.tokens, facts.most_output_tokens, caller, facts.learned)
    return ExpectedTokens(facts.tokens or USUAL_INPUT_TOKENS, 0, 0, 0, is_limited=False)


def label_request(snapshot: Snapshot, facts: Facts, caller: Agent | None) -> Label:
    """How private a request is, all told: what is said and found, and what caller and an agent beside it want."""
    beside = find_beside(snapshot, facts, caller)
    floor = caller.privacy if caller else snapshot.settings.privacy
    if beside is not None:
        floor = raise_label(floor, beside.privacy)
    return facts.label if floor == "low" else raise_label(facts.label, floor)


def _list_candidates(snapshot: Snapshot, target: Target) -> Iterator[tuple[str, str, Degraded]]:
    """Every model that the request may end up on by itself: the caller's own, then those of the tiers."""
    plan, caller = snapshot.routing, target.caller
    stands_in: Degraded = ""
    for name, why in target.own.items():
        yield name, why, stands_in
        stands_in = "fallback" if caller or target.kind == "forced" else ""
    if caller is None or target.kind == "forced":
        return
    if plan.tiers or plan.fallback_strategy == "maximum_resilience":
        yield from list_cascade(plan, snapshot, caller.model)


def _complete_values(
    snapshot: Snapshot, facts: Facts, live: LiveView, target: Target, label: Label
) -> Mapping[str, Value | None]:
    """The facts that conditions are asked about; nothing is put together where there is no rule."""
    plan, caller = snapshot.routing, target.caller
    own_reads = plan.agent_reads.get(caller.name, _NOTHING) if caller else _NOTHING
    if not plan.rules and not own_reads:
        return plan.facts.defaults
    values: dict[str, Value | None] = {**plan.facts.defaults, **(facts.given or {}), "task.privacy_level": label}
    if caller is not None and (_PRIMARY in plan.reads or _PRIMARY in own_reads):
        values[_PRIMARY] = is_unavailable(snapshot, live, caller.model)
    if plan.tiers and (_PREMIUM in plan.reads or _PREMIUM in own_reads):
        values[_PREMIUM] = all(is_unavailable(snapshot, live, name) for name in plan.tiers[0])
    return values


def is_unavailable(snapshot: Snapshot, live: LiveView, name: str) -> bool:
    """Whether a model cannot be used now, as conditions speak of it."""
    model = snapshot.models.get(name)
    return model is None or not model.enabled or live.get(model.deployment.id, UNSEEN).cooling_ms > 0


def _find_strategy(snapshot: Snapshot, facts: Facts, target: Target) -> StrategyPlan | None:
    """The strategy that orders the candidates, if one is asked for or set; without any caller there always is one."""
    plan = snapshot.routing
    asked = plan.strategies.get(facts.strategy) if facts.strategy is not None else None
    name = plan.strategy or (BALANCED if target.kind == "strategy" else None)
    return asked or (plan.strategies.get(name) if name is not None else None)


def _find_reason_to_stay(
    snapshot: Snapshot, facts: Facts, target: Target, label: Label, strategy: StrategyPlan | None, verdict: Verdict
) -> str | None:
    """Why nothing of this request may go to a cloud model, or `None` when it may."""
    stated = target.caller.stays_local if target.caller else snapshot.settings.stays_local
    if stated is not None:
        return stated
    if label == "high":
        return f"its label is high{f', {facts.label_because}' if facts.label_because else ''}"
    if verdict.stays_local is not None:
        return f'the rule "{verdict.stays_local.name}" applies'
    if snapshot.routing.local_for_pii and facts.value_of("data.contains_pii"):
        return "it holds personal data, and routing.require_local_for_pii is true"
    if strategy is not None and strategy.only == "local":
        return f'the strategy "{strategy.name}" allows local models only'
    return None


def _find_spent_budget(snapshot: Snapshot, facts: Facts, strategy: StrategyPlan | None) -> str | None:
    """The budget that leaves local models only; that of the strategy that is set counts whatever else is asked for."""
    if facts.local_only is not None:
        return f'the budget "{facts.local_only}" is used up'
    for each in (snapshot.routing.strategies.get(snapshot.routing.strategy or ""), strategy):
        if each is not None and each.cloud_budget_nusd is not None and facts.cloud_today_nusd >= each.cloud_budget_nusd:
            return f'the daily cloud budget of the strategy "{each.name}" is used up'
    return None


def _sort_out(case: Case) -> None:
    """Divide the candidates into those that may serve and those that may not."""
    for name, why, degraded in _list_candidates(case.snapshot, case.target):
        if name in case.named:
            continue
        case.named.add(name)
        model = case.snapshot.models.get(name)
        drop = case.find_drop(name, model)
        if drop is not None or model is None:
            case.dropped.append(drop or drop_unknown(name))
        else:
            case.usable[name] = Candidate(model, why, degraded)


def _ask_own_rules(case: Case) -> None:
    """Ask the caller's rules, and take away what they ban."""
    caller = case.target.caller
    rules = case.snapshot.routing.agent_rules.get(caller.name, ()) if caller else ()
    if not rules:
        return
    ask_own(case.asker, rules, case.usable_models, case.can_use)
    for name, rule in case.asker.verdict.banned.items():
        if case.usable.pop(name, None) is not None:
            case.dropped.append(drop_banned(name, rule))


def _refuse_by_rule(case: Case, rule: Rule) -> Refusal:
    because = f": {rule.because}" if rule.because else ""
    if rule.name in case.asker.verdict.failed:
        because += " (its condition could not be asked, and then it counts)"
    message = f'The rule "{rule.name}" refuses this request{because}.'
    return _tell_rules(Refusal("denied_by_rule", message, tuple(case.dropped), case.limits.label), case)


def _refuse_for_lack(case: Case) -> Refusal:
    return _tell_rules(refuse(case.target.title, case.dropped, case.limits), case)


def _tell_rules(refusal: Refusal, case: Case) -> Refusal:
    """Tell which rules applied, and which could not be asked."""
    verdict = case.asker.verdict
    kept_local_by = (case.limits.kept_local_by or "label") if refusal.code == "privacy_unavailable" else ""
    return msgspec.structs.replace(
        refusal, fired=tuple(verdict.fired), failed=tuple(verdict.failed), kept_local_by=kept_local_by
    )
