"""Completes a model from the catalogue: where it is served, what it costs, what it can do."""

from collections.abc import Iterable, Mapping
from datetime import date

from pointsman.core.catalog.join_models import FoundModel
from pointsman.core.catalog.known_model import KnownModel
from pointsman.core.config.compilation import Compilation
from pointsman.core.config.model_operations import list_model_operations
from pointsman.core.config.problems import Place, Severity, quote
from pointsman.core.config.provider_facts import choose_quirks
from pointsman.core.config.read_document import Written
from pointsman.core.config.resolve_prices import choose_prices, resolve_prices
from pointsman.core.config.resolve_provider import ResolvedProvider
from pointsman.core.config.sections.providers import Model as WrittenModel
from pointsman.core.config.sections.providers import Supports
from pointsman.core.config.snapshot import Deployment, Model

Providers = Mapping[str, ResolvedProvider]

LACKABLE = ("tools", "vision", "structured_output")
"""What a model may be said not to support."""

NOTICE_DAYS = 30
"""How long before a model ends that is worth a warning; `pointsman models` tells it from the day it is known."""


def resolve_model(
    name: str, written: Written[WrittenModel], providers: Providers, compilation: Compilation
) -> Model | None:
    """Complete a model of the document, or note why it has no provider."""
    stated = written.value
    provider = providers.get(stated.provider)
    if provider is None:
        _report_unknown_provider(stated.provider, written.place_of("provider"), compilation)
        return None
    upstream_model = stated.model_id or name
    found = compilation.surroundings.catalog.find_model(provider.name, upstream_model)
    _warn_of_end(found, written.key, compilation)
    dated = resolve_prices(stated, found, provider.name, provider.location, compilation.surroundings.catalog)
    prices = choose_prices(dated, compilation.surroundings.today)
    if prices is None:
        message = f"nobody knows what {quote(name)} costs; write price_per_1m_tokens"
        compilation.findings.add(written.key, "price_unknown", message, severity="warning")
    facts = found.model if found else None
    capabilities = facts.capabilities if stated.capabilities is None and facts else tuple(stated.capabilities or ())
    return Model(
        name=name,
        deployment=deploy_model(name, upstream_model, provider),
        prices=prices,
        dated_prices=dated if any(since_ms for since_ms, _ in dated) else (),
        context_window=stated.context_window or (facts.context_window if facts else None),
        max_output_tokens=stated.max_output_tokens or (facts.max_output_tokens if facts else None),
        capabilities=capabilities,
        lacks=_list_lacking(stated.supports, facts),
        operations=list_model_operations(upstream_model, capabilities, facts, provider.operations),
        enabled=stated.enabled and provider.enabled,
        description=stated.description,
        tier=stated.tier,
        quality=stated.quality,
        tokens_per_second=stated.speed.tokens_per_second,
        first_token_ms=stated.speed.first_token,
        requests_per_minute=stated.rate_limits.requests_per_minute or provider.rate_limits.requests_per_minute,
        tokens_per_minute=stated.rate_limits.tokens_per_minute or provider.rate_limits.tokens_per_minute,
    )


def adopt_model(
    name: str, place: Place, models: Iterable[str], providers: Providers, compilation: Compilation
) -> Model | None:
    """Take a model that the document refers to but does not define from the catalogue, if one provider serves it.

    Args:
        name: as the document refers to it.
        place: of the reference.
        models: names of the document's own models, to suggest.
        providers: that can be called.
        compilation: where problems go.
    """
    catalog = compilation.surroundings.catalog
    serving = [provider for provider in compilation.document.provider_names if catalog.serves(provider, name)]
    if len(serving) != 1:
        _report_unknown_model(name, place, sorted(serving), models, compilation)
        return None
    provider = providers.get(serving[0])
    found = catalog.find_model(serving[0], name)
    if provider is None or found is None:
        return None
    _warn_of_end(found, place, compilation)
    dated = resolve_prices(None, found, provider.name, provider.location, catalog)
    prices = choose_prices(dated, compilation.surroundings.today)
    return Model(
        name=name,
        deployment=deploy_model(name, name, provider),
        prices=prices,
        dated_prices=dated if any(since_ms for since_ms, _ in dated) else (),
        context_window=found.model.context_window,
        max_output_tokens=found.model.max_output_tokens,
        capabilities=found.model.capabilities,
        lacks=_list_lacking(Supports(), found.model),
        operations=list_model_operations(name, found.model.capabilities, found.model, provider.operations),
        enabled=provider.enabled,
        requests_per_minute=provider.rate_limits.requests_per_minute,
        tokens_per_minute=provider.rate_limits.tokens_per_minute,
    )


