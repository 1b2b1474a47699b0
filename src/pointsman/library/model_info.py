"""`ModelInfo`: what is known of a model, from a configuration or from the catalogue; nobody is asked for it."""

from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from importlib.resources import files

import msgspec
from pydantic import BaseModel, ConfigDict

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.catalog.join_models import FoundModel
from pointsman.core.catalog.known_model import ListedPrice
from pointsman.core.chat.money import format_usd
from pointsman.core.config.routing_plan import RoutingPlan
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Model
from pointsman.core.pricing.prices import PriceTable
from pointsman.core.routing.capability import ModelCapability, list_capabilities, rank_by_price

MAKERS = ("openai", "anthropic", "google", "mistral", "cohere", "deepseek", "xai", "gradient", "ollama")
"""Whose models are meant by a name that others serve as well; all others follow by name."""


class ModelInfo(BaseModel):
    """What is known of a model.

    Attributes:
        provider: who serves it.
        name: as it can be asked for.
        model_id: as its provider names it.
        input_cost_per_1k, output_cost_per_1k: dollars for a thousand tokens, exact; `None` when unknown.
        context_window: tokens of prompt and answer together, or `None` when unknown.
        max_output_tokens: the most tokens of an answer, or `None` when unknown.
        capabilities: classes of work that it is taken for.
        skills: what configuration or catalogue say that it can do, such as `tools` or `code_generation`.
        location: `local` when prompts stay on machines of the operator's own.
        source: where the price is from; `""` when nobody says.
        is_retired: whether its provider no longer serves it.
    """

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    provider: str
    name: str
    model_id: str
    input_cost_per_1k: Decimal | None = None
    output_cost_per_1k: Decimal | None = None
    context_window: int | None = None
    max_output_tokens: int | None = None
    capabilities: tuple[ModelCapability, ...] = ()
    skills: tuple[str, ...] = ()
    location: Location = "cloud"
    source: str = ""
    is_retired: bool = False

    @property
    def is_free(self) -> bool:
        """Whether its tokens cost nothing."""
        return self.input_cost_per_1k == 0 and self.output_cost_per_1k == 0


class WellKnownModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A model that is a candidate where there is no configuration."""

    provider: str
    id: str
    capabilities: tuple[ModelCapability, ...]


class _WellKnown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    models: tuple[WellKnownModel, ...]


@cache
def list_well_known() -> tuple[WellKnownModel, ...]:
    """Seed 002's set of models."""
    text = (files("pointsman.library") / "well_known_models.toml").read_bytes()
    return msgspec.toml.decode(text, type=_WellKnown).models


def describe_model(model: Model, plan: RoutingPlan) -> ModelInfo:
    """A model of a configuration."""
    deployment, prices = model.deployment, model.prices
    return ModelInfo(
        provider=deployment.provider,
        name=model.name,
        model_id=deployment.upstream_model,
        input_cost_per_1k=_per_1k(prices.input_nusd) if prices else None,
        output_cost_per_1k=_per_1k(prices.output_nusd) if prices else None,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        capabilities=_in_order(list_capabilities(model, plan) | _find_well_known(deployment.upstream_model)),
        skills=model.capabilities,
        location=deployment.location,
        source=prices.source if prices else "",
    )


def find_known_model(catalog: Catalog, name: str, provider: str | None, today: str) -> ModelInfo | None:
    """A model of the catalogue.

    Args:
        catalog: what is known.
        name: any id that it goes by.
        provider: who serves it; by default its maker.
        today: an ISO date; what a model costs depends on it.
    """
    for each in (provider,) if provider is not None else list_providers(catalog):
        well_known = next((known for known in list_well_known() if (known.provider, known.id) == (each, name)), None)
        found = catalog.find_model(each, name) if each in catalog.providers else None
        if found is not None and (provider is not None or catalog.serves(each, name)):
            return _describe_found(catalog, each, name, found, today)
        if well_known is not None:
            return _describe_bare(catalog, well_known)
    return None


def list_providers(catalog: Catalog) -> Iterable[str]:
    """The providers of a catalogue, makers of models first."""
    return dict.fromkeys((*(name for name in MAKERS if name in catalog.providers), *sorted(catalog.providers)))


def _describe_found(catalog: Catalog, provider: str, name: str, found: FoundModel, today: str) -> ModelInfo:
    model, price = found.model, found.model.price_on(today)
    is_local = catalog.providers[provider].location == "local"
    cost_in, cost_out = _list_costs(price, is_local=is_local)
    return ModelInfo(
        provider=provider,
        name=name,
        model_id=model.id,
        input_cost_per_1k=cost_in,
        output_cost_per_1k=cost_out,
        context_window=model.context_window,
        max_output_tokens=model.max_output_tokens,
        capabilities=_in_order(_find_well_known(name) or _guess_capabilities(price)),
        skills=model.can,
        location="local" if is_local else "cloud",
        source=found.source if price else "",
        is_retired=model.has_retired(today),
    )


def _describe_bare(catalog: Catalog, known: WellKnownModel) -> ModelInfo:
    """A well-known model of which the catalogue says nothing: a local one is free."""
    is_local = catalog.providers[known.provider].location == "local"
    cost_in, cost_out = _list_costs(None, is_local=is_local)
    return ModelInfo(
        provider=known.provider,
        name=known.id,
        model_id=known.id,
        input_cost_per_1k=cost_in,
        output_cost_per_1k=cost_out,
        capabilities=_in_order(known.capabilities),
        location="local" if is_local else "cloud",
    )


def _list_costs(price: ListedPrice | None, *, is_local: bool) -> tuple[Decimal, Decimal] | tuple[None, None]:
    if price is not None:
        return _per_1k(price.input_nusd), _per_1k(price.output_nusd)
    return (Decimal(0), Decimal(0)) if is_local else (None, None)


def _find_well_known(name: str) -> frozenset[ModelCapability]:
    known = next((each for each in list_well_known() if each.id == name), None)
    return frozenset(known.capabilities) if known else frozenset()


def _guess_capabilities(price: ListedPrice | None) -> frozenset[ModelCapability]:
    prices = PriceTable(price.input_nusd, price.output_nusd, price.cached_input_nusd, "") if price else None
    return rank_by_price(prices)


def _in_order(capabilities: Iterable[ModelCapability]) -> tuple[ModelCapability, ...]:
    held = frozenset(capabilities)
    return tuple(each for each in ModelCapability if each in held)


def _per_1k(per_million_nusd: int) -> Decimal:
    return Decimal(format_usd(per_million_nusd)) / 1_000
