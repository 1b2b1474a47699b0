"""The only place where a cost is computed or rounded: usage x price, one rounding per attempt.

What was used and has no price makes the cost unknown, unless the price that stands in for it is documented.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pointsman.core.catalog.further_rates import NOTHING_FURTHER, FurtherRates
from pointsman.core.chat.usage import FurtherCounts, Usage

TOKENS_PER_PRICE = 1_000_000
MILLIONTHS = 1_000_000
HOUR_WRITES_PER_INPUT = 2
"""Anthropic alone tells what it keeps for an hour, and charges twice the price of prompts for it."""


@dataclass(frozen=True, slots=True)
class PriceTier:
    """What every token of a call costs once its prompt is long, in nano-dollars per million tokens.

    Attributes:
        above_input_tokens: the call's prompt has more tokens than this.
        input_nusd: as in `PriceTable`, and so the others.
    """

    above_input_tokens: int
    input_nusd: int
    output_nusd: int
    cached_input_nusd: int
    cache_write_nusd: int | None = None
    further: FurtherRates | None = None


@dataclass(frozen=True, slots=True)
class PriceTable:
    """What a model costs, in nano-dollars per million tokens of each component.

    Attributes:
        input_nusd: prompt tokens that were not cached.
        output_nusd: generated tokens.
        cached_input_nusd: prompt tokens served from the provider's cache.
        source: where the figures come from, such as `pointsman.yaml` or `catalogue 2026-10-12`.
        cache_write_nusd: prompt tokens written into the provider's cache; `None`: as those that were not cached.
        tiers: for calls with long prompts, the shortest first.
        further: prices of what few models have, or `None` when there are none.
        batch_millionths: what a call in a batch costs, as a part of all that; `None`: as any call.
        valid_from: since when, an ISO date; `None` where nobody says.
    """

    input_nusd: int
    output_nusd: int
    cached_input_nusd: int
    source: str
    cache_write_nusd: int | None = None
    tiers: tuple[PriceTier, ...] = ()
    further: FurtherRates | None = None
    batch_millionths: int | None = None
    valid_from: str | None = None

    def rates_for(self, input_tokens: int) -> "PriceTable | PriceTier":
        """What a call with a prompt of that many tokens goes by: one tier holds for all of its tokens."""
        rates: PriceTable | PriceTier = self
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier
        return rates

    @property
    def is_free(self) -> bool:
        """Whether nothing about the model costs anything, as on machines of one's own."""
        stated = (self.input_nusd, self.output_nusd, self.cached_input_nusd, self.cache_write_nusd, self.tiers)
        return not any(stated) and not any(_list_stated(self.further))


