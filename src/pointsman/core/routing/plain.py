"""The shortest way to a decision, for requests of which nothing but the caller's own order can say anything.

It decides nothing otherwise than all the steps would: where one of them might have a word, it leaves that to them.
"""

from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.routing.candidates import list_own_models, title_of
from pointsman.core.routing.case import drop_exhausted
from pointsman.core.routing.decision import Attempt, Decision
from pointsman.core.routing.estimate_cost import limit_of
from pointsman.core.routing.facts import CHAT, UNSEEN, Facts, LiveView

KIND = "agent:"


def decide_plainly(snapshot: Snapshot, facts: Facts, live: LiveView) -> Decision | None:
    """An agent's models in its own order, or `None` where that may not be all there is to it."""
    if not facts.target.startswith(KIND) or facts.target in snapshot.aliases:
        return None
    caller = snapshot.agents.get(facts.target[len(KIND) :])
    if caller is None or not _is_plain(facts) or not _leaves_alone(snapshot.routing, caller):
        return None
    limit = limit_of(caller) if facts.most_output_tokens is None else facts.most_output_tokens
    wanted_tokens = facts.tokens + (limit or 0)
    most = snapshot.settings.attempts
    attempts: list[Attempt] = []
    for name, why in list_own_models(caller, None).items():
        model = snapshot.models.get(name)
        if model is None or not model.enabled or CHAT not in model.operations:
            return None
        if (model.context_window or wanted_tokens) < wanted_tokens:
            return None
        if live and ((state := live.get(model.deployment.id, UNSEEN)).cooling_ms or state.used >= 1):
            return None
        if caller.stays_local is not None and model.deployment.location != "local":
            return None
        attempts.append(Attempt(model, why, (), "fallback" if attempts else ""))
    exhausted = tuple(drop_exhausted([each.model.name for each in attempts[most:]], most)) if attempts[most:] else ()
    text = caller.reasoning or f"{title_of(caller)} runs on {caller.model}"
    return Decision(
        caller,
        tuple(attempts[:most]),
        exhausted,
        "agent",
        text,
        caller.name,
        stays_local=caller.stays_local,
        kept_local_by="policy" if caller.stays_local is not None else "",
        hedges=bool(caller.hedges),
        caches=bool(caller.caches),
    )


def _is_plain(facts: Facts) -> bool:
    """Whether a request says nothing beside whom it is for, how long it is, and who it is from."""
    policy = facts.policy
    return (
        not facts.given
        and facts.label == "low"
        and not facts.needs
        and (policy is None or not (policy.models or policy.budget_mode))
        and facts.agent is None
        and facts.forced is None
        and facts.chosen is None
        and facts.strategy is None
        and facts.timeout_ms is None
        and facts.max_cost_nusd is None
        and not facts.fallback_models
        and facts.min_quality is None
        and facts.local_only is None
        and facts.denied_by is None
        and facts.cheaper is None
        and not facts.closed
    )


def _leaves_alone(plan: RoutingPlan, caller: Agent) -> bool:
    """Whether neither the plan nor the caller has anything that could change the caller's own order."""
    return not (
        plan.rules
        or plan.strategy is not None
        or plan.tiers
        or plan.fallback_strategy == "maximum_resilience"
        or plan.cheap_when_simple
        or caller.name in plan.agent_rules
        or caller.name in plan.experiments
        or caller.name in plan.overridden
        or caller.privacy != "low"
        or caller.quality_threshold is not None
        or caller.capabilities_required
    )
