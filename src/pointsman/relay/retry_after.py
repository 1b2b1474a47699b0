"""Reads how long a provider asks to wait; hints are hostile until clamped, and what cannot be read is absent."""

import re

MOST_SECONDS = 300.0
_SECONDS = re.compile(rb"[0-9]{1,9}(?:\.[0-9]{1,9})?")


def read_retry_after_s(value: bytes) -> float | None:
    """Seconds within [0, 300] from a `Retry-After` given in seconds; `None` for dates and anything else."""
    if _SECONDS.fullmatch(value.strip()) is None:
        return None
    return min(float(value), MOST_SECONDS)