def cost_nusd(usage: Usage, prices: PriceTable, *, batch: bool = False) -> int | None:
    """The cost of one attempt in nano-dollars, rounded up once: less than 1 nUSD above what is exact.

    Args:
        usage: what was consumed.
        prices: of the model.
        batch: whether the call ran in a batch.

    Returns:
        `None` when something was used whose price nobody knows: sound, generated images, searches, single images.
    """
    rates = prices.rates_for(usage.input_tokens) if prices.tiers else prices
    if usage.further is not None:
        exact_times_million = _sum_components(usage, usage.further, rates, prices)
        if exact_times_million is None:
            return None
    else:
        cached = usage.cached_input_tokens
        if cached > usage.input_tokens:
            cached = usage.input_tokens
        uncached = usage.input_tokens - cached
        exact_times_million = (
            uncached * rates.input_nusd + cached * rates.cached_input_nusd + usage.output_tokens * rates.output_nusd
        )
        if usage.cache_write_tokens and rates.cache_write_nusd is not None:
            written = min(usage.cache_write_tokens, uncached)
            exact_times_million += written * (rates.cache_write_nusd - rates.input_nusd)
        further = rates.further
        if further is not None:
            if further.request_nusd is not None:
                exact_times_million += further.request_nusd * TOKENS_PER_PRICE
            if further.reasoning_nusd is not None and usage.reasoning_tokens:
                thought = min(usage.reasoning_tokens, usage.output_tokens)
                exact_times_million += thought * (further.reasoning_nusd - rates.output_nusd)
    if batch and prices.batch_millionths is not None:
        return -(-exact_times_million * prices.batch_millionths // (TOKENS_PER_PRICE * MILLIONTHS))
    return -(-exact_times_million // TOKENS_PER_PRICE)


def expect_cost_nusd(input_tokens: int, output_tokens: int, prices: PriceTable) -> int:
    """The same for a call of which nothing but its length is known; many models are compared by it."""
    rates = prices.rates_for(input_tokens) if prices.tiers else prices
    exact_times_million = input_tokens * rates.input_nusd + output_tokens * rates.output_nusd
    if rates.further is not None and rates.further.request_nusd:
        exact_times_million += rates.further.request_nusd * TOKENS_PER_PRICE
    return -(-exact_times_million // TOKENS_PER_PRICE)


def list_unpriced(usage: Usage, prices: PriceTable) -> Iterator[str]:
    """What was used and has no price, by its name in `FurtherCounts`: why a cost is unknown."""
    used, rates = usage.further, prices.rates_for(usage.input_tokens).further or NOTHING_FURTHER
    if used is None or prices.is_free:
        return
    for name, price in _ask_price(rates):
        if price is None and getattr(used, name):
            yield name


def _sum_components(usage: Usage, used: FurtherCounts, rates: PriceTable | PriceTier, prices: PriceTable) -> int | None:
    """The exact cost times a million, or `None` when a part of it is unknown.

    Sound and images are taken to be what was not cached: a report says how much was cached of all, and in doubt it is
    the cheaper part.
    """
    further = rates.further or NOTHING_FURTHER
    if prices.is_free:
        return 0
    if any(price is None and getattr(used, name) for name, price in _ask_price(further)):
        return None
    return (
        _sum_prompt(usage, used, rates, further)
        + _sum_answer(usage, used, rates, further)
        + (
            (further.request_nusd or 0)
            + used.searches * (further.search_nusd or 0)
            + used.images * (further.image_nusd or 0)
        )
        * TOKENS_PER_PRICE
    )


def _sum_prompt(usage: Usage, used: FurtherCounts, rates: PriceTable | PriceTier, further: FurtherRates) -> int:
    audio = min(used.audio_input_tokens, usage.input_tokens)
    image = min(used.image_input_tokens, usage.input_tokens - audio) if further.image_input_nusd is not None else 0
    rest = usage.input_tokens - audio - image
    cached = min(usage.cached_input_tokens, rest)
    written = min(usage.cache_write_tokens, rest - cached)
    kept_longer = min(used.cache_write_1h_tokens, written)
    write_nusd = rates.input_nusd if rates.cache_write_nusd is None else rates.cache_write_nusd
    longer_nusd = further.cache_write_1h_nusd
    if longer_nusd is None:
        longer_nusd = max(write_nusd, HOUR_WRITES_PER_INPUT * rates.input_nusd)
    return (
        audio * (further.audio_input_nusd or 0)
        + image * (further.image_input_nusd or 0)
        + cached * rates.cached_input_nusd
        + kept_longer * longer_nusd
        + (written - kept_longer) * write_nusd
        + (rest - cached - written) * rates.input_nusd
    )


def _sum_answer(usage: Usage, used: FurtherCounts, rates: PriceTable | PriceTier, further: FurtherRates) -> int:
    audio = min(used.audio_output_tokens, usage.output_tokens)
    image = min(used.image_output_tokens, usage.output_tokens - audio)
    rest = usage.output_tokens - audio - image
    thought = min(usage.reasoning_tokens, rest)
    thought_nusd = rates.output_nusd if further.reasoning_nusd is None else further.reasoning_nusd
    return (
        audio * (further.audio_output_nusd or 0)
        + image * (further.image_output_nusd or 0)
        + thought * thought_nusd
        + (rest - thought) * rates.output_nusd
    )


def _ask_price(further: FurtherRates) -> tuple[tuple[str, int | None], ...]:
    """What has to have a price of its own once it is used: nothing documented stands in for it."""
    return (
        ("audio_input_tokens", further.audio_input_nusd),
        ("audio_output_tokens", further.audio_output_nusd),
        ("image_output_tokens", further.image_output_nusd),
        ("searches", further.search_nusd),
        ("images", further.image_nusd),
    )


def _list_stated(further: FurtherRates | None) -> Iterator[int]:
    for name in FurtherRates.__struct_fields__ if further is not None else ():
        price: int | None = getattr(further, name)
        if price is not None:
            yield price
