"""Windows partition time in every zone, through every change of its clock, and begin where people expect them to."""

import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pointsman.core.limits.windows import WindowKind, find_length, find_window, has_time_zone, window_end, window_start

ZONES = sorted(zoneinfo.available_timezones())
HOUR_MS = 3_600_000
FIRST_MS, LAST_MS = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1_000) for year in (2020, 2036))

zones = st.sampled_from(ZONES)
kinds = st.sampled_from(get_args(WindowKind))
moments = st.integers(FIRST_MS, LAST_MS)


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000)


@given(zones, kinds, moments)
@example("America/Santiago", "day", _at("2025-09-07T04:00:00+00:00"))
@example("America/Santiago", "day", _at("2025-04-06T03:30:00+00:00"))
@example("Asia/Beirut", "day", _at("2024-03-30T22:00:00+00:00"))
@example("Africa/Cairo", "day", _at("2024-04-25T22:00:00+00:00"))
@example("Africa/Cairo", "month", _at("2024-10-31T20:30:00+00:00"))
@example("Australia/Lord_Howe", "hour", _at("2026-04-04T15:10:00+00:00"))
@example("America/St_Johns", "day", _at("2010-11-07T02:45:00+00:00"))
@example("Pacific/Apia", "day", _at("2011-12-30T10:00:00+00:00"))
def test_windows_follow_one_another_without_gap_or_overlap(zone: str, kind: WindowKind, at_ms: int) -> None:
    start_ms, end_ms = find_window(at_ms, kind, zone)
    assert start_ms <= at_ms < end_ms
    for inside in (start_ms, (start_ms + end_ms) // 2, end_ms - 1):
        assert (window_start(inside, kind, zone), window_end(inside, kind, zone)) == (start_ms, end_ms)
    assert window_end(start_ms - 1, kind, zone) == start_ms
    assert window_start(end_ms, kind, zone) == end_ms


def _walk(kind: WindowKind, zone: str, first_ms: int, last_ms: int) -> Iterator[tuple[int, int]]:
    """The windows from one moment to another; each begins where the one before ends, whoever asks for it."""
    start_ms, end_ms = find_window(first_ms, kind, zone)
    while start_ms < last_ms:
        yield start_ms, end_ms
        following = find_window(end_ms, kind, zone)
        assert following[0] == end_ms < following[1], (zone, kind, end_ms)
        start_ms, end_ms = following


def _walk_years(zone: str, first: int, last: int) -> None:
    """Every day of some years; every hour of a day on which the clock is changed, which is no day of 24 hours."""
    from_ms, to_ms = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1_000) for year in (first, last))
    for start_ms, end_ms in _walk("day", zone, from_ms, to_ms):
        if end_ms - start_ms != 24 * HOUR_MS:
            assert find_window(end_ms - 1, "day", zone) == (start_ms, end_ms)
            hours = list(_walk("hour", zone, start_ms, end_ms))
            assert all(0 < end - start <= HOUR_MS for start, end in hours)
            assert hours[0][0] <= start_ms and hours[-1][1] >= end_ms


@pytest.mark.parametrize("part", range(8))
def test_windows_partition_time_in_every_zone(part: int) -> None:
    """All months of sixteen years, and the days of one of them, which is another one from zone to zone."""
    for place, zone in enumerate(ZONES[part::8]):
        months = list(_walk("month", zone, FIRST_MS, LAST_MS - 1))
        assert len(months) in (192, 193), zone
        year = 2020 + (place * 8 + part) % 16
        _walk_years(zone, year, year + 1)


@pytest.mark.proof
@pytest.mark.parametrize("zone", ZONES)
def test_windows_partition_time_in_every_zone_and_year(zone: str) -> None:
    _walk_years(zone, 2020, 2036)
    assert sum(1 for _ in _walk("week", zone, FIRST_MS, LAST_MS)) in (835, 836)


ROLLING: list[tuple[WindowKind, int]] = [
    ("rolling_hour", HOUR_MS),
    ("rolling_day", 24 * HOUR_MS),
    ("rolling_week", 7 * 24 * HOUR_MS),
    ("rolling_month", 30 * 24 * HOUR_MS),
]


@given(st.sampled_from(ROLLING), moments)
def test_what_counts_together_in_a_rolling_window_covers_its_length(kind: tuple[WindowKind, int], at_ms: int) -> None:
    window, length_ms = kind
    start_ms, end_ms = find_window(at_ms, window, "UTC")
    since_ms = start_ms - find_length(window)
    assert since_ms <= at_ms - length_ms < since_ms + (end_ms - start_ms)
    assert 2 <= (end_ms - since_ms) // (end_ms - start_ms) <= 60
    assert find_length("month") == 0


@given(zones, st.integers(2020, 2035), st.integers(1, 12))
def test_the_days_of_a_month_make_up_the_month_and_its_weeks(zone: str, year: int, month: int) -> None:
    middle_ms = int(datetime(year, month, 15, 12, tzinfo=UTC).timestamp() * 1_000)
    month_start, month_end = find_window(middle_ms, "month", zone)
    days = [month_start]
    while days[-1] < month_end:
        days.append(window_end(days[-1], "day", zone))
    assert days[-1] == month_end
    assert 28 <= len(days) - 1 <= 31
    monday = window_start(middle_ms, "week", zone)
    assert window_start(monday, "day", zone) == monday
    assert datetime.fromtimestamp(monday / 1_000, zoneinfo.ZoneInfo(zone)).weekday() == 0


