"""Forecasts are exact fractions rounded up once; states and shares never claim room that is not there."""

from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.limits.alerts import find_reached
from pointsman.core.limits.forecast import LEAST_PAST_MS, find_share, forecast_spent, judge_budget
from pointsman.core.limits.rate_view import RateLeft, RateView, write_rate_headers, write_span
from pointsman.core.limits.zone_times import write_in_zone

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
amounts = st.integers(0, 10**18)


def test_a_day_goes_on_as_it_has() -> None:
    assert forecast_spent(10, 0, DAY_MS, 6 * HOUR_MS) == 40
    assert forecast_spent(10, 0, DAY_MS, DAY_MS) == 10
    assert forecast_spent(1, 0, DAY_MS, 7 * HOUR_MS) == 4


def test_within_the_first_hour_nobody_can_tell() -> None:
    assert forecast_spent(10, 0, DAY_MS, LEAST_PAST_MS - 1) is None
    assert forecast_spent(10, 0, DAY_MS, LEAST_PAST_MS) == 240
    assert forecast_spent(10, DAY_MS, 2 * DAY_MS, 5) is None


@given(amounts, st.integers(LEAST_PAST_MS, 40 * DAY_MS), st.integers(1, 40 * DAY_MS))
def test_it_is_the_exact_fraction_rounded_up(spent: int, past_ms: int, rest_ms: int) -> None:
    found = forecast_spent(spent, 5, 5 + past_ms + rest_ms, 5 + past_ms)
    assert found == ceil(Fraction(spent * (past_ms + rest_ms), past_ms))


@pytest.mark.parametrize(
    ("spent", "held", "state"),
    [(0, 0, "ok"), (79, 20, "ok"), (80, 0, "near"), (99, 0, "near"), (60, 40, "used_up"), (100, 0, "used_up")],
)
def test_states(spent: int, held: int, state: str) -> None:
    assert judge_budget(spent, held, 100) == state


def test_more_than_all_is_over_and_a_budget_of_nothing_is_used_up() -> None:
    assert judge_budget(101, 0, 100) == "over"
    assert judge_budget(0, 0, 0) == "used_up"
    assert find_share(0, 0) == 1_000_000
    assert find_share(1, 3) == 333_333


@given(amounts, amounts, st.lists(st.integers(1, 2_000_000), max_size=5))
def test_a_share_is_reached_exactly_from_itself_on(spent: int, limit: int, shares: list[int]) -> None:
    reached = find_reached(spent, limit, shares)
    assert reached == [share for share in shares if spent > 0 and Fraction(spent) >= Fraction(limit * share, 10**6)]


@pytest.mark.parametrize(
    ("span_ns", "text"),
    [
        (0, b"0s"),
        (1, b"1ms"),
        (20_000_000, b"20ms"),
        (999_000_001, b"1s"),
        (6_500_000_000, b"6.5s"),
        (60_000_000_000, b"1m0s"),
        (89_000_000_001, b"1m30s"),
    ],
)
def test_spans_are_written_as_openai_writes_them(span_ns: int, text: bytes) -> None:
    assert write_span(span_ns) == text


def test_headers_name_what_there_is() -> None:
    assert write_rate_headers(RateView()) == []
    assert write_rate_headers(RateView(tokens=RateLeft(100, 7, 10**9))) == [
        (b"x-ratelimit-limit-tokens", b"100"),
        (b"x-ratelimit-remaining-tokens", b"7"),
        (b"x-ratelimit-reset-tokens", b"1s"),
    ]


def test_moments_are_written_by_the_clock_of_their_zone() -> None:
    assert write_in_zone(0, "UTC") == "1970-01-01T00:00:00+00:00"
    assert write_in_zone(1_700_000_000_001, "Europe/Berlin") == "2023-11-14T23:13:20.001+01:00"
    assert write_in_zone(0, "No/Where") == "1970-01-01T00:00:00+00:00"
