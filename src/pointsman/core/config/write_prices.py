"""Prices as a document states them: the way back of `resolve_prices`, for those who ask what is in force."""

from pointsman.core.catalog.further_rates import NOTHING_FURTHER
from pointsman.core.config.nodes import Plain
from pointsman.core.config.written_form import write_money
from pointsman.core.pricing.prices import PriceTable, PriceTier

FURTHER = {
    "cache_write_1h": "cache_write_1h_nusd",
    "reasoning": "reasoning_nusd",
    "audio_input": "audio_input_nusd",
    "audio_output": "audio_output_nusd",
    "image_input": "image_input_nusd",
    "image_output": "image_output_nusd",
}
"""Per million tokens: a document's key, and the name in `FurtherRates`."""

FEES = {"per_request": "request_nusd", "per_search": "search_nusd", "per_image": "image_nusd"}
"""Each; likewise."""

_MILLIONTHS_PER_PERCENT = 10_000


def write_prices(prices: PriceTable) -> dict[str, Plain]:
    """A price as `price_per_1m_tokens` has it."""
    written = _write_rates(prices) | _write_further(prices, FEES)
    if prices.batch_millionths is not None:
        whole, rest = divmod(prices.batch_millionths, _MILLIONTHS_PER_PERCENT)
        written["batch"] = f"{whole}.{rest:04d}".rstrip("0").rstrip(".") + "%"
    if prices.tiers:
        written["long_prompts"] = [
            {"above_input_tokens": tier.above_input_tokens, **_write_rates(tier)} for tier in prices.tiers
        ]
    return written


def _write_rates(rates: PriceTable | PriceTier) -> dict[str, Plain]:
    written: dict[str, Plain] = {
        "input": write_money(rates.input_nusd),
        "output": write_money(rates.output_nusd),
        "cached_input": write_money(rates.cached_input_nusd),
    }
    if rates.cache_write_nusd is not None:
        written["cache_write"] = write_money(rates.cache_write_nusd)
    return written | _write_further(rates, FURTHER)


def _write_further(rates: PriceTable | PriceTier, names: dict[str, str]) -> dict[str, Plain]:
    further = rates.further or NOTHING_FURTHER
    return {name: write_money(price) for name, ours in names.items() if (price := getattr(further, ours)) is not None}