@given(zones, moments)
def test_a_day_begins_when_the_clock_first_shows_its_date(zone: str, at_ms: int) -> None:
    start_ms = window_start(at_ms, "day", zone)
    before, first = (datetime.fromtimestamp(ms / 1_000, zoneinfo.ZoneInfo(zone)) for ms in (start_ms - 1, start_ms))
    assert before.date() < first.date()


@given(zones, moments)
def test_no_hour_is_longer_than_an_hour(zone: str, at_ms: int) -> None:
    start_ms, end_ms = find_window(at_ms, "hour", zone)
    assert 0 < end_ms - start_ms <= HOUR_MS


@pytest.mark.parametrize(
    ("zone", "noon", "start", "hours"),
    [
        ("Europe/London", "2026-03-29T12:00:00+00:00", "2026-03-29T00:00:00+00:00", 23),
        ("Europe/London", "2026-10-25T12:00:00+00:00", "2026-10-24T23:00:00+00:00", 25),
        # There is no midnight: 23:59:59 is followed by 01:00.
        ("America/Santiago", "2025-09-07T12:00:00+00:00", "2025-09-07T04:00:00+00:00", 23),
        ("Asia/Beirut", "2024-03-31T12:00:00+00:00", "2024-03-30T22:00:00+00:00", 23),
        ("Africa/Cairo", "2024-04-26T12:00:00+00:00", "2024-04-25T22:00:00+00:00", 23),
        # The last hour comes twice, so midnight comes late.
        ("America/Santiago", "2025-04-05T12:00:00+00:00", "2025-04-05T03:00:00+00:00", 25),
        ("Africa/Cairo", "2024-10-31T12:00:00+00:00", "2024-10-30T21:00:00+00:00", 25),
        ("Australia/Lord_Howe", "2026-04-05T01:00:00+00:00", "2026-04-04T13:00:00+00:00", 24.5),
        # Midnight comes twice: the day begins with the first one, though a minute later it is yesterday once more.
        ("America/St_Johns", "2010-11-07T12:00:00+00:00", "2010-11-07T02:30:00+00:00", 25),
        ("Asia/Kathmandu", "2026-11-21T12:00:00+00:00", "2026-11-20T18:15:00+00:00", 24),
        ("UTC", "2026-11-21T12:00:00+00:00", "2026-11-21T00:00:00+00:00", 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, noon: str, start: str, hours: float) -> None:
    start_ms, end_ms = find_window(_at(noon), "day", zone)
    assert start_ms == _at(start)
    assert end_ms - start_ms == hours * HOUR_MS


def test_yesterday_does_not_come_again() -> None:
    # St. John's put its clocks back at 00:01 on Sunday, to 23:01 on Saturday.
    again = _at("2010-11-07T02:45:00+00:00")
    assert datetime.fromtimestamp(again / 1_000, zoneinfo.ZoneInfo("America/St_Johns")).day == 6
    assert window_start(again, "day", "America/St_Johns") == _at("2010-11-07T02:30:00+00:00")


def test_the_hour_that_comes_twice_is_two_windows() -> None:
    first, second = _at("2026-10-25T00:30:00+00:00"), _at("2026-10-25T01:30:00+00:00")
    assert window_end(first, "hour", "Europe/London") == window_start(second, "hour", "Europe/London")


def test_hours_of_zones_that_are_off_by_a_part_of_an_hour() -> None:
    assert window_start(_at("2026-11-21T12:20:00+00:00"), "hour", "Asia/Kathmandu") == _at("2026-11-21T12:15:00+00:00")


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    saturday = _at("2026-11-21T12:00:00+00:00")
    assert find_window(saturday, "week", "UTC") == (_at("2026-11-16T00:00:00+00:00"), _at("2026-11-23T00:00:00+00:00"))
    assert find_window(saturday, "month", "Asia/Tokyo") == (
        _at("2026-11-01T00:00:00+09:00"),
        _at("2026-12-01T00:00:00+09:00"),
    )


@pytest.mark.parametrize("zone", ["Mars/Phobos", "", "/etc/passwd", "../zoneinfo/UTC", "America", "a\0b", "\ud800"])
def test_what_is_no_time_zone_is_said_to_be_none(zone: str) -> None:
    assert not has_time_zone(zone)
    with pytest.raises(ValueError, match="no rules of the time zone"):
        find_window(0, "day", zone)


def test_utc_needs_no_rules() -> None:
    before = zoneinfo.TZPATH
    zoneinfo.reset_tzpath(())
    try:
        assert window_start(_at("2026-11-21T12:00:00+00:00"), "day", "UTC") == _at("2026-11-21T00:00:00+00:00")
    finally:
        zoneinfo.reset_tzpath(before)
