"""The only place where a cost is computed or rounded: usage x price, one rounding per attempt."""

from dataclasses import dataclass

from pointsman.core.chat.usage import Usage

TOKENS_PER_PRICE = 1_000_000


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
    """

    input_nusd: int
    output_nusd: int
    cached_input_nusd: int
    source: str
    cache_write_nusd: int | None = None
    tiers: tuple[PriceTier, ...] = ()

    def rates_for(self, input_tokens: int) -> "PriceTable | PriceTier":
        """What a call with a prompt of that many tokens goes by: one tier holds for all of its tokens."""
        rates: PriceTable | PriceTier = self
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier
        return rates


def cost_nusd(usage: Usage, prices: PriceTable) -> int:
    """The cost of one attempt in nano-dollars, rounded up once: less than 1 nUSD above what is exact."""
    rates = prices.rates_for(usage.input_tokens) if prices.tiers else prices
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    uncached = usage.input_tokens - cached
    exact_times_million = (
        uncached * rates.input_nusd + cached * rates.cached_input_nusd + usage.output_tokens * rates.output_nusd
    )
    if usage.cache_write_tokens and rates.cache_write_nusd is not None:
        written = min(usage.cache_write_tokens, uncached)
        exact_times_million += written * (rates.cache_write_nusd - rates.input_nusd)
    return -(-exact_times_million // TOKENS_PER_PRICE)


def expect_cost_nusd(input_tokens: int, output_tokens: int, prices: PriceTable) -> int:
    """The same for a call of which nothing but its length is known; many models are compared by it."""
    rates = prices.rates_for(input_tokens) if prices.tiers else prices
    return -(-(input_tokens * rates.input_nusd + output_tokens * rates.output_nusd) // TOKENS_PER_PRICE)
