"""`get_llm("writer")`: the LangChain chat model of an agent, or with `direct=True` its vendor's own class."""

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, overload

from langchain_core.language_models import BaseChatModel

from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.find_target import AUTO, KINDS
from pointsman.langchain.callers import AGENT, find_caller, list_callers
from pointsman.langchain.chat_model import ChatPointsman
from pointsman.langchain.direct import build_direct, find_model
from pointsman.langchain.tracing import ProjectTracer, is_tracing
from pointsman.library.engine import AnyEngine, Engine, get_engine
from pointsman.library.errors import MissingCredential, MissingKey

_log = logging.getLogger(__name__)

SUFFIX = "_llm"
_KEPT = frozenset(
    (
        "agent", "engine", "client", "async_client", "root_client", "root_async_client", "http_client",
        "http_async_client", "base_url", "openai_api_base", "api_key", "openai_api_key", "openai_proxy", "known_tags",
        "model_kwargs", "openai_organization", "organization", "http_socket_options",
    )
)  # fmt: skip
"""Fields that an override may not set: they are the configuration's, or the model's own."""


@overload
def get_llm(
    agent_name: str, *, direct: Literal[False] = False, engine: AnyEngine | None = None, **overrides: Any
) -> ChatPointsman: ...


@overload
def get_llm(
    agent_name: str, *, direct: Literal[True], engine: AnyEngine | None = None, **overrides: Any
) -> BaseChatModel: ...


def get_llm(
    agent_name: str, *, direct: bool = False, engine: AnyEngine | None = None, **overrides: Any
) -> BaseChatModel:
    """The chat model of an agent; never `None`.

    What the agent's configuration says of parameters holds where no override says otherwise; it is read for each
    call, so a change of the configuration needs no new model.

    Args:
        agent_name: as in the configuration.
        direct: give the vendor's own class, such as `ChatAnthropic`, set up from the configuration; its calls go past
            the relay, so nothing but usage is taken care of. Refused where requests are to be kept private.
        engine: that answers; by default the one of this process, or the gateway at `POINTSMAN_URL`.
        overrides: any field of `ChatPointsman`, such as `temperature`, `max_tokens`, `model`, `user` or `privacy`;
            with `direct=True`, of the vendor's class.

    Raises:
        UnknownAgent: there is no such agent; says which one was probably meant.
        ValueError: there is no such model, likewise.
        TypeError: there is no such override, likewise.
        MissingCredential: none of its models has a key; says which variable to set.
        DirectRefused: `direct=True` is not possible here; says why.
    """
    bound = engine if engine is not None else get_engine()
    agent = find_caller(bound, agent_name)
    if direct:
        return build_direct(bound, agent_name, agent, overrides)
    refuse_unknown(overrides)
    if agent is not None and isinstance(bound, Engine):
        overrides = _resolve_model(bound.snapshot, agent, overrides)
        require_key(bound, agent, overrides.get("model"))
    own = ChatPointsman(agent=agent_name, engine=engine, **_add_labels(agent_name, agent, bound, overrides))
    if agent is not None and agent.langsmith_project and is_tracing():
        own.callbacks = [*_list_callbacks(own.callbacks), ProjectTracer(project_name=agent.langsmith_project)]
    return own


def _resolve_model(snapshot: Snapshot, agent: Agent, overrides: dict[str, Any]) -> dict[str, Any]:
    """Overrides with our name of a model, where they have its provider's id."""
    resolved = {name: value for name, value in overrides.items() if name not in ("model", "model_name")}
    asked = overrides.get("model") or overrides.get("model_name")
    if not asked:
        return resolved
    is_target = asked == AUTO or asked in snapshot.aliases or asked.partition(":")[0] in KINDS
    return resolved | {"model": asked if is_target else find_model(snapshot, agent, str(asked)).name}


def name_instance(agent_name: str) -> str:
    """The name of an agent's model as an attribute, such as `feature_dev_llm` for the agent `feature-dev`."""
    return agent_name.replace("-", "_") + SUFFIX


def get_named_llm(module: str, attribute: str) -> ChatPointsman:
    """The model of the agent that an attribute is named after.

    Raises:
        AttributeError: when there is none; lists what there is.
    """
    engine = get_engine()
    names = {name_instance(agent): agent for agent in list_callers(engine, AGENT)}
    if attribute not in names:
        guess = suggest_name(attribute, names)
        hint = f"did you mean {guess}?" if guess else f"of agents there are {', '.join(sorted(names)) or 'none'}"
        raise AttributeError(f"module {module!r} has no attribute {attribute!r}; {hint}", name=attribute)
    return get_llm(names[attribute])


def refuse_unknown(overrides: Mapping[str, object]) -> None:
    fields = ChatPointsman.model_fields
    known = ({field.alias or name for name, field in fields.items()} | fields.keys()) - _KEPT
    for name in overrides:
        if name not in known:
            raise TypeError(f"there is no override {name!r}; {suggest_override(name, known)}")


def suggest_override(name: str, known: Iterable[str]) -> str:
    """What was probably meant, as the rest of a sentence."""
    guess = suggest_name(name, sorted(known))
    return f"did you mean {guess}?" if guess else "such as temperature, max_tokens or model it may be"


def require_key(engine: Engine, agent: Agent, model: str | None) -> None:
    """Refuse an agent none of whose models can be called; one that only has to fall back is worth a warning."""
    snapshot = engine.snapshot
    wanted = snapshot.aliases.get(model, model) if model else None
    if wanted is not None:
        models: Sequence[str] = [wanted] if wanted in snapshot.models else []
    else:
        models = _list_models(snapshot, agent)
    missing = [(name, engine.find_missing_key(name)) for name in models]
    lacking = [(name, key) for name, key in missing if key is not None]
    if not lacking:
        return
    if len(lacking) == len(models):
        raise build_missing(f"the agent {agent.name} has no model that can be called", lacking[0][1])
    for name, key in lacking:
        _log.warning("the model %s of the agent %s cannot be called: %s", name, agent.name, key)


def build_missing(what: str, key: MissingKey | None) -> MissingCredential:
    """The error for a key that is not set, which says what to set."""
    if key is None:
        return MissingCredential(what)
    return MissingCredential(f"{what}: {key}", provider=key.provider, variables=key.variables)


def _list_models(snapshot: Snapshot, agent: Agent) -> list[str]:
    further = (agent.local_alternative, agent.budget_mode)
    named = (agent.model, *agent.fallback, *[name for name in further if name])
    return [name for name in dict.fromkeys(named) if name in snapshot.models]


def _add_labels(name: str, agent: Agent | None, engine: AnyEngine, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Overrides with tags and metadata, by which traces are found."""
    labels = describe_labels(name, agent, engine)
    own = [tag for tag in overrides.get("tags") or () if tag not in labels]
    metadata = {"pointsman_agent": name}
    if agent is not None and agent.langsmith_project:
        metadata["langsmith_project"] = agent.langsmith_project
    given = overrides.get("metadata") or {}
    return {**overrides, "tags": [*labels, *own], "known_tags": labels, "metadata": metadata | given}


def describe_labels(name: str, agent: Agent | None, engine: AnyEngine) -> list[str]:
    """The agent, who serves its first model, and the agent's own tags."""
    if agent is None or not isinstance(engine, Engine):
        return [name]
    model = engine.snapshot.models.get(agent.model)
    provider = [model.deployment.provider] if model is not None else []
    return list(dict.fromkeys([name, *provider, *agent.tags]))


def _list_callbacks(callbacks: Any) -> list[Any]:
    return list(getattr(callbacks, "handlers", callbacks) or ())
