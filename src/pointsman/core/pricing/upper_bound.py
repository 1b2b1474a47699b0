"""What a call costs at most: the dearest price that could apply to each token of it, rounded up once.

What may be used and has no price makes the bound unknown, as it would make the cost.
"""

import msgspec

from pointsman.core.catalog.further_rates import NOTHING_FURTHER, FurtherRates
from pointsman.core.pricing.prices import HOUR_WRITES_PER_INPUT, TOKENS_PER_PRICE, PriceTable, PriceTier


class SpecialParts(msgspec.Struct, frozen=True, gc=False):
    """What of a prompt may have prices of its own.

    Attributes:
        searches: that the provider may bill.
        images: that the provider may bill one by one.
        has_sound: whether sound is in it.
        has_images: whether images are in it.
        speaks: whether the answer is to be sound.
        is_kept_longer: whether the provider is asked to keep some of it for longer than usual.
    """

    searches: int = 0
    images: int = 0
    has_sound: bool = False
    has_images: bool = False
    speaks: bool = False
    is_kept_longer: bool = False


class PromptSize(msgspec.Struct, frozen=True, gc=False):
    """What a call's prompt may come to at most: tokens all told, and what is special about some of them."""

    tokens: int
    special: SpecialParts | None = None


_NOTHING_SPECIAL = SpecialParts()


class _Dearest(msgspec.Struct, frozen=True, gc=False):
    """What a call costs for its prompt, times a million, and what each generated token adds to that."""

    prompt: int
    per_output_token: int


def bound_cost_nusd(prompt: PromptSize, output_tokens: int, prices: PriceTable | None) -> int | None:
    """What a call costs at most, in nano-dollars, or `None` when that is unknown."""
    if prices is None:
        return None
    if prompt.special is None and prices.further is None and not prices.tiers:
        # Nearly every call; the long way comes to the same.
        dearest_input, write_nusd = prices.input_nusd, prices.cache_write_nusd
        if prices.cached_input_nusd > dearest_input:
            dearest_input = prices.cached_input_nusd
        if write_nusd is not None and write_nusd > dearest_input:
            dearest_input = write_nusd
        exact_times_million = prompt.tokens * dearest_input + output_tokens * prices.output_nusd
    else:
        dearest = _find_dearest(prompt, prices)
        if dearest is None:
            return None
        exact_times_million = dearest.prompt + output_tokens * dearest.per_output_token
    return -(-exact_times_million // TOKENS_PER_PRICE)


def count_affordable(prompt: PromptSize, nusd: int, prices: PriceTable | None) -> int | None:
    """How many generated tokens an amount pays for, once it has paid for the prompt at its dearest.

    Returns:
        -1 when not even the prompt is paid for; `None` when nobody knows, or when generated tokens cost nothing.
    """
    dearest = _find_dearest(prompt, prices) if prices is not None else None
    if dearest is None:
        return None
    left = nusd * TOKENS_PER_PRICE - dearest.prompt
    if left < 0:
        return -1
    return left // dearest.per_output_token if dearest.per_output_token else None


def _find_dearest(prompt: PromptSize, prices: PriceTable) -> _Dearest | None:
    if prices.is_free:
        return _Dearest(0, 0)
    found = _find_dearest_of(prompt, prices)
    for tier in prices.tiers:
        # One tier holds for all of a call, and a call may turn out to be shorter than its bound.
        one = _find_dearest_of(prompt, tier) if prompt.tokens > tier.above_input_tokens else found
        if one is None or found is None:
            return None
        found = _Dearest(max(found.prompt, one.prompt), max(found.per_output_token, one.per_output_token))
    return found


def _find_dearest_of(prompt: PromptSize, rates: PriceTable | PriceTier) -> _Dearest | None:
    """By one tier's prices; `None` when something that may be used has none."""
    further, special = rates.further or NOTHING_FURTHER, prompt.special or _NOTHING_SPECIAL
    needed = (
        (special.searches, further.search_nusd),
        (special.images, further.image_nusd),
        (special.has_sound, further.audio_input_nusd),
        (special.speaks, further.audio_output_nusd),
    )
    if any(is_used and price is None for is_used, price in needed):
        return None
    apart = (
        (further.request_nusd or 0)
        + special.searches * (further.search_nusd or 0)
        + special.images * (further.image_nusd or 0)
    )
    tokens_nusd = prompt.tokens * max(_list_prompt_prices(special, rates, further))
    return _Dearest(tokens_nusd + apart * TOKENS_PER_PRICE, max(_list_answer_prices(rates, further)))


def _list_prompt_prices(special: SpecialParts, rates: PriceTable | PriceTier, further: FurtherRates) -> list[int]:
    found = [rates.input_nusd, rates.cached_input_nusd, rates.cache_write_nusd or 0]
    if special.has_sound:
        found.append(further.audio_input_nusd or 0)
    if special.has_images:
        found.append(further.image_input_nusd or 0)
    if special.is_kept_longer:
        # Without a price of its own it is that much of the prompt's, or the shorter write's if that is dearer.
        found.append(further.cache_write_1h_nusd or HOUR_WRITES_PER_INPUT * rates.input_nusd)
    return found


def _list_answer_prices(rates: PriceTable | PriceTier, further: FurtherRates) -> list[int]:
    """A model that has a price for generated sound or images may answer with them unasked."""
    own = (further.reasoning_nusd, further.audio_output_nusd, further.image_output_nusd)
    return [rates.output_nusd, *(price or 0 for price in own)]
