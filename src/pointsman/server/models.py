"""`GET /v1/models`: what a caller may name as `model`, in OpenAI's shape with our facts beside it."""

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.money import format_usd
from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy


def list_models(snapshot: Snapshot, name: str, policy: KeyPolicy = NO_POLICY) -> dict[str, object]:
    """The list of all agents and models that a key may ask for, or the one called `name`.

    Raises:
        ClientError: 404 when there is no such agent or model, or when the key may not ask for it.
    """
    entries = _list_entries(snapshot, policy)
    if not name:
        return {"object": "list", "data": list(entries.values())}
    if name not in entries:
        message = f'The model "{name[:64]}" does not exist; GET /v1/models lists what you may use.'
        raise ClientError(404, "model_not_found", message, "model")
    return entries[name]


def _list_entries(snapshot: Snapshot, policy: KeyPolicy) -> dict[str, dict[str, object]]:
    entries = {
        f"agent:{agent.name}": _describe_caller(agent) | {"id": f"agent:{agent.name}"}
        for agent in snapshot.agents.values()
    }
    entries |= {caller.name: _describe_caller(caller) for caller in snapshot.interactions.values()}
    entries |= {caller.name: _describe_caller(caller) for caller in snapshot.tasks.values()}
    entries |= {model.name: _describe_model(model) for model in snapshot.models.values() if model.enabled}
    allowed = {name: entry for name, entry in entries.items() if policy.allows(name)}
    for alias, target in snapshot.aliases.items():
        if target in entries and policy.allows(alias, target):
            allowed[alias] = entries[target] | {"id": alias, "alias_of": target}
    return allowed


def _describe_caller(agent: Agent) -> dict[str, object]:
    return {
        "id": agent.name,
        "object": "model",
        "created": 0,
        "owned_by": "pointsman",
        "display_name": agent.display_name or agent.name,
        "description": agent.description,
        "model": agent.model,
        "fallback": agent.fallback,
        "tags": agent.tags,
        "langsmith_project": agent.langsmith_project or None,
    }


def _describe_model(model: Model) -> dict[str, object]:
    prices = model.prices
    return {
        "id": model.name,
        "object": "model",
        "created": 0,
        "owned_by": model.deployment.provider,
        "location": model.deployment.location,
        "capabilities": model.capabilities,
        "description": model.description,
        "tier": model.tier,
        "context_window": model.context_window,
        "max_output_tokens": model.max_output_tokens,
        "price_per_1m_tokens": {
            "input": format_usd(prices.input_nusd),
            "cached_input": format_usd(prices.cached_input_nusd),
            "output": format_usd(prices.output_nusd),
        }
        if prices
        else None,
    }
