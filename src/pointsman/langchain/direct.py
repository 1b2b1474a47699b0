"""`get_llm(..., direct=True)`: the vendor's own class, set up from the configuration, and its usage counted.

Refused wherever requests are to be kept private, for past the relay nobody sees to that.
"""

import logging
import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from langchain_core.language_models import BaseChatModel

from pointsman.core.config.problems import quote
from pointsman.core.config.routing_plan import RESTRICTIVE
from pointsman.core.config.snapshot import Agent, Deployment, Model, Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.langchain.callers import describe_choice
from pointsman.langchain.chat_model import SAID
from pointsman.langchain.track_usage import TrackUsage
from pointsman.langchain.vendors import BY_DIALECT, BY_PROVIDER, OPENAI, Vendor
from pointsman.library.engine import AnyEngine, Engine
from pointsman.library.errors import MissingCredential, PointsmanError
from pointsman.secrets.environment import EnvironmentSecrets

_log = logging.getLogger(__name__)

_HEADER_AUTHS = frozenset(("x-api-key", "x-goog-api-key", "api-key"))
_SIGNED = frozenset(("aws_sigv4", "google_oauth"))
_NO_KEY = "none"
_OWN_LABELS = ("callbacks", "tags", "metadata")


class DirectRefused(PointsmanError):
    """The vendor's own class cannot be had here; the message says why, and what to do."""

    def __init__(self, agent: str, reason: str) -> None:
        super().__init__(
            f'{reason}; leave direct=True out, then "{agent}" runs through the relay', code="direct_refused"
        )


def build_direct(engine: AnyEngine, name: str, agent: Agent | None, overrides: Mapping[str, Any]) -> BaseChatModel:
    """The vendor's own chat model for an agent.

    Raises:
        DirectRefused: there is none, or requests are to be kept private.
        MissingCredential: its provider's key is not set.
        TypeError: there is no such override.
        ImportError: the vendor's package is not installed.
    """
    if agent is None or not isinstance(engine, Engine):
        raise DirectRefused(name, "keys and addresses of providers lie with the gateway")
    snapshot = engine.snapshot
    private = find_privacy_floor(snapshot, agent, overrides)
    if private:
        raise DirectRefused(name, f"direct calls would go past the relay, and {private}")
    model = find_model(snapshot, agent, str(overrides.get("model") or overrides.get("model_name") or agent.model))
    if not model.enabled:
        raise DirectRefused(name, f'the model "{model.name}", or its provider, is switched off')
    vendor = _find_vendor(name, model.deployment)
    kind = _import_class(vendor)
    arguments = _build_arguments(engine, agent, model, vendor, _translate(kind, vendor, overrides))
    for parameter in set(arguments) - _list_fields(kind):
        _log.warning("%s has no %s, so %s of the agent %s is left out", vendor.name, parameter, parameter, name)
        del arguments[parameter]
    tracker = TrackUsage(engine, agent, model, str(overrides.get("user") or ""))
    given = overrides.get("callbacks")
    callbacks = [*(getattr(given, "handlers", given) or ()), tracker]
    built: BaseChatModel = kind(**arguments, callbacks=callbacks)
    return built


