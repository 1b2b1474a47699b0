"""The providers of a configuration with what can be called at each, and the models that one serves or lists."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pointsman.control.configuration import Loaded, build_surroundings
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.model_operations import Operations, list_model_operations
from pointsman.core.config.problems import Findings
from pointsman.core.config.resolve_model import deploy_model
from pointsman.core.config.resolve_provider import resolve_provider
from pointsman.core.config.snapshot import Deployment, Model

CUSTOM = "custom"
"""The type of a provider that the catalogue does not know by its name."""

NO_MODEL = "none"
"""What is asked for where a provider has no model yet."""

TOOLS = "tools"
EMBEDDINGS = "embeddings"
_USUAL_TAG = ":latest"


@dataclass(frozen=True, slots=True)
class ConfiguredProvider:
    """A provider of the configuration in force.

    Attributes:
        name: in the configuration.
        kind: its name in the catalogue, or `custom`.
        enabled: whether it may serve.
        deployment: one of its models there, or none in particular: where and how it is asked.
        operations: what it can be asked for.
        models: of the configuration, that it serves.
        catalog: what is known of models now.
    """

    name: str
    kind: str
    enabled: bool
    deployment: Deployment
    operations: Operations
    models: tuple[Model, ...]
    catalog: Catalog


@dataclass(frozen=True, slots=True)
class OfferedModel:
    """A model that a provider lists, or that the configuration has of it; what nobody knows is `None`.

    Attributes:
        id: the provider's.
        configured_as: our names of it.
        enabled: whether one of them may serve.
        is_listed: whether the provider lists it; `None` where it lists nothing.
        supports_tools: whether requests may offer it tools.
        supports_embeddings: whether it makes embeddings.
        context_window: tokens of prompt and answer together.
        max_output_tokens: the most tokens of an answer.
    """

    id: str
    configured_as: tuple[str, ...]
    enabled: bool
    is_listed: bool | None
    supports_tools: bool | None
    supports_embeddings: bool
    context_window: int | None
    max_output_tokens: int | None


def list_providers(loaded: Loaded, environ: Mapping[str, str]) -> dict[str, ConfiguredProvider]:
    """Every provider that can be called, in the order of the document.

    Args:
        loaded: a configuration that can be used.
        environ: the process's environment variables.
    """
    if loaded.snapshot is None or loaded.compiled is None or loaded.compiled.document is None:
        return {}
    surroundings = build_surroundings(environ, loaded.environment, loaded.catalog)
    # What is wrong with them has been reported when they were compiled.
    compilation = Compilation(loaded.compiled.document, surroundings, Findings())
    served: dict[str, list[Model]] = {}
    for model in loaded.snapshot.models.values():
        served.setdefault(model.deployment.provider, []).append(model)
    found: dict[str, ConfiguredProvider] = {}
    for name, written in compilation.document.providers.items():
        provider = resolve_provider(name, written, compilation)
        if provider is None:
            continue
        models = tuple(served.get(name, ()))
        known = surroundings.catalog.providers.get(name)
        usual = known.default_model if known is not None else None
        found[name] = ConfiguredProvider(
            name=name,
            kind=name if known is not None else CUSTOM,
            enabled=provider.enabled,
            deployment=models[0].deployment if models else deploy_model(NO_MODEL, usual or NO_MODEL, provider),
            operations=provider.operations,
            models=models,
            catalog=surroundings.catalog,
        )
    return found


def list_offered(provider: ConfiguredProvider, listed: Iterable[str] | None) -> tuple[OfferedModel, ...]:
    """The configured models first, then what the provider lists beside them.

    Args:
        provider: who was asked.
        listed: the ids that it lists, or `None` where it lists nothing.
    """
    ids = None if listed is None else tuple(listed)
    return (*_list_configured(provider, ids), *_list_others(provider, ids or ()))


def _list_configured(provider: ConfiguredProvider, ids: tuple[str, ...] | None) -> Iterator[OfferedModel]:
    plain = None if ids is None else {_without_tag(id) for id in ids}
    by_id: dict[str, list[Model]] = {}
    for model in provider.models:
        by_id.setdefault(model.deployment.upstream_model, []).append(model)
    for id, models in by_id.items():
        first = models[0]
        facts = provider.catalog.find_model(provider.name, id)
        says_so = TOOLS in first.capabilities or (facts is not None and TOOLS in facts.model.can)
        yield OfferedModel(
            id=id,
            configured_as=tuple(model.name for model in models),
            enabled=any(model.enabled for model in models),
            is_listed=None if plain is None else _without_tag(id) in plain,
            supports_tools=False if TOOLS in first.lacks else True if says_so else None,
            supports_embeddings=EMBEDDINGS in first.operations,
            context_window=first.context_window,
            max_output_tokens=first.max_output_tokens,
        )


def _list_others(provider: ConfiguredProvider, ids: tuple[str, ...]) -> Iterator[OfferedModel]:
    configured = {_without_tag(model.deployment.upstream_model) for model in provider.models}
    for id in ids:
        if _without_tag(id) in configured:
            continue
        found = provider.catalog.find_model(provider.name, id)
        facts = found.model if found is not None else None
        capabilities = facts.capabilities if facts is not None else ()
        operations = list_model_operations(id, capabilities, facts, provider.operations)
        tools = None if facts is None else False if TOOLS in facts.lacks else True if TOOLS in facts.can else None
        yield OfferedModel(
            id=id,
            configured_as=(),
            enabled=False,
            is_listed=True,
            supports_tools=tools,
            supports_embeddings=EMBEDDINGS in operations,
            context_window=facts.context_window if facts is not None else None,
            max_output_tokens=facts.max_output_tokens if facts is not None else None,
        )


def _without_tag(id: str) -> str:
    """Ollama lists a tag that nobody has to write."""
    return id.removesuffix(_USUAL_TAG)
