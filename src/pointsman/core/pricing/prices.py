"""The only place where a cost is computed or rounded: usage x price, one rounding per attempt."""

from dataclasses import dataclass

from pointsman.core.chat.usage import Usage

TOKENS_PER_PRICE = 1_000_000


@dataclass(frozen=True, slots=True)
class PriceTable:
    """What a model costs, in nano-dollars per million tokens of each component.

    Attributes:
        input_nusd: prompt tokens that were not cached.
        output_nusd: generated tokens.
        cached_input_nusd: prompt tokens served from the provider's cache.
        source: where the figures come from, such as `pointsman.yaml` or `catalogue 2026-10-12`.
    """

    input_nusd: int
    output_nusd: int
    cached_input_nusd: int
    source: str


def cost_nusd(usage: Usage, prices: PriceTable) -> int:
    """The cost of one attempt in nano-dollars, rounded up once: less than 1 nUSD above what is exact."""
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    exact_times_million = (
        (usage.input_tokens - cached) * prices.input_nusd
        + cached * prices.cached_input_nusd
        + usage.output_tokens * prices.output_nusd
    )
    return -(-exact_times_million // TOKENS_PER_PRICE)
