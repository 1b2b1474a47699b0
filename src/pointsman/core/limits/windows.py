"""Calendar windows of a time zone: the windows of one kind follow one another without gap or overlap, in every zone.

A day begins when its zone's clock first reaches midnight or, where there is none, the first moment after it; an hour
ends where the clock is changed. Rolling windows are counted in steps: the one that it is now, and those before it.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

WindowKind = Literal["hour", "day", "week", "month", "rolling_hour", "rolling_day", "rolling_week", "rolling_month"]
"""A week begins on Monday; a rolling month has 30 days. Rolling windows know no time zone."""

Span = tuple[int, int]
"""The first millisecond of a window and that of the next one, both since the Unix epoch."""

MOST_ZONES = 1_024
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

_ROLLING: dict[WindowKind, tuple[int, int]] = {
    "rolling_hour": (_HOUR_MS, _HOUR_MS // 30),
    "rolling_day": (_DAY_MS, _DAY_MS // 48),
    "rolling_week": (7 * _DAY_MS, _DAY_MS // 6),
    "rolling_month": (30 * _DAY_MS, _DAY_MS),
}
"""How long a rolling window is, and its steps: few enough to be added up, fine enough to let go of old spending."""

_EPOCH = datetime(1970, 1, 1)


def window_start(at_ms: int, window: WindowKind, time_zone: str) -> int:
    """When the window began that a moment is in; all in milliseconds since the Unix epoch.

    Raises:
        ValueError: when there is no such time zone.
    """
    return find_window(at_ms, window, time_zone)[0]


def window_end(at_ms: int, window: WindowKind, time_zone: str) -> int:
    """When the next window begins; all in milliseconds since the Unix epoch.

    Raises:
        ValueError: when there is no such time zone.
    """
    return find_window(at_ms, window, time_zone)[1]


def find_window(at_ms: int, window: WindowKind, time_zone: str) -> Span:
    """The window that a moment is in; of a rolling one the step.

    Raises:
        ValueError: when there is no such time zone.
    """
    zone = _load_zone(time_zone)
    if window in _ROLLING:
        step_ms = _ROLLING[window][1]
        start_ms = at_ms - at_ms % step_ms
        return start_ms, start_ms + step_ms
    if window == "hour":
        return _find_hour(at_ms, zone)
    day = _first_day((_EPOCH + timedelta(milliseconds=at_ms + _offset_ms(at_ms, zone))).date(), window)
    start_ms, following = _begin(day, zone), _next_day(day, window)
    # When clocks go back over midnight the old date is read again, though its successor has begun.
    while (end_ms := _begin(following, zone)) <= at_ms:
        start_ms, following = end_ms, _next_day(following, window)
    return start_ms, end_ms


def find_length(window: WindowKind) -> int:
    """How long before the step that it is now a rolling window begins, in milliseconds; 0 for those of the calendar."""
    return _ROLLING[window][0] if window in _ROLLING else 0


def has_time_zone(time_zone: str) -> bool:
    """Whether windows of this zone can be found; UTC can be everywhere, others where their rules are installed."""
    try:
        _load_zone(time_zone)
    except ValueError:
        return False
    return True


@lru_cache(MOST_ZONES)
def _load_zone(time_zone: str) -> tzinfo:
    if time_zone == "UTC":
        return UTC
    try:
        return ZoneInfo(time_zone)
    except (KeyError, OSError, ValueError) as error:
        raise ValueError(f"there are no rules of the time zone {time_zone!r} on this machine") from error


def _find_hour(at_ms: int, zone: tzinfo) -> Span:
    offset_ms = _offset_ms(at_ms, zone)
    start_ms = at_ms - (at_ms + offset_ms) % _HOUR_MS
    end_ms = start_ms + _HOUR_MS
    if _offset_ms(start_ms, zone) != offset_ms:
        start_ms = _find_change(start_ms, at_ms, zone)
    if _offset_ms(end_ms - 1, zone) != offset_ms:
        end_ms = _find_change(at_ms, end_ms - 1, zone)
    return start_ms, end_ms


def _first_day(day: date, window: WindowKind) -> date:
    if window == "month":
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if window == "week" else day


def _next_day(day: date, window: WindowKind) -> date:
    """The first day of the next window."""
    if window == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if window == "week" else 1)


def _begin(day: date, zone: tzinfo) -> int:
    """When the zone's clock first reaches a day, in milliseconds since the Unix epoch."""
    midnight = datetime(day.year, day.month, day.day)
    clock_ms = (midnight - _EPOCH) // timedelta(milliseconds=1)
    before_ms, after_ms = (_to_ms(zone.utcoffset(midnight.replace(fold=fold))) for fold in (0, 1))
    # Of a midnight that comes twice the first one counts; one that does not come at all gives way to the moment
    # at which the clock jumps over it.
    if before_ms >= after_ms:
        return clock_ms - before_ms
    return _find_change(clock_ms - after_ms, clock_ms - before_ms, zone)


def _find_change(low_ms: int, high_ms: int, zone: tzinfo) -> int:
    """The first moment after `low_ms` that has the offset of `high_ms`; between the two there is one change."""
    wanted = _offset_ms(high_ms, zone)
    while high_ms - low_ms > 1:
        middle_ms = (low_ms + high_ms) // 2
        if _offset_ms(middle_ms, zone) == wanted:
            high_ms = middle_ms
        else:
            low_ms = middle_ms
    return high_ms


def _offset_ms(at_ms: int, zone: tzinfo) -> int:
    moment = (_EPOCH + timedelta(milliseconds=at_ms)).replace(tzinfo=UTC)
    return _to_ms(moment.astimezone(zone).utcoffset())


def _to_ms(offset: timedelta | None) -> int:
    return 0 if offset is None else offset // timedelta(milliseconds=1)