def _list_lacking(supports: Supports, facts: KnownModel | None) -> tuple[str, ...]:
    """What a model cannot do, as written, else as its provider says."""
    known = facts.lacks if facts is not None else ()
    written = supports.model_fields_set
    return tuple(name for name in LACKABLE if not (getattr(supports, name) if name in written else name not in known))


def deploy_model(name: str, upstream_model: str, provider: ResolvedProvider) -> Deployment:
    """A place at a provider where a model is served.

    Args:
        name: ours of the model.
        upstream_model: the id the provider knows it by.
        provider: who serves it.
    """
    return Deployment(
        id=f"{provider.name}/{upstream_model}",
        provider=provider.name,
        model=name,
        upstream_model=upstream_model,
        dialect=provider.dialect,
        base_url=provider.base_url,
        location=provider.location,
        clearance=provider.clearance,
        credential=provider.credential,
        deadlines=provider.deadlines,
        headers=provider.headers,
        auth=provider.auth,
        quirks=choose_quirks(provider.quirks, upstream_model),
        trusted_networks=provider.trusted_networks,
        allowed_addresses=provider.allowed_addresses,
    )


def _warn_of_end(found: FoundModel | None, place: Place, compilation: Compilation) -> None:
    if found is None or not found.model.is_ending:
        return
    model, today = found.model, compilation.surroundings.today
    if model.retires_on is None:
        message = f"the provider has announced the end of {quote(model.id)} ({found.source})"
    elif model.has_retired(today):
        message = f"the provider does not serve {quote(model.id)} any more, since {model.retires_on}; name another one"
    elif _count_days(today, model.retires_on) <= NOTICE_DAYS:
        message = f"the provider serves {quote(model.id)} until {model.retires_on} only; name another one before that"
    else:
        return
    compilation.findings.add(place, "model_deprecated", message, severity="warning")


def _count_days(day: str, until: str) -> int:
    return (date.fromisoformat(until) - date.fromisoformat(day)).days


def _report_unknown_provider(name: str, place: Place, compilation: Compilation) -> None:
    document = compilation.document
    if name in document.provider_names:
        return  # It is written, and what is wrong with it has been noted there.
    message = f"unknown provider {quote(name)}"
    if name in compilation.surroundings.catalog.providers:
        message += f"; add `{name}: {{}}` under providers"
    suggestion = compilation.findings.guess_name(name, sorted(document.provider_names))
    compilation.findings.add(place, "unknown_reference", message, suggestion=suggestion)


def _report_unknown_model(
    name: str, place: Place, serving: list[str], models: Iterable[str], compilation: Compilation
) -> None:
    catalog = compilation.surroundings.catalog
    severity: Severity = "warning" if place.file in compilation.lenient_files else "error"
    if serving:
        message = f"{' and '.join(serving)} all serve {quote(name)}; define it under models with its provider"
        compilation.findings.add(place, "unknown_reference", message, severity=severity)
        return
    message = f"unknown model {quote(name)}"
    # Who can be added by name alone comes first.
    elsewhere = sorted(
        (provider for provider in catalog.providers if catalog.serves(provider, name)),
        key=lambda provider: (not catalog.providers[provider].base_url, provider),
    )
    if elsewhere:
        message += f"; {elsewhere[0]} serves it: add `{elsewhere[0]}: {{}}` under providers"
        compilation.findings.add(place, "unknown_reference", message, severity=severity)
        return
    listed = (known for provider in sorted(compilation.document.provider_names) for known in catalog.names_of(provider))
    guess = compilation.findings.guess_name
    suggestion = guess(name, models) or guess(name, listed)
    compilation.findings.add(place, "unknown_reference", message, suggestion=suggestion, severity=severity)
