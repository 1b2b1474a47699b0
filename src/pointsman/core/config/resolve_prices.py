"""What a model costs, by the day: as the document states it, else as the catalogue lists it; nothing is guessed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from pointsman.core.catalog.catalog import Catalog
from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.catalog.join_models import FoundModel
from pointsman.core.catalog.known_model import ListedPrice, ListedTier
from pointsman.core.config.sections.prices import Price, Rates
from pointsman.core.config.sections.providers import Model as WrittenModel
from pointsman.core.config.sections.values import Location
from pointsman.core.config.snapshot import DatedPrices
from pointsman.core.config.write_prices import FEES, FURTHER
from pointsman.core.pricing.prices import PriceTable, PriceTier

WRITTEN_SOURCE = "pointsman.yaml"
"""The source of a price that the document states, whatever its file is called."""

FREE = PriceTable(0, 0, 0, "local, free unless priced")


def resolve_prices(
    stated: WrittenModel | None, found: FoundModel | None, provider: str, location: Location, catalog: Catalog
) -> DatedPrices:
    """A model's prices from each day on which they change, the oldest first; none when nobody knows them.

    Args:
        stated: what the document says of the model, or `None` where it only refers to it.
        found: what the catalogue says of it, or `None`.
        provider: its name, for what its batches cost.
        location: where the model is; a local one is free unless priced.
        catalog: of providers.
    """
    known = catalog.providers.get(provider)
    batch = known.batch_millionths if known is not None else None
    tables = [replace(table, batch_millionths=batch) if table.batch_millionths is None else table
              for table in _list_tables(stated, found, location)]  # fmt: skip
    return tuple((_find_start(table.valid_from), table) for table in tables)


def choose_prices(dated: DatedPrices, day: str) -> PriceTable | None:
    """The prices of a day, or `None` when they are unknown."""
    valid = [table for _, table in dated if table.valid_from is None or table.valid_from <= day]
    return valid[-1] if valid else None


def _list_tables(stated: WrittenModel | None, found: FoundModel | None, location: Location) -> Iterator[PriceTable]:
    listed = found.model.prices if found is not None else ()
    changes = stated.price_changes if stated is not None else []
    first_change = changes[0].valid_from if changes else None
    newest = listed[-1] if listed else None
    if stated is not None and stated.price_per_1m_tokens is not None:
        yield _build_stated(stated.price_per_1m_tokens, newest, None)
    elif found is not None and listed:
        for price in listed:
            if first_change is None or (price.valid_from or "") < first_change:
                yield _build_listed(price, found.source)
    elif location == "local":
        yield FREE
    for change in changes:
        yield _build_stated(change, newest, change.valid_from)


def _build_stated(price: Price, listed: ListedPrice | None, valid_from: str | None) -> PriceTable:
    fees = {ours: amount for name, ours in FEES.items() if (amount := getattr(price, name)) is not None}
    tiers = (
        PriceTier(
            tier.above_input_tokens,
            tier.input,
            tier.output,
            tier.input if tier.cached_input is None else tier.cached_input,
            _find_cache_write(tier, listed),
            _gather_further(tier, fees),
        )
        for tier in price.long_prompts
    )
    return PriceTable(
        price.input,
        price.output,
        price.input if price.cached_input is None else price.cached_input,
        WRITTEN_SOURCE,
        _find_cache_write(price, listed),
        tuple(tiers),
        _gather_further(price, fees),
        price.batch,
        valid_from,
    )


def _find_cache_write(rates: Rates, listed: ListedPrice | None) -> int | None:
    """As stated, else in the catalogue's proportion to the price of prompts: Anthropic's is dearer than that."""
    if rates.cache_write is not None or listed is None or listed.cache_write_nusd is None or not listed.input_nusd:
        return rates.cache_write
    return max(rates.input, -(-rates.input * listed.cache_write_nusd // listed.input_nusd))


def _gather_further(rates: Rates, fees: dict[str, int]) -> FurtherRates | None:
    stated = {ours: amount for name, ours in FURTHER.items() if (amount := getattr(rates, name)) is not None}
    return FurtherRates(**stated, **fees) if stated or fees else None


def _build_listed(listed: ListedPrice, source: str) -> PriceTable:
    return PriceTable(
        listed.input_nusd,
        listed.output_nusd,
        listed.cached_input_nusd,
        source,
        listed.cache_write_nusd,
        tuple(map(_build_tier, listed.tiers)),
        listed.further,
        valid_from=listed.valid_from,
    )


def _build_tier(tier: ListedTier) -> PriceTier:
    return PriceTier(
        tier.above_input_tokens,
        tier.input_nusd,
        tier.output_nusd,
        tier.cached_input_nusd,
        tier.cache_write_nusd,
        tier.further,
    )


def _find_start(day: str | None) -> int:
    """The first millisecond of a day in UTC, since the Unix epoch."""
    return 0 if day is None else int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) * 1_000
