"""`decide(snapshot, facts)`: pure, total, deterministic; the same values give the same decision anywhere."""

from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.routing.decision import Attempt, Decision, Drop, Facts, Refusal

MOST_ATTEMPTS = 2
"""Upstream calls per request in total: the chosen model and one fallback."""

AGENT_PREFIX = "agent:"


def decide(snapshot: Snapshot, facts: Facts) -> Decision | Refusal:
    """Choose the models that may serve a request, in order.

    `agent:NAME` runs on the agent's model and then on its fallbacks; a model's name is what the caller forces,
    so nothing else is tried.
    """
    if facts.target.startswith(AGENT_PREFIX):
        return _decide_for_agent(snapshot, facts.target.removeprefix(AGENT_PREFIX))
    model = snapshot.models.get(facts.target)
    if model is None:
        return Refusal("model_not_found", _unknown_model(facts.target))
    agent = None
    if facts.agent is not None:
        agent = snapshot.agents.get(facts.agent)
        if agent is None:
            return Refusal("model_not_found", _unknown_agent(facts.agent))
    return Decision(
        agent, (Attempt(model, "asked for by name"),), (), "forced", "the caller asked for this model by name"
    )


def _decide_for_agent(snapshot: Snapshot, name: str) -> Decision | Refusal:
    agent = snapshot.agents.get(name)
    if agent is None:
        return Refusal("model_not_found", _unknown_agent(name))
    candidates = _candidates(snapshot, agent)
    kept = candidates[:MOST_ATTEMPTS]
    dropped = tuple(
        Drop(attempt.model.name, "attempts_exhausted", f"at most {MOST_ATTEMPTS} attempts per request")
        for attempt in candidates[MOST_ATTEMPTS:]
    )
    text = agent.reasoning or f'agent "{agent.name}" runs on {agent.model}'
    return Decision(agent, kept, dropped, "agent", text)


def _candidates(snapshot: Snapshot, agent: Agent) -> tuple[Attempt, ...]:
    first = Attempt(snapshot.models[agent.model], f'the model of agent "{agent.name}"')
    others = (
        Attempt(snapshot.models[name], f'fallback {place} of agent "{agent.name}"')
        for place, name in enumerate(agent.fallback, start=1)
    )
    return (first, *others)


def _unknown_model(name: str) -> str:
    return f'The model "{name[:64]}" does not exist or this key may not use it; GET /v1/models lists what you may use.'


def _unknown_agent(name: str) -> str:
    return f'The agent "{name[:64]}" does not exist or this key may not use it; GET /v1/models lists what you may use.'
