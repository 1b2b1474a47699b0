"""How long an override lasts: `30m`, `2h`, `7d`; for everything there is a longest time."""

import re

from pointsman.control.changes import ChangeRefused
from pointsman.core.config.problems import quote

LONGEST_MS = 30 * 24 * 3_600_000
LONGEST_FOR_TASK_MS = 24 * 3_600_000
"""A task is over by then; one that is not can be forced again."""

_DURATION = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNIT_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def read_override_duration(text: str) -> int:
    """`"30m"`, `"2h"`, `"7d"` in milliseconds.

    Raises:
        ChangeRefused: for anything else, and for more than 30 days.
    """
    return _read_duration(text, LONGEST_MS, "30m, 2h or 7d, at most 30d")


def read_task_duration(text: str) -> int:
    """The same for an override of a task.

    Raises:
        ChangeRefused: for what is no duration, and for more than 24 hours.
    """
    return _read_duration(text, LONGEST_FOR_TASK_MS, "30m or 2h, at most 24h for a task")


def _read_duration(text: str, longest_ms: int, such_as: str) -> int:
    match = _DURATION.fullmatch(text)
    duration_ms = int(match[1]) * _UNIT_MS[match[2]] if match else 0
    if not 0 < duration_ms <= longest_ms:
        raise ChangeRefused(f"{quote(text)} is no duration of an override; write one such as {such_as}")
    return duration_ms
