"""A cost is the exact amount rounded up once: below it never, above it by less than one nano-dollar."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.usage import MOST_TOKENS, Usage
from pointsman.core.pricing.prices import PriceTable, cost_nusd

_PRICES = st.integers(0, 10**12)
_TOKENS = st.integers(0, MOST_TOKENS)


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
