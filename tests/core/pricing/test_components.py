"""Every component has its own price; what was used and has none makes the cost unknown, and the sum is exact."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.catalog.further_rates import FurtherRates
from pointsman.core.chat.usage import FurtherCounts, Usage
from pointsman.core.pricing.prices import PriceTable, PriceTier, cost_nusd, expect_cost_nusd, list_unpriced

_PRICES = st.integers(0, 10**12)
_TOKENS = st.integers(0, 1_000_000)
_PARTS = ("plain", "cached", "written", "kept", "audio", "image", "text", "thought", "spoken", "drawn")
_COUNTS = st.fixed_dictionaries(dict.fromkeys((*_PARTS, "searches", "images"), _TOKENS))
_RATES = st.fixed_dictionaries(dict.fromkeys((*_PARTS, "request", "searches", "images"), _PRICES))


def _build(counts: dict[str, int], rates: dict[str, int]) -> tuple[Usage, PriceTable]:
    usage = Usage(
        sum(counts[name] for name in ("plain", "cached", "written", "kept", "audio", "image")),
        sum(counts[name] for name in ("text", "thought", "spoken", "drawn")),
        counts["cached"],
        counts["thought"],
        counts["written"] + counts["kept"],
        FurtherCounts(
            cache_write_1h_tokens=counts["kept"],
            audio_input_tokens=counts["audio"],
            audio_output_tokens=counts["spoken"],
            image_input_tokens=counts["image"],
            image_output_tokens=counts["drawn"],
            searches=counts["searches"],
            images=counts["images"],
        ),
    )
    further = FurtherRates(
        reasoning_nusd=rates["thought"],
        cache_write_1h_nusd=rates["kept"],
        audio_input_nusd=rates["audio"],
        audio_output_nusd=rates["spoken"],
        image_input_nusd=rates["image"],
        image_output_nusd=rates["drawn"],
        request_nusd=rates["request"],
        search_nusd=rates["searches"],
        image_nusd=rates["images"],
    )
    tables = PriceTable(
        rates["plain"], rates["text"], rates["cached"], "test", rates["written"], further=further,
        batch_millionths=500_000,
    )  # fmt: skip
    return usage, tables


@given(_COUNTS, _RATES)
def test_the_sum_of_all_components_is_exact(counts: dict[str, int], rates: dict[str, int]) -> None:
    usage, prices = _build(counts, rates)
    exact = Fraction(sum(counts[name] * rates[name] for name in _PARTS), 1_000_000)
    exact += rates["request"] + counts["searches"] * rates["searches"] + counts["images"] * rates["images"]
    cost, half = cost_nusd(usage, prices), cost_nusd(usage, prices, batch=True)
    assert cost is not None and 0 <= cost - exact < 1
    assert half is not None and 0 <= half - exact / 2 < 1


@given(_COUNTS, _RATES)
def test_the_short_way_is_the_long_way(counts: dict[str, int], rates: dict[str, int]) -> None:
    """Nearly every call has nothing further, and takes a way of its own."""
    counts |= dict.fromkeys(("kept", "audio", "image", "spoken", "drawn", "searches", "images"), 0)
    usage, prices = _build(counts, rates)
    plain = Usage(
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.reasoning_tokens,
        usage.cache_write_tokens,
    )
    assert usage.further is not None
    assert cost_nusd(plain, prices) == cost_nusd(usage, prices)


PRICED = PriceTable(2_000_000, 8_000_000, 200_000, "test", 2_500_000)


@pytest.mark.parametrize(
    "used",
    [
        FurtherCounts(audio_input_tokens=1),
        FurtherCounts(audio_output_tokens=1),
        FurtherCounts(image_output_tokens=1),
        FurtherCounts(searches=1),
        FurtherCounts(images=1),
    ],
)
def test_what_has_no_price_makes_the_cost_unknown(used: FurtherCounts) -> None:
    usage = Usage(100, 100, further=used)
    assert cost_nusd(usage, PRICED) is None
    assert [getattr(used, name) for name in list_unpriced(usage, PRICED)] == [1]


def test_a_model_that_costs_nothing_costs_nothing_at_all() -> None:
    usage = Usage(100, 100, further=FurtherCounts(audio_input_tokens=50, searches=3))
    assert cost_nusd(usage, PriceTable(0, 0, 0, "local")) == 0
    assert list(list_unpriced(usage, PriceTable(0, 0, 0, "local"))) == []
    assert not PriceTable(0, 0, 0, "local", further=FurtherRates(search_nusd=1)).is_free


def test_what_stands_in_is_never_cheaper() -> None:
    """Images as text, reasoning as any answer, an hour in the cache at twice the prompt's price."""
    images = Usage(100, 0, further=FurtherCounts(image_input_tokens=60))
    assert cost_nusd(images, PRICED) == 200
    assert cost_nusd(Usage(0, 100, reasoning_tokens=60), PRICED) == 800
    kept = Usage(100, 0, cache_write_tokens=100, further=FurtherCounts(cache_write_1h_tokens=100))
    assert cost_nusd(kept, PRICED) == 400
    dear = PriceTable(2_000_000, 0, 0, "test", 9_000_000)
    assert cost_nusd(kept, dear) == 900


def test_sound_and_images_are_not_taken_for_the_cached_part() -> None:
    prices = PriceTable(2_000_000, 0, 0, "test", further=FurtherRates(audio_input_nusd=10_000_000))
    heard = Usage(100, 0, cached_input_tokens=90, further=FurtherCounts(audio_input_tokens=100))
    assert cost_nusd(heard, prices) == 1_000


def test_each_call_costs_its_fee() -> None:
    prices = PriceTable(1_000_000, 1_000_000, 1_000_000, "test", further=FurtherRates(request_nusd=12_000_000))
    assert cost_nusd(Usage(10, 10), prices) == expect_cost_nusd(10, 10, prices) == 12_000_020


def test_without_a_price_of_its_own_a_batch_costs_the_usual() -> None:
    assert cost_nusd(Usage(100, 100), PRICED, batch=True) == cost_nusd(Usage(100, 100), PRICED)


def test_a_tier_has_further_prices_of_its_own() -> None:
    long = PriceTier(100, 2_000_000, 0, 0, further=FurtherRates(audio_input_nusd=20_000_000, search_nusd=5))
    prices = PriceTable(
        1_000_000, 0, 0, "test", tiers=(long,), further=FurtherRates(audio_input_nusd=10_000_000, search_nusd=5)
    )
    used = FurtherCounts(audio_input_tokens=10, searches=1)
    assert cost_nusd(Usage(10, 0, further=used), prices) == 105
    assert cost_nusd(Usage(110, 0, further=used), prices) == 405
