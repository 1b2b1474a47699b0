"""A key's budget is one line, read exactly; what it does not say plainly is refused."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.chat.money import InvalidMoney
from pointsman.core.limits.scopes import OnExceed
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.key_budget import LARGEST_NUSD, InvalidBudget, KeyBudget, read_key_budget, write_key_budget

USD = 1_000_000_000
BUDGETS = st.builds(
    KeyBudget,
    limit_nusd=st.integers(0, LARGEST_NUSD),
    window=st.sampled_from(get_args(WindowKind)),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Etc/GMT+5"]),
    on_exceed=st.sampled_from(get_args(OnExceed)),
)


@given(BUDGETS)
def test_a_budget_is_read_as_it_is_written(budget: KeyBudget) -> None:
    assert read_key_budget(write_key_budget(budget)) == budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [
        ("$5/day", KeyBudget(5 * USD, "day")),
        ("5/day", KeyBudget(5 * USD, "day")),
        ("$0/day", KeyBudget(0, "day")),
        ("$0.000000001/hour", KeyBudget(1, "hour")),
        ("$100/month Europe/Berlin", KeyBudget(100 * USD, "month", "Europe/Berlin")),
        ("$20/week alert", KeyBudget(20 * USD, "week", on_exceed="alert")),
        ("$20/week Asia/Tokyo cheaper", KeyBudget(20 * USD, "week", "Asia/Tokyo", "cheaper")),
        ("$9000000/month", KeyBudget(LARGEST_NUSD, "month")),
    ],
)
def test_what_is_left_out_is_as_usual(text: str, budget: KeyBudget) -> None:
    assert read_key_budget(text) == budget


@pytest.mark.parametrize("text", ["500,00/day", "1e3/day", "NaN/day", "-1/day", "€5/day", "9000000.1/day", "٥/day"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidMoney):
        read_key_budget(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "$5", "$5/", "/day", "$5/fortnight", "$5/Day", "$5 /day", "$5/ day", "500 EUR/day", "$5/day\n"),
        *("$5/day Europe/Berlinn", "$5/day deny deny", "$5/day deny Europe/Berlin", "$5/day  UTC", "$5/day ../passwd"),
        "$5/day " + "x" * 200,
    ],
)
def test_anything_else_is_refused_and_says_how_it_is_written(text: str) -> None:
    with pytest.raises(InvalidBudget):
        read_key_budget(text)


@given(st.text(max_size=40))
def test_no_text_is_a_surprise(text: str) -> None:
    try:
        budget = read_key_budget(text)
    except (InvalidMoney, InvalidBudget):
        return
    assert read_key_budget(write_key_budget(budget)) == budget
