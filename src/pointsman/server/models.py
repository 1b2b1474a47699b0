"""`GET /v1/models`: what a caller may name as `model`, in OpenAI's, Anthropic's or Gemini's shape."""

from collections.abc import Iterable

from pointsman.core.chat.client_json import ClientError
from pointsman.core.chat.money import format_usd
from pointsman.core.config.snapshot import Agent, Model, Snapshot
from pointsman.core.routing.key_policy import NO_POLICY, KeyPolicy

_GEMINI_METHODS = {
    "chat": ("generateContent", "streamGenerateContent"),
    "count_tokens": ("countTokens",),
    "embeddings": ("embedContent", "batchEmbedContents"),
}


def show_models(snapshot: Snapshot, path: str, is_for_anthropic: bool, policy: KeyPolicy) -> dict[str, object]:
    """The list, or the one model that a path names, in the shape of whoever asks.

    Raises:
        ClientError: as `list_models`.
    """
    version, name = ("/v1beta/models", "models") if path.startswith("/v1beta/") else ("/v1/models", "data")
    asked = path.removeprefix(version).removeprefix("/")
    answer = list_models(snapshot, asked, policy)
    if version == "/v1/models" and not is_for_anthropic:
        return answer
    reshape = _reshape_for_anthropic if is_for_anthropic else _reshape_for_gemini
    if asked:
        return reshape(answer)
    entries = [reshape(entry) for entry in list_models(snapshot, "", policy)["data"]]  # type: ignore[attr-defined]
    if not is_for_anthropic:
        return {name: entries}
    first, last = (entries[0]["id"], entries[-1]["id"]) if entries else (None, None)
    return {name: entries, "has_more": False, "first_id": first, "last_id": last}


def _reshape_for_anthropic(entry: dict[str, object]) -> dict[str, object]:
    shown = entry.get("display_name") or entry["id"]
    return entry | {"type": "model", "display_name": shown, "created_at": "1970-01-01T00:00:00Z"}


def _reshape_for_gemini(entry: dict[str, object]) -> dict[str, object]:
    operations: list[str] = entry["operations"]  # type: ignore[assignment]
    return {
        "name": f"models/{entry['id']}",
        "baseModelId": entry["id"],
        "version": "1",
        "displayName": entry.get("display_name") or entry["id"],
        "description": entry.get("description") or "",
        "inputTokenLimit": entry.get("context_window") or 0,
        "outputTokenLimit": entry.get("max_output_tokens") or 0,
        "supportedGenerationMethods": [method for name in operations for method in _GEMINI_METHODS.get(name, ())],
    }


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
        f"agent:{agent.name}": _describe_caller(agent, snapshot) | {"id": f"agent:{agent.name}"}
        for agent in snapshot.agents.values()
    }
    entries |= {caller.name: _describe_caller(caller, snapshot) for caller in snapshot.interactions.values()}
    entries |= {caller.name: _describe_caller(caller, snapshot) for caller in snapshot.tasks.values()}
    entries |= {model.name: _describe_model(model) for model in snapshot.models.values() if model.enabled}
    allowed = {name: entry for name, entry in entries.items() if policy.allows(name)}
    for alias, target in snapshot.aliases.items():
        if target in entries and policy.allows(alias, target):
            allowed[alias] = entries[target] | {"id": alias, "alias_of": target}
    return allowed


def _list_operations(models: Iterable[Model]) -> list[str]:
    """What may be asked for; tokens are counted for every model, if by an estimate."""
    served: set[str] = {operation for model in models for operation in model.operations}
    return sorted(served | {"count_tokens"}) if served else []


def _describe_caller(agent: Agent, snapshot: Snapshot) -> dict[str, object]:
    own = (snapshot.models.get(name) for name in (agent.model, *agent.fallback))
    return {
        "id": agent.name,
        "object": "model",
        "created": 0,
        "owned_by": "pointsman",
        "display_name": agent.display_name or agent.name,
        "description": agent.description,
        "model": agent.model,
        "fallback": agent.fallback,
        "operations": _list_operations(model for model in own if model is not None),
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
        "operations": _list_operations((model,)),
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
