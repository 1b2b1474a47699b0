"""Money is exact: what is written is what is meant, to the nano-dollar."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.money import InvalidMoney, format_usd, parse_usd


@pytest.mark.parametrize(
    ("text", "amount_nusd"),
    [("0.60", 600_000_000), ("$500", 500_000_000_000), ("15", 15_000_000_000), ("0.000000001", 1), ("0", 0)],
)
def test_reads_exactly(text: str, amount_nusd: int) -> None:
    assert parse_usd(text) == amount_nusd


@pytest.mark.parametrize(
    "text",
    ["", "1e3", "500 EUR", "5,00", "-1", "+1", ".5", "5.", "NaN", "0.0000000001", "12345678", "1_000", "١", "$ 5"],
)
def test_refuses_what_is_no_amount(text: str) -> None:
    with pytest.raises(InvalidMoney):
        parse_usd(text)


@given(st.integers(0, 9_999_999_999_999_999))
def test_written_amounts_read_back(amount_nusd: int) -> None:
    text = format_usd(amount_nusd)
    assert parse_usd(text) == amount_nusd
    assert Fraction(text) == Fraction(amount_nusd, 10**9)
    assert format_usd(-amount_nusd) == (f"-{text}" if amount_nusd else "0")
