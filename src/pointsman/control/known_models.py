"""Models as people look them up: those of a configuration, and all that the catalogue knows; nothing is guessed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.catalog.join_models import FoundModel
from pointsman.core.catalog.known_model import KnownModel, ListedPrice
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import Model, Snapshot
from pointsman.core.pricing.prices import PriceTable

VISION = "vision"
IMAGE = "image"


@dataclass(frozen=True, slots=True)
class Rates:
    """Nano-dollars per million tokens; `above_input_tokens` is of prompts that these hold for, 0 for all others.

    `further` holds what few models have a price for.
    """

    input_nusd: int
    output_nusd: int
    cached_input_nusd: int
    cache_write_nusd: int | None
    above_input_tokens: int = 0
    further: FurtherRates | None = None


@dataclass(frozen=True, slots=True)
class PricesToday:
    """What a model costs today.

    Attributes:
        rates: for prompts of any length, then for longer ones.
        source: who says so.
        valid_from: since when, an ISO date; `None` where nobody says.
        batch_millionths: what a call in a batch costs, as a part of that; `None` where nobody says.
    """

    rates: tuple[Rates, ...]
    source: str
    valid_from: str | None = None
    batch_millionths: int | None = None


@dataclass(frozen=True, slots=True)
class ModelRow:
    """One model; what is unknown is `None` or empty.

    Attributes:
        name: ours, or the provider's id where the configuration does not have it.
        provider: who serves it.
        model_id: the provider's id.
        dialect: the wire format it is asked in.
        location: `local` or `cloud`.
        context_window: tokens of prompt and answer together.
        max_output_tokens: the most tokens of an answer.
        capabilities: what it can do.
        lacks: what it cannot do.
        modalities: what a prompt may hold.
        prices: today, or `None` when unknown.
        tier: 1 is the most capable class.
        enabled: whether it may serve; `None` where the configuration does not have it.
        deprecated: whether its provider has announced its end.
        retires_on: from when it is not served any more, an ISO date.
        has_retired: whether that day has come.
        facts: what the catalogue knows of it.
    """

    name: str
    provider: str
    model_id: str
    dialect: str
    location: Location
    context_window: int | None
    max_output_tokens: int | None
    capabilities: tuple[str, ...]
    lacks: tuple[str, ...]
    modalities: tuple[str, ...]
    prices: PricesToday | None
    tier: int | None
    enabled: bool | None
    deprecated: bool
    retires_on: str | None
    has_retired: bool
    facts: FoundModel | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which models are looked for; what is `None` or empty lets all through.

    Attributes:
        provider: its name.
        capability: what the model is said to be able to do.
        most_nusd: what a million tokens may cost at most, of prompt as of answer; an unknown price is not low.
        least_context: tokens that its window holds at least; an unknown window does not.
        location: `local` or `cloud`.
        text: a part of its name or id.
    """

    provider: str | None = None
    capability: str | None = None
    most_nusd: int | None = None
    least_context: int | None = None
    location: Location | None = None
    text: str = ""

    def fits(self, row: ModelRow) -> bool:
        """Whether a model is among them."""
        text = self.text.lower()
        return (
            (self.provider is None or row.provider == self.provider)
            and (self.capability is None or self.capability in row.capabilities)
            and (self.most_nusd is None or _costs_at_most(row.prices, self.most_nusd))
            and (self.least_context is None or (row.context_window or 0) >= self.least_context)
            and (self.location is None or row.location == self.location)
            and (not text or text in row.name.lower() or text in row.model_id.lower())
        )


def list_configured(snapshot: Snapshot, catalog: Catalog, today: str) -> Iterator[ModelRow]:
    """The models of a configuration, in its order."""
    for model in snapshot.models.values():
        deployment = model.deployment
        found = catalog.find_model(deployment.provider, deployment.upstream_model)
        facts = found.model if found is not None else None
        yield ModelRow(
            name=model.name,
            provider=deployment.provider,
            model_id=deployment.upstream_model,
            dialect=deployment.dialect,
            location=deployment.location,
            context_window=model.context_window,
            max_output_tokens=model.max_output_tokens,
            capabilities=_list_abilities(model.capabilities, facts, model.lacks),
            lacks=model.lacks,
            modalities=facts.modalities if facts is not None else (),
            prices=_read_prices(model),
            tier=model.tier,
            enabled=model.enabled,
            deprecated=facts is not None and facts.is_ending,
            retires_on=facts.retires_on if facts is not None else None,
            has_retired=facts is not None and facts.has_retired(today),
            facts=found,
        )


def list_known(catalog: Catalog, today: str, configured: Iterable[ModelRow] = ()) -> Iterator[ModelRow]:
    """Every model of the catalogue that is not among those of a configuration, by provider."""
    taken = {(row.provider, row.facts.model.id) for row in configured if row.facts is not None}
    for provider, known in catalog.providers.items():
        for found in catalog.models_of(provider):
            facts = found.model
            if (provider, facts.id) in taken:
                continue
            listed = facts.price_on(today)
            yield ModelRow(
                name=facts.id,
                provider=provider,
                model_id=facts.id,
                dialect=known.dialect,
                location=known.location,
                context_window=facts.context_window,
                max_output_tokens=facts.max_output_tokens,
                capabilities=_list_abilities((), facts, facts.lacks),
                lacks=facts.lacks,
                modalities=facts.modalities,
                prices=None if listed is None else show_prices(listed, found.source),
                tier=None,
                enabled=None,
                deprecated=facts.is_ending,
                retires_on=facts.retires_on,
                has_retired=facts.has_retired(today),
                facts=found,
            )


def show_prices(listed: ListedPrice, source: str) -> PricesToday:
    """A price of the catalogue."""
    return PricesToday(tuple(_list_rates(listed)), source, listed.valid_from)


def name_aliases(row: ModelRow, aliases: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Further names of a model, by whose they are: ours, the provider's, and how the provider's may look."""
    facts = row.facts.model if row.facts is not None else None
    ours = tuple(alias for alias, target in aliases.items() if target == row.name)
    if facts is None:
        return {"aliases": ours, "ids": (), "ids_begin_with": ()}
    return {"aliases": ours, "ids": (facts.id, *facts.equals), "ids_begin_with": facts.starts_with}


def _read_prices(model: Model) -> PricesToday | None:
    table = model.prices
    if table is None:
        return None
    return PricesToday(tuple(_list_rates(table)), table.source, table.valid_from, table.batch_millionths)


def _list_rates(prices: ListedPrice | PriceTable) -> Iterator[Rates]:
    for rates in (prices, *prices.tiers):
        yield Rates(
            rates.input_nusd,
            rates.output_nusd,
            rates.cached_input_nusd,
            rates.cache_write_nusd,
            0 if isinstance(rates, ListedPrice | PriceTable) else rates.above_input_tokens,
            rates.further,
        )


def _list_abilities(own: tuple[str, ...], facts: KnownModel | None, lacks: tuple[str, ...]) -> tuple[str, ...]:
    known = facts.can if facts is not None else ()
    seen = (VISION,) if facts is not None and IMAGE in facts.modalities else ()
    return tuple(name for name in dict.fromkeys((*own, *known, *seen)) if name not in lacks)


def _costs_at_most(prices: PricesToday | None, most_nusd: int) -> bool:
    """By the usual rates; those for long prompts are for long prompts."""
    return prices is not None and max(prices.rates[0].input_nusd, prices.rates[0].output_nusd) <= most_nusd
