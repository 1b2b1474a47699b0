"""`get_model_info("gpt-4o-mini")`: what is known of models, from the configuration found here or from the catalogue."""

import os
from itertools import chain
from typing import Unpack

from pointsman.control.configuration import find_catalog
from pointsman.core.catalog.catalog import Catalog
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.config.suggest import suggest_name
from pointsman.core.routing.capability import ModelCapability
from pointsman.library.model_info import ModelInfo, describe_model, find_known_model, list_well_known
from pointsman.router.by_capability import RouteDecision, Wishes, today
from pointsman.router.llm_router import get_llm_router


class UnknownModel(KeyError):
    """Neither configuration nor catalogue knows the model; the message says which one was probably meant."""

    def __str__(self) -> str:
        """The message alone, which a `KeyError` would put in quotation marks."""
        return str(self.args[0])


def get_model_info(model: str, provider: str | None = None) -> ModelInfo:
    """What is known of a model: of the configuration's by its name or its provider's id, else of the catalogue's.

    Args:
        model: its name.
        provider: who serves it; by default whoever does in the configuration, else its maker.

    Raises:
        UnknownModel: a `KeyError`; nobody knows it.
        ConfigurationError: the configuration found here cannot be used.
    """
    snapshot = get_llm_router().snapshot
    own = _find_configured(snapshot, model, provider) if snapshot is not None else None
    if own is not None:
        return own
    catalog = find_catalog(os.environ)
    known = find_known_model(catalog, model, provider, today())
    if known is not None:
        return known
    guess = suggest_name(model, list(_list_names(snapshot, catalog)))
    of = f' of the provider "{provider}"' if provider else ""
    hint = f"did you mean {guess}?" if guess else "`pointsman models` lists those of the catalogue"
    raise UnknownModel(f"there is no model {model[:64]!r}{of}; {hint}")


def get_cheapest_model(capability: ModelCapability | str, **wishes: Unpack[Wishes]) -> str:
    """The name of the model that is cheapest for a class of work; free ones at home come first.

    Args:
        capability: the class.
        wishes: see `Wishes`.

    Raises:
        InvalidRequest: there is no such class, or a wish cannot be so.
        RoutingRefused: no model may serve.
    """
    return route_by_capability(capability, **wishes).model


def route_by_capability(capability: ModelCapability | str, **wishes: Unpack[Wishes]) -> RouteDecision:
    """The same with its reason, its cost and what comes next. Raises as `get_cheapest_model`."""
    return get_llm_router().route_by_capability(capability, **wishes)


def _find_configured(snapshot: Snapshot, name: str, provider: str | None) -> ModelInfo | None:
    own = snapshot.models.get(snapshot.aliases.get(name, name))
    by_id = (model for model in snapshot.models.values() if model.deployment.upstream_model == name)
    for model in chain((own,) if own else (), by_id):
        if provider is None or model.deployment.provider == provider:
            return describe_model(model, snapshot.routing)
    return None


def _list_names(snapshot: Snapshot | None, catalog: Catalog) -> list[str]:
    known = [name for provider in ("openai", "anthropic", "google") for name in catalog.names_of(provider)]
    return [*(snapshot.models if snapshot else ()), *(each.id for each in list_well_known()), *known]
