"""A cost is the exact amount rounded up once: below it never, above it by less than one nano-dollar."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import MOST_TOKENS, Usage
from pointsman.core.pricing.prices import PriceTable, PriceTier, expect_cost_nusd
from pointsman.core.pricing.prices import cost_nusd as find_cost_nusd

_PRICES = st.integers(0, 10**12)
_TOKENS = st.integers(0, MOST_TOKENS)


def cost_nusd(usage: Usage, prices: PriceTable) -> int:
    cost = find_cost_nusd(usage, prices)
    assert cost is not None, "everything that is used here has a price"
    return cost


@given(_TOKENS, _TOKENS, _TOKENS, _PRICES, _PRICES, _PRICES)
def test_cost_is_exact_against_fractions(
    uncached: int, cached: int, output: int, input_price: int, cached_price: int, output_price: int
) -> None:
    prices = PriceTable(input_price, output_price, cached_price, "test")
    exact = Fraction(uncached * input_price + cached * cached_price + output * output_price, 1_000_000)
    assert 0 <= cost_nusd(Usage(uncached + cached, output, cached), prices) - exact < 1


def test_a_known_bill() -> None:
    """1,000 input and 500 output tokens at $2.50 and $10 per million are $0.0075."""
    assert cost_nusd(Usage(1_000, 500), PriceTable(2_500_000_000, 10_000_000_000, 0, "test")) == 7_500_000


def test_more_cached_than_input_is_not_believed() -> None:
    assert cost_nusd(Usage(10, 0, cached_input_tokens=99), PriceTable(1_000_000, 0, 2_000_000, "test")) == 20


@given(_TOKENS, _TOKENS, _TOKENS, _TOKENS, _PRICES, _PRICES)
def test_what_is_written_into_the_cache_has_a_price_of_its_own(
    plain: int, cached: int, written: int, output: int, input_price: int, write_price: int
) -> None:
    prices = PriceTable(input_price, 7, 5, "test", write_price)
    exact = Fraction(plain * input_price + cached * 5 + written * write_price + output * 7, 1_000_000)
    usage = Usage(plain + cached + written, output, cached, cache_write_tokens=written)
    assert 0 <= cost_nusd(usage, prices) - exact < 1


def test_without_a_price_of_its_own_it_costs_as_any_prompt() -> None:
    usage, plain = Usage(1_000, 0, cache_write_tokens=400), Usage(1_000, 0)
    prices = PriceTable(3_000_000_000, 0, 0, "test")
    assert cost_nusd(usage, prices) == cost_nusd(plain, prices)


def test_more_written_than_there_was_is_not_believed() -> None:
    prices = PriceTable(1_000_000, 0, 500_000, "test", 2_000_000)
    assert cost_nusd(Usage(10, 0, cached_input_tokens=4, cache_write_tokens=99), prices) == 4 * 0.5 + 6 * 2


TIERED = PriceTable(
    1_000_000, 10_000_000, 100_000, "test", 2_000_000, (PriceTier(100, 3_000_000, 30_000_000, 300_000, 6_000_000),)
)


@pytest.mark.parametrize(("tokens", "times"), [(0, 1), (100, 1), (101, 3), (5_000, 3)])
def test_one_tier_holds_for_all_tokens_of_a_call(tokens: int, times: int) -> None:
    usage = Usage(tokens, 10, cached_input_tokens=tokens // 10, cache_write_tokens=tokens // 5)
    plain = PriceTable(1_000_000, 10_000_000, 100_000, "test", 2_000_000)
    assert abs(cost_nusd(usage, TIERED) - times * cost_nusd(usage, plain)) <= 2
    assert expect_cost_nusd(tokens, 10, TIERED) == cost_nusd(Usage(tokens, 10), TIERED)


def test_the_last_tier_that_is_reached_counts() -> None:
    tiers = tuple(PriceTier(above, rate, 0, 0) for above, rate in ((10, 2_000_000), (100, 5_000_000)))
    prices = PriceTable(1_000_000, 0, 0, "test", None, tiers)
    assert [cost_nusd(Usage(tokens, 0), prices) // tokens for tokens in (10, 11, 100, 101)] == [1, 2, 2, 5]
