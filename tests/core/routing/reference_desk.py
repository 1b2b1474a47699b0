"""The slow reference, steps 0 to 4: who asks, what may serve at all, and what the caller's own rules say."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reference_scores import most_cost_nusd, stated_limit

from pointsman.core.config.routing_plan import Rule, StrategyPlan
from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.expressions.condition import EvaluationError
from pointsman.core.expressions.facts import Value
from pointsman.core.privacy.labels import Label
from pointsman.core.routing.facts import Facts, LiveTarget

RANKS = {"low": 0, "medium": 1, "high": 2}
OWN = ("", "fallback")
"""Candidates that the caller names itself, or that a rule or a person names for it."""


@dataclass
class Desk:
    """One request while it is worked on."""

    snapshot: Snapshot
    facts: Facts
    live: Mapping[str, LiveTarget]
    kind: str = ""
    caller: Agent | None = None
    named: list[tuple[str, str]] = field(default_factory=list)
    label: Label = "low"
    strategy: StrategyPlan | None = None
    stays_local: bool = False
    usable: list[tuple[Model, str]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    local_rule: Rule | None = None
    bans: dict[str, Rule] = field(default_factory=dict)
    own_denials: list[Rule] = field(default_factory=list)
    own_named: list[Rule] = field(default_factory=list)

    def models(self) -> list[Model]:
        return [model for model, _ in self.usable]

    def names(self) -> list[str]:
        return [model.name for model, _ in self.usable]

    def is_cloud_spent(self) -> bool:
        """Whether a budget leaves local models only; that of the strategy that is set counts whatever else is asked."""
        plan, facts = self.snapshot.routing, self.facts
        limits = [each.cloud_budget_nusd for each in (self.strategy, plan.strategies.get(plan.strategy or "")) if each]
        spent = facts.cloud_today_nusd
        return facts.local_only is not None or any(limit is not None and spent >= limit for limit in limits)

    def is_closed(self, model: Model) -> bool:
        """Whether a budget over the cloud, the provider or the model takes it away."""
        place = model.deployment
        own = {"model": model.name, "provider": place.provider, "cloud": ""}
        for closed in self.facts.closed:
            is_meant = own[closed.kind] == closed.name and (closed.kind != "cloud" or place.location == "cloud")
            if is_meant and not (closed.spares_local and place.location == "local"):
                return True
        return False

    @property
    def complexity(self) -> int:
        stated = self.facts.value_of("task.complexity", 5)
        assert isinstance(stated, int)
        return stated


def find_target(desk: Desk) -> bool:
    """Who asks, and for which models; false where there is no such thing."""
    snapshot, facts = desk.snapshot, desk.facts
    wanted = snapshot.aliases.get(facts.target, facts.target)
    listed = facts.policy.models if facts.policy is not None else ()
    if listed and facts.target not in listed and wanted not in listed:
        return False
    callers = {f"agent:{name}": agent for name, agent in snapshot.agents.items()}
    callers |= {agent.name: agent for agent in (*snapshot.interactions.values(), *snapshot.tasks.values())}
    kind = wanted.split(":")[0] if ":" in wanted and wanted.split(":")[0] in ("agent", "interaction", "task") else ""
    if kind:
        desk.caller, desk.kind = callers.get(wanted), kind
    elif facts.agent is not None:
        desk.caller, desk.kind = callers.get(f"agent:{facts.agent}"), "agent"
    elif wanted == "auto":
        desk.caller, desk.kind = callers.get(f"task:{facts.value_of('task.type')}"), "task"
    if desk.caller is None and (kind or facts.agent is not None):
        return False
    if facts.forced is not None and facts.forced.model in snapshot.models:
        desk.kind, desk.named = "forced", [(facts.forced.model, "")]
    elif kind or wanted == "auto":
        if desk.caller is None:
            desk.kind, desk.named = "strategy", [(name, "") for name in snapshot.models]
        else:
            desk.named = list_candidates(desk, desk.caller)
    else:
        desk.kind, desk.named = "forced", [(wanted, "")]
        return wanted in snapshot.models and snapshot.models[wanted].enabled
    return True


def list_candidates(desk: Desk, caller: Agent) -> list[tuple[str, str]]:
    """Ruling 10, then the tiers; each model once."""
    plan = desk.snapshot.routing
    experiment = plan.experiments.get(caller.name)
    own = [caller.model, *caller.fallback, caller.local_alternative, caller.budget_mode]
    own += list(experiment.models.values()) if experiment else []
    listed = [(name, "fallback") for name in own if name]
    listed[0] = (caller.model, "")
    tier = plan.tier_of.get(caller.model)
    same: list[str] = []
    lower: list[str] = []
    higher: list[str] = []
    for number, names in enumerate(plan.tiers, start=1):
        if number == tier and plan.fallback_strategy == "quick_degradation":
            higher += names
        elif number == tier:
            same += names
        elif tier is None or number > tier:
            lower += names
        else:
            higher += names
    listed += [(name, "same_tier") for name in same] + [(name, "lower_tier") for name in lower]
    if plan.fallback_strategy == "maximum_resilience":
        listed += [(name, "other") for name in (higher if plan.tiers else desk.snapshot.models)]
    seen: list[str] = []
    return [(name, how) for name, how in listed if name not in seen and not seen.append(name)]  # type: ignore[func-returns-value]


def settle_hard_constraints(desk: Desk) -> bool:
    """Step 0; true when a rule over all callers denies the request."""
    snapshot, facts, caller, plan = desk.snapshot, desk.facts, desk.caller, desk.snapshot.routing
    floor = caller.privacy if caller else snapshot.settings.privacy
    beside = snapshot.agents.get(facts.agent or "")
    labels = (facts.label, floor, beside.privacy if beside else "low")
    desk.label = max(labels, key=lambda label: RANKS[label])
    asked = plan.strategies.get(facts.strategy or "")
    desk.strategy = asked or plan.strategies.get(plan.strategy or "")
    if desk.strategy is None and desk.kind == "strategy":
        desk.strategy = plan.strategies.get("balanced")
    denied = False
    desk.stays_local = (
        (caller.stays_local if caller else snapshot.settings.stays_local) is not None
        or desk.label == "high"
        or (plan.local_for_pii and bool(facts.value_of("data.contains_pii")))
        or (desk.strategy is not None and desk.strategy.only == "local")
    )
    for rule in plan.rules:
        if rule.per_candidate or not restricts(rule) or not holds(desk, rule, None):
            continue
        if rule.action == "deny":
            denied = True
        else:
            desk.stays_local, desk.local_rule = True, desk.local_rule or rule
    if not denied:
        for name, how in desk.named:
            take(desk, name, how)
    return denied


def take(desk: Desk, name: str, how: str) -> bool:
    """Put a model among those that may serve, or among the dropped."""
    code = find_drop(desk, name)
    if code:
        desk.dropped.append((name, code))
    else:
        desk.usable.append((desk.snapshot.models[name], how))
    return not code


def find_drop(desk: Desk, name: str) -> str:
    """The first of all reasons why a model may not serve, or `""`."""
    snapshot, facts, caller, plan = desk.snapshot, desk.facts, desk.caller, desk.snapshot.routing
    model = snapshot.models.get(name)
    if model is None:
        return "model_unavailable"
    is_cloud = model.deployment.location == "cloud"
    needed = facts.tokens + (stated_limit(facts, caller) or 0)
    skills = caller.capabilities_required if caller and caller.strict_capabilities else ()
    most_cost = most_cost_nusd(model, facts, caller)
    banning = [rule for rule in plan.rules if restricts(rule) and (rule.action == "deny" or is_cloud)]
    bans = [rule for rule in banning + desk.own_denials if rule.per_candidate and holds(desk, rule, model)]
    reasons = {
        "model_disabled": not model.enabled,
        "cloud_forbidden": is_cloud and desk.stays_local,
        "budget_spent": (is_cloud and desk.is_cloud_spent()) or desk.is_closed(model),
        "location": desk.strategy is not None and desk.strategy.only not in (None, model.deployment.location),
        "clearance": RANKS[desk.label] > RANKS[model.deployment.clearance],
        "unsupported": any(ability in model.lacks for ability in facts.needs),
        "context_window": model.context_window is not None and needed > model.context_window,
        "capability_missing": any(skill not in model.capabilities for skill in skills),
        "max_cost": facts.max_cost_nusd is not None and (most_cost is None or most_cost > facts.max_cost_nusd),
        "banned_by_rule": bool(bans),
    }
    code = next((code for code, applies in reasons.items() if applies), "")
    if code == "banned_by_rule":
        desk.bans.setdefault(name, bans[0])
    return code


def restricts(rule: Rule) -> bool:
    return rule.action in ("deny", "switch_to_local_only", "force_local_model")


def holds(desk: Desk, rule: Rule, model: Model | None) -> bool:
    """Whether a rule applies; one that cannot be asked does when it restricts."""
    plan, caller = desk.snapshot.routing, desk.caller
    values: dict[str, Value | None] = dict(plan.facts.defaults) | dict(desk.facts.given or {})
    values["task.privacy_level"] = desk.label
    if caller is not None:
        values["primary_unavailable"] = is_away(desk, caller.model)
    if plan.tiers:
        values["all_premium_models_unavailable"] = all(is_away(desk, name) for name in plan.tiers[0])
    if model is not None:
        live = desk.live.get(model.deployment.id, LiveTarget())
        values["model.name"], values["model.provider"] = model.name, model.deployment.provider
        values["model.type"], values["model.tier"] = model.deployment.location, plan.tier_of.get(model.name)
        values["model.rate_limit_approaching"] = live.used >= 0.9
    try:
        return rule.condition.evaluate(values)
    except EvaluationError:
        return restricts(rule)


def is_away(desk: Desk, name: str) -> bool:
    model = desk.snapshot.models.get(name)
    return model is None or not model.enabled or desk.live.get(model.deployment.id, LiveTarget()).cooling_ms > 0


def ask_own_rules(desk: Desk) -> bool:
    """The caller's rules until the first that decides; true when that one denies."""
    rules = desk.snapshot.routing.agent_rules.get(desk.caller.name, ()) if desk.caller else ()
    for rule in rules:
        if rule.per_candidate and rule.action == "deny":
            desk.own_denials.append(rule)
            leave_out(desk, rule)
            continue
        first = desk.models()[0] if desk.usable else None
        if (rule.per_candidate and first is None) or not holds(desk, rule, first if rule.per_candidate else None):
            continue
        if rule.action == "deny":
            return True
        if can_serve(desk, rule.model or ""):
            desk.own_named.append(rule)
            break
    return False


def leave_out(desk: Desk, rule: Rule) -> None:
    for model, how in list(desk.usable):
        if holds(desk, rule, model):
            desk.bans.setdefault(model.name, rule)
            desk.usable.remove((model, how))
            desk.dropped.append((model.name, "banned_by_rule"))


def can_serve(desk: Desk, name: str) -> bool:
    """Whether a named model may serve; whoever is named beside the candidates becomes one of them, unless forced."""
    if any(model.name == name for model in desk.models()):
        return True
    if any(dropped == name for dropped, _ in desk.dropped) or desk.kind == "forced":
        return desk.kind == "forced" and not find_drop(desk, name)
    return take(desk, name, "")


def choose_refusal(desk: Desk) -> str:
    codes = {code for _, code in desk.dropped} - {"model_disabled", "model_unavailable"}
    if codes & {"cloud_forbidden", "clearance"}:
        return "privacy_unavailable"
    alone = {
        "context_window": "context_length_exceeded",
        "unsupported": "unsupported_by_model",
        "max_cost": "max_cost_exceeded",
        "budget_spent": "budget_exceeded",
    }
    return alone.get(codes.pop(), "no_model_available") if len(codes) == 1 else "no_model_available"
