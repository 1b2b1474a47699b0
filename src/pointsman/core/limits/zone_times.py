"""Moments as people of a time zone read them: ISO 8601, with what their clock was ahead of UTC at that moment."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def write_in_zone(at_ms: int, time_zone: str) -> str:
    """Milliseconds since the Unix epoch, such as `2026-11-21T00:00:00+01:00`; in UTC where nobody knows the zone."""
    moment = (_EPOCH + timedelta(milliseconds=at_ms)).astimezone(_find_zone(time_zone))
    return moment.isoformat(timespec="milliseconds" if at_ms % 1_000 else "seconds")


@lru_cache(1_024)
def _find_zone(time_zone: str) -> tzinfo:
    if time_zone == "UTC":
        return UTC
    try:
        return ZoneInfo(time_zone)
    except (KeyError, OSError, ValueError):
        return UTC
