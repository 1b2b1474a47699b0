"""Reads what providers say in headers of their rate limits; hostile until clamped, and forgotten within a minute.

https://platform.openai.com/docs/guides/rate-limits and https://docs.anthropic.com/en/api/rate-limits name the fields.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from pointsman.core.ports import Headers

LONGEST_VALID_S = 60.0
"""Other users of the same key may be at it, too: what was said is of no use for longer."""

_FIELDS = tuple(
    (f"{start}limit{end}".encode(), f"{start}remaining{end}".encode(), f"{start}reset{end}".encode())
    for start, end in (
        ("x-ratelimit-", "-requests"),
        ("x-ratelimit-", "-tokens"),
        ("anthropic-ratelimit-requests-", ""),
        ("anthropic-ratelimit-tokens-", ""),
        ("anthropic-ratelimit-input-tokens-", ""),
        ("anthropic-ratelimit-output-tokens-", ""),
    )
)
"""For each limit the fields that say how much it is, what is left of it, and when it is whole again."""

_NAMES = frozenset(name for names in _FIELDS for name in names)

_SPAN = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:ms|s|m|h|d))+|[0-9]{1,9}(?:\.[0-9]{1,9})?")
_STEP = re.compile(r"([0-9.]+)(ms|s|m|h|d)?")
_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_LONGEST_TEXT = 40
_MOST_DIGITS = 15

_MUCH = 0.5
"""Where less is used it does not matter when the limit is whole again, so that is not read."""


class SaidUse(msgspec.Struct, frozen=True):
    """What a provider says.

    Attributes:
        used: the share of a limit that is used, from 0 to 1, of the limit that is nearest to its end.
        valid_s: how long that can be believed, at most a minute.
    """

    used: float
    valid_s: float


def read_limit_headers(headers: Headers) -> SaidUse | None:
    """The share of its rate limits that a provider says is used, or `None` when it says nothing that can be read."""
    if not _speak_of_limits(headers):
        return None
    values = {name: value for name, value in headers if name in _NAMES}
    used, resets = -1.0, b""
    for limit_field, remaining_field, reset_field in _FIELDS:
        if limit_field not in values:
            continue
        limit, remaining = _read_count(values[limit_field]), _read_count(values.get(remaining_field, b""))
        if limit and remaining is not None and (share := max(0.0, 1 - remaining / limit)) > used:
            used, resets = share, values.get(reset_field, b"")
    if used < 0:
        return None
    valid_s = _read_reset_s(resets, headers) if used >= _MUCH else None
    return SaidUse(used, LONGEST_VALID_S if valid_s is None else min(max(valid_s, 0.0), LONGEST_VALID_S))


def _speak_of_limits(headers: Headers) -> bool:
    # A plain loop: this is asked of every answer, and nearly always in vain.
    for name, _ in headers:  # noqa: SIM110
        if name in _NAMES:
            return True
    return False


def _read_count(value: bytes) -> int | None:
    return int(value) if value.isdigit() and len(value) <= _MOST_DIGITS else None


def _read_reset_s(value: bytes, headers: Headers) -> float | None:
    """Seconds until a limit is whole again, from `6m0s`, `120ms`, `30` or an RFC 3339 time; `None` from the rest."""
    text = value[:_LONGEST_TEXT].decode("latin-1").strip()
    if _SPAN.fullmatch(text):
        return sum(float(number) * _SECONDS[unit] for number, unit in _STEP.findall(text))
    try:
        reset = datetime.fromisoformat(text)
        # The provider's own clock, so that ours need not agree with it.
        date = next(value for name, value in headers if name == b"date")
        now = parsedate_to_datetime(date[:_LONGEST_TEXT].decode("latin-1"))
        return (_in_utc(reset) - _in_utc(now)).total_seconds()
    except (ValueError, OverflowError, StopIteration):
        return None


def _in_utc(time: datetime) -> datetime:
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)
