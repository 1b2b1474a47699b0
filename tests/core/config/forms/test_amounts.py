"""Prices are scaled exactly, from their text; what another form spells out is written as the document has it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.money import InvalidMoney, parse_usd
from pointsman.core.config.forms.amounts import read_grouped_money, read_seconds, read_spelt_period, scale_price
from pointsman.core.config.nodes import ScalarNode, to_plain
from pointsman.core.config.problems import Place
from pointsman.core.config.source import resolve_plain

PLACE = Place(1, 1, "", "a.yaml")


def plain(text: str) -> ScalarNode:
    return ScalarNode(PLACE, text, resolve_plain(text))


def quoted(text: str) -> ScalarNode:
    return ScalarNode(PLACE, text, text)


@pytest.mark.parametrize(
    ("text", "scaled"),
    [("0.015", "15"), ("0.0005", "0.5"), ("0.1", "100"), ("$2", "2000"), ("0.00000025", "0.00025"), ("0", "0")],
)
def test_a_price_per_thousand_is_one_per_million(text: str, scaled: str) -> None:
    assert to_plain(scale_price(plain(text), 1_000)) == scaled


@given(st.decimals(min_value=0, max_value=9_000, places=9))
def test_scaling_is_exact(amount: Decimal) -> None:
    scaled = to_plain(scale_price(plain(format(amount, "f")), 1_000))
    assert isinstance(scaled, str)
    assert Decimal(scaled) == amount * 1_000
    assert parse_usd(scaled) == int(amount * 1_000 * 10**9)


@pytest.mark.parametrize("text", ["1e-3", "1,5", "true", "cheap", "-1", "", "0.1 EUR"])
def test_what_is_no_plain_price_is_left_for_the_document_to_refuse(text: str) -> None:
    left = scale_price(plain(text), 1_000)
    assert left == plain(text)
    with pytest.raises(InvalidMoney):
        parse_usd(text)


def test_exponents_count_where_a_form_writes_them() -> None:
    assert to_plain(scale_price(plain("2.5e-06"), 1_000_000, exponents=True)) == "2.5"
    assert to_plain(scale_price(quoted("1e-5"), 1_000_000, exponents=True)) == "10"


def test_commas_between_groups_of_three_mean_nothing() -> None:
    assert to_plain(read_grouped_money(quoted("$15,000"))) == "$15000"
    assert to_plain(read_grouped_money(quoted("1,234,567.89"))) == "1234567.89"
    for text in ("$1,50", "15,00,0", "1,0000", "$15000"):
        assert to_plain(read_grouped_money(quoted(text))) == text


def test_periods_are_spelt_out_or_left() -> None:
    assert [to_plain(read_spelt_period(quoted(text))) for text in ("90_days", "7_days_max", "2 weeks", "36-hours")] == [
        "90d",
        "7d",
        "14d",
        "36h",
    ]
    assert to_plain(read_spelt_period(quoted("3_months"))) == "3_months"


def test_seconds_have_their_unit() -> None:
    assert [to_plain(read_seconds(plain(text))) for text in ("30", "0.25", "1.5", "600")] == [
        "30s",
        "250ms",
        "1500ms",
        "600s",
    ]
    for text in ("0", "-3", "86401", "true", "soon"):
        assert read_seconds(plain(text)) == plain(text)