def find_privacy_floor(snapshot: Snapshot, agent: Agent, overrides: Mapping[str, object]) -> str:
    """Why requests of an agent need the relay to be kept private, as the end of a sentence; `""` when they do not."""
    settings, routing = snapshot.settings, snapshot.routing
    rules = (*routing.rules, *routing.agent_rules.get(agent.name, ()))
    rule = next((each for each in rules if each.action in RESTRICTIVE), None)
    privacy = overrides.get("privacy")
    reasons = {
        f"all requests stay local: {settings.stays_local}": settings.stays_local is not None,
        f"all requests are {settings.privacy} in privacy": settings.privacy != "low",
        f"its requests stay local: {agent.stays_local}": agent.stays_local is not None,
        f"its requests are {agent.privacy} in privacy": agent.privacy != "low",
        f"privacy is said to be {privacy}": privacy not in (None, "low"),
        "private data is looked for in its requests": "always" in (agent.detect, routing.detect),
        "what holds private data stays local": routing.local_for_pii,
        f'the rule "{rule.name if rule else ""}" keeps some of its requests back': rule is not None,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def find_model(snapshot: Snapshot, agent: Agent, asked: str) -> Model:
    """The model that is asked for by our name or by its provider's id; of several with that id, the agent's provider's.

    Raises:
        ValueError: there is none; says which one was probably meant.
    """
    name = snapshot.aliases.get(asked, asked)
    if name in snapshot.models:
        return snapshot.models[name]
    own = snapshot.models[agent.model].deployment
    same = [model for model in snapshot.models.values() if model.deployment.upstream_model == asked]
    found = next((model for model in same if model.deployment.provider == own.provider), same[0] if same else None)
    if found is None:
        raise ValueError(f"there is no model {quote(asked)}; {describe_choice(asked, snapshot.models)}")
    return found


def _find_vendor(agent: str, deployment: Deployment) -> Vendor:
    vendor = BY_DIALECT.get(deployment.dialect)
    if vendor is None or deployment.auth in _SIGNED or not deployment.base_url:
        raise DirectRefused(agent, f'there is no class of LangChain for the provider "{deployment.provider}" here')
    return BY_PROVIDER.get(deployment.provider, vendor) if vendor is OPENAI else vendor


def _import_class(vendor: Vendor) -> Any:
    try:
        return getattr(import_module(vendor.module), vendor.name)
    except ModuleNotFoundError as missing:
        if missing.name != vendor.module:
            raise
        message = f"{vendor.name} is not installed; run `pip install {vendor.package}`"
        raise ImportError(message, name=vendor.module) from None


def _list_fields(kind: Any) -> set[str]:
    fields = kind.model_fields
    return {field.alias for field in fields.values() if field.alias} | set(fields)


def _translate(kind: Any, vendor: Vendor, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides under the names of the vendor's class."""
    known = (_list_fields(kind) | set(vendor.names)) - {"api_key", "base_url", vendor.key}
    translated: dict[str, Any] = {}
    for name, value in overrides.items():
        if name in ("user", "model", "model_name", *_OWN_LABELS):
            continue
        if name in SAID:
            if name == "privacy":
                continue
            raise TypeError(f"{name} is for the relay, which direct=True goes past; leave one of the two out")
        if name not in known:
            guess = suggest_name(name, sorted(known))
            raise TypeError(f"{vendor.name} has no {name!r}; {f'did you mean {guess}?' if guess else 'leave it out'}")
        translated[vendor.names.get(name, name)] = value
    labels = {name: overrides[name] for name in ("tags", "metadata") if overrides.get(name)}
    return translated | labels


def _build_arguments(
    engine: Engine, agent: Agent, model: Model, vendor: Vendor, overrides: dict[str, Any]
) -> dict[str, Any]:
    deployment = model.deployment
    key, headers = _find_key(engine, model), dict(deployment.headers)
    headers.pop("anthropic-version", None)
    if vendor is OPENAI and key and deployment.auth in _HEADER_AUTHS:
        headers[deployment.auth] = key
    labels = [agent.name, deployment.provider, *agent.tags, *overrides.pop("tags", ())]
    metadata = {"pointsman_agent": agent.name, "pointsman_model": model.name}
    if agent.langsmith_project:
        metadata["langsmith_project"] = agent.langsmith_project
    arguments: dict[str, Any] = {
        **{vendor.names.get(name, name): value for name, value in agent.parameters},
        **vendor.fixed,
        "model": deployment.upstream_model,
        "base_url": vendor.write_url(deployment.base_url),
        "tags": list(dict.fromkeys(labels)),
        "metadata": metadata | overrides.pop("metadata", {}),
        **overrides,
    }
    if vendor.key:
        arguments[vendor.key] = key or _NO_KEY
    if headers and vendor.headers:
        arguments[vendor.headers] = headers
    return arguments


def _find_key(engine: Engine, model: Model) -> str:
    reference = model.deployment.credential
    if reference is None:
        return ""
    missing = engine.find_missing_key(model.name)
    value = None if missing else EnvironmentSecrets(os.environ).reveal(reference)
    if value is None:
        what = f"{missing}" if missing else f'set the key of the provider "{model.deployment.provider}"'
        provider, variables = model.deployment.provider, missing.variables if missing else ()
        raise MissingCredential(f"no key was found: {what}", provider=provider, variables=variables)
    return value
