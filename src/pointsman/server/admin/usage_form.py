"""What may be asked about usage, as it is written in a URL; whatever is wrong with it is said with what to write."""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query

from pointsman.core.limits.windows import find_window, has_time_zone
from pointsman.server.errors import OperatorError
from pointsman.storage.usage_questions import SORTS, USAGE_DIMENSIONS, Dimension, UsageQuestion

Interval = Literal["hour", "day", "week", "month"]

MOST_BY = 4
MOST_WINDOWS = 1_000
LONGEST_NAME = 4_096
LATEST_MS = 2**47
"""Some thousand years from now; calendars end soon after."""

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_SPAN = re.compile(r"([0-9]{1,6})([smhdw])")
_USUAL_SPANS: Mapping[Interval, str] = {"hour": "1d", "day": "30d", "week": "26w", "month": "365d"}
_SORTS = {"cost_usd": "cost_nusd", "possibly_billed_usd": "possibly_billed_nusd"} | {
    name: name for name in SORTS if not name.endswith("_nusd")
}

Name = Annotated[str | None, Query(max_length=LONGEST_NAME)]
Moment = Annotated[
    str,
    Query(max_length=40, description="a span back from now such as 30m, 24h, 7d, or a time such as 2026-11-21T08:00Z"),
]
Milliseconds = Annotated[int | None, Query(ge=0, le=LATEST_MS, description="milliseconds since the Unix epoch")]


@dataclass(frozen=True, slots=True)
class Asked:
    """Filters and range of a question, as FastAPI reads them from a URL."""

    agent: Name = None
    model: Name = None
    provider: Name = None
    key: Name = None
    team: Name = None
    user: Name = None
    tag: Name = None
    interaction: Name = None
    task: Name = None
    experiment: Name = None
    location: Name = None
    operation: Name = None
    since: Moment = ""
    until: Moment = ""
    since_ms: Milliseconds = None
    until_ms: Milliseconds = None

    def filters(self) -> dict[Dimension, str]:
        """The name that each dimension must have, of those that were given."""
        named = {name: getattr(self, name) for name in USAGE_DIMENSIONS}
        return {name: value for name, value in named.items() if value is not None}

    def range_ms(self, now_ms: int) -> tuple[int, int | None]:
        """The first moment that counts and the first one after it; `None` for an open end."""
        first = _choose("since", self.since, self.since_ms, now_ms)
        end = _choose("until", self.until, self.until_ms, now_ms)
        if end is not None and end <= (first or 0):
            raise OperatorError(400, "invalid_range", "until is not after since; give a later one, or leave it out.")
        return first or 0, end

    def question(self, by: str) -> UsageQuestion:
        """What to sum up."""
        first, end = self.range_ms(read_clock_ms())
        return UsageQuestion(parse_dimensions(by), self.filters(), first, end)


def parse_dimensions(by: str, most: int = MOST_BY) -> tuple[Dimension, ...]:
    """What to group by; `none` stands for nothing."""
    names: list[Dimension] = []
    for name in by.split(",") if by != "none" else ():
        if name not in USAGE_DIMENSIONS or name in names or len(names) == most:
            choice = f"choose from {', '.join(USAGE_DIMENSIONS)}, each once and at most {most}"
            raise OperatorError(400, "invalid_dimension", f'"{name[:32]}" is not something to group by; {choice}.')
        names.append(name)
    return tuple(names)


def parse_sort(sort: str) -> str:
    """By which figure groups are put in order."""
    field = _SORTS.get(sort)
    if field is None:
        raise OperatorError(400, "invalid_sort", f'"{sort[:32]}" is no figure; choose from {", ".join(_SORTS)}.')
    return field


def list_windows(asked: Asked, interval: Interval, time_zone: str) -> tuple[list[int], int]:
    """When the windows of a series begin, and when the last one ends; the first is the one that `since` is in."""
    if len(time_zone) > 64 or not has_time_zone(time_zone):
        detail = f'"{time_zone[:64]}" is no time zone; write one such as Europe/Berlin, or UTC.'
        raise OperatorError(400, "invalid_time_zone", detail)
    now_ms = read_clock_ms()
    first, end = asked.range_ms(now_ms)
    if not asked.since and asked.since_ms is None:
        first = _parse_moment("since", _USUAL_SPANS[interval], now_ms if end is None else end)
    starts: list[int] = []
    for start_ms, end_ms in _walk(first, interval, time_zone):
        starts.append(start_ms)
        if end_ms > now_ms if end is None else end_ms >= end:
            return starts, end_ms
        if len(starts) == MOST_WINDOWS:
            break
    detail = f"That is more than {MOST_WINDOWS:,} windows; give a later since, or a longer interval."
    raise OperatorError(400, "too_many_windows", detail)


def _walk(at_ms: int, interval: Interval, time_zone: str) -> Iterator[tuple[int, int]]:
    while True:
        window = find_window(at_ms, interval, time_zone)
        yield window
        at_ms = window[1]


def read_clock_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def _choose(name: str, written: str, number: int | None, now_ms: int) -> int | None:
    if written and number is not None:
        raise OperatorError(400, "invalid_range", f"{name} and {name}_ms are both given; leave one of them out.")
    return _parse_moment(name, written, now_ms) if written else number


def _parse_moment(name: str, written: str, now_ms: int) -> int:
    match = _SPAN.fullmatch(written)
    if match is not None:
        return max(now_ms - int(match[1]) * _UNITS_MS[match[2]], 0)
    try:
        moment = datetime.fromisoformat(written)
        moment_ms = round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)
    except (ValueError, OverflowError):
        moment_ms = -1
    if not 0 <= moment_ms <= LATEST_MS:
        detail = f'{name} is "{written[:40]}", which is no time; write it like 24h, 7d or 2026-11-21T08:00:00Z.'
        raise OperatorError(400, "invalid_range", detail)
    return moment_ms
