"""The two lowest layers, what holds where nobody wrote anything: the fields' defaults, and what the catalogue knows.

What the catalogue says is found by the same functions that compile a document, so the two never differ.
"""

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.compilation import Compilation, Surroundings
from pointsman.core.config.default_values import list_default_values
from pointsman.core.config.document import SECTIONS, Head
from pointsman.core.config.find_path import find_value
from pointsman.core.config.layers import Layer, build_mapping, build_node
from pointsman.core.config.nodes import Entry, MappingNode, Node, Plain, ScalarNode, to_plain
from pointsman.core.config.problems import Findings, Place
from pointsman.core.config.provider_facts import choose_auth, choose_dialect, find_kin, list_quirks, merge_headers
from pointsman.core.config.read_document import Kind, Written, read_document
from pointsman.core.config.resolve_caller import resolve_agents, resolve_interactions, resolve_tasks
from pointsman.core.config.resolve_model import Providers, adopt_model, resolve_model
from pointsman.core.config.resolve_provider import ResolvedProvider, resolve_provider
from pointsman.core.config.resolve_references import resolve_references
from pointsman.core.config.sections.providers import Model as WrittenModel
from pointsman.core.config.sections.providers import Provider
from pointsman.core.config.snapshot import Model
from pointsman.core.config.write_prices import write_prices

DEFAULTS_FILE = "defaults"
CATALOGUE_FILE = "the catalogue"
_BASE_URL = "the base URL"
"""What tells where a provider is."""

_MODEL_FACTS = ("context_window", "max_output_tokens", "capabilities", "price_per_1m_tokens", "price_changes")


def build_default_layer(document_root: MappingNode) -> Layer:
    """The defaults of every section, and of every entry that a document has.

    Args:
        document_root: the effective document, without the layers that this one belongs to.
    """
    values = list_default_values(Head)
    for name, section in SECTIONS.items():
        entry = document_root.entries.get(name)
        written = entry.value if entry else None
        if section.shape == "single":
            values[name] = list_default_values(section.kind, written)
        elif section.shape == "listed":
            values[name] = []
        else:
            entries = written.entries if isinstance(written, MappingNode) else {}
            values[name] = {entry: list_default_values(section.kind, node.value) for entry, node in entries.items()}
    _complete_models(values, document_root)
    return Layer("defaults", build_mapping(values, DEFAULTS_FILE))


def build_catalogue_layer(
    document_root: MappingNode, catalog: Catalog, today: str, base_urls: Mapping[str, str]
) -> Layer:
    """What is known of the providers and models that a document has, and of the models that it only refers to.

    Args:
        document_root: the effective document, without the layers that this one belongs to.
        catalog: the known providers and models.
        today: ISO date that prices must be valid on.
        base_urls: values of the environment variables that move a provider.
    """
    findings = Findings()
    surroundings = Surroundings("", catalog, today, base_urls, frozenset())
    compilation = Compilation(read_document(document_root, findings), surroundings, findings)
    document = compilation.document
    resolved = {name: resolve_provider(name, written, compilation) for name, written in document.providers.items()}
    usable = {name: provider for name, provider in resolved.items() if provider is not None}
    providers = {
        name: _describe_provider(name, written, resolved[name], compilation)
        for name, written in document.providers.items()
    }
    models = {name: _describe_model(name, written, usable, compilation) for name, written in document.models.items()}
    for name, model in _adopt_models(usable, compilation).items():
        models[name] = _describe_adopted(model, compilation)
    entries = {"providers": _hold(providers), "models": _hold(models)}
    return Layer("catalogue", _hold(entries))


def _complete_models(values: dict[str, Plain], document_root: MappingNode) -> None:
    """A model without an id of its own has its name, and one without limits its provider's."""
    models = values["models"]
    assert isinstance(models, dict), "the section is a mapping"
    for name, model in models.items():
        assert isinstance(model, dict), "each of its entries is one too"
        model["model_id"] = name
        provider = find_value(document_root, ("models", name, "provider"))
        if isinstance(provider, ScalarNode) and isinstance(provider.value, str):
            limits = find_value(document_root, ("providers", provider.value, "rate_limits"))
            model["rate_limits"] = to_plain(limits) if limits else {}


def _describe_provider(
    name: str, written: Written[Provider], resolved: ResolvedProvider | None, compilation: Compilation
) -> MappingNode:
    """What holds for a provider where the document does not say it."""
    known = compilation.surroundings.catalog.providers.get(name)
    moved_by = next((each for each in _list_variables(name, compilation)), None)
    source = moved_by or CATALOGUE_FILE
    facts: dict[str, Node] = {}
    usual = resolve_provider(name, _without(written, "base_url", "allow_private", "location"), compilation)
    if known is not None:
        facts["dialect"] = _build(known.dialect, f"providers.{name}.dialect")
        if usual is not None:
            facts["base_url"] = _build(usual.base_url, f"providers.{name}.base_url", source)
        if known.key_variables:
            # The first that is set wins, which a document cannot say; so it is shown as the list that it is.
            variables: list[Plain] = list(known.key_variables)
            facts["api_key"] = _build(
                {"env": variables[0] if len(variables) == 1 else variables}, f"providers.{name}.api_key"
            )
    elif resolved is not None and written.value.dialect is None:
        facts["dialect"] = _build(resolved.dialect, f"providers.{name}.dialect", DEFAULTS_FILE)
    facts |= _describe_manners(name, written, compilation)
    located = resolve_provider(name, _without(written, "location"), compilation)
    if located is not None:
        facts["location"] = _build(located.location, f"providers.{name}.location", _BASE_URL)
    return _hold(facts, f"providers.{name}")


def _describe_manners(name: str, written: Written[Provider], compilation: Compilation) -> dict[str, Node]:
    """How the key travels, what each call states beside it, and what is said otherwise."""
    catalog, unsaid = compilation.surroundings.catalog, _without(written, "auth", "headers", "quirks").value
    dialect, kin = choose_dialect(unsaid, catalog.providers.get(name)), find_kin(name, unsaid, catalog)
    source = DEFAULTS_FILE if kin is None else CATALOGUE_FILE
    facts = {"auth": _build(choose_auth(unsaid, kin, dialect), f"providers.{name}.auth", source)}
    headers: dict[str, Plain] = dict(merge_headers((), kin, dialect))
    if headers:
        facts["headers"] = _build(headers, f"providers.{name}.headers", source)
    quirks = list_quirks(unsaid, kin, dialect)
    if quirks and not written.value.quirks:
        plain: list[Plain] = [{**msgspec.to_builtins(quirk), "dialects": [dialect]} for quirk in quirks]
        facts["quirks"] = _build(plain, f"providers.{name}.quirks", source)
    return facts


def _describe_model(
    name: str, written: Written[WrittenModel], providers: Providers, compilation: Compilation
) -> MappingNode:
    """What the catalogue knows of a model, whether the document says it too or not."""
    model = resolve_model(name, _without(written, *_MODEL_FACTS), providers, compilation)
    return _hold({} if model is None else _list_facts(model, compilation), f"models.{name}")


def _describe_adopted(model: Model, compilation: Compilation) -> MappingNode:
    """A model that the document only refers to."""
    path = f"models.{model.name}"
    provider = _build(model.deployment.provider, f"{path}.provider")
    model_id = _build(model.deployment.upstream_model, f"{path}.model_id")
    return _hold({"provider": provider, "model_id": model_id, **_list_facts(model, compilation)}, path)


def _list_facts(model: Model, compilation: Compilation) -> dict[str, Node]:
    path = f"models.{model.name}"
    found = compilation.surroundings.catalog.find_model(model.deployment.provider, model.deployment.upstream_model)
    source = found.source if found else CATALOGUE_FILE
    facts: dict[str, Node] = {}
    for field in ("context_window", "max_output_tokens"):
        known: int | None = getattr(model, field)
        if known is not None:
            facts[field] = _build(known, f"{path}.{field}", source)
    facts["capabilities"] = _build(list(model.capabilities), f"{path}.capabilities", source)
    if model.prices is not None:
        price: Plain = write_prices(model.prices)
        facts["price_per_1m_tokens"] = _build(price, f"{path}.price_per_1m_tokens", model.prices.source)
    return facts


def _adopt_models(providers: Providers, compilation: Compilation) -> dict[str, Model]:
    """The models that the document refers to and does not define, as compiling it finds them."""
    adopted: dict[str, Model] = {}
    own = {
        name: model
        for name, written in compilation.document.models.items()
        if (model := resolve_model(name, written, providers, compilation))
    }

    def find_model(name: str, place: Place) -> Model | None:
        if name not in adopted and name not in compilation.document.model_names:
            model = adopt_model(name, place, compilation.document.models, providers, compilation)
            if model is not None:
                adopted[name] = model
        return adopted.get(name) or own.get(name)

    resolve_references(find_model, compilation)
    for resolve in (resolve_agents, resolve_interactions, resolve_tasks):
        resolve(find_model, compilation)
    return adopted


def _list_variables(name: str, compilation: Compilation) -> list[str]:
    """The environment variables that move a provider; the first one counts."""
    known = compilation.surroundings.catalog.providers.get(name)
    variables = known.base_url_variables if known else ()
    return [variable for variable in variables if variable in compilation.surroundings.base_urls]


def _without(written: Written[Kind], *fields: str) -> Written[Kind]:
    """The entry as if these fields were not written."""
    defaults = {name: type(written.value).model_fields[name].get_default() for name in fields}
    return replace(written, value=written.value.model_copy(update=defaults))


def _build(value: Plain, path: str, source: str = CATALOGUE_FILE) -> Node:
    return build_node(value, source, path)


def _hold(nodes: Mapping[str, Node], path: str = "") -> MappingNode:
    return MappingNode(
        Place(1, 1, path, CATALOGUE_FILE), {name: Entry(node.place, node) for name, node in nodes.items()}
    )
