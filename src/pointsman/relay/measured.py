"""Running means of what calls showed; the past fades, so that a deployment that was bad once gets another chance.

Times are of the monotonic clock, in seconds.
"""

import math

HEALTH_WEIGHT = 0.1
"""What the latest ending counts for."""
HALF_FORGOTTEN_S = 60.0
"""After this time without a call half of what is wrong with a deployment is forgotten."""

VALUE_WEIGHT = 0.2
LEAST_SAMPLES = 5
"""Fewer say nothing."""
FORGOTTEN_S = 600.0
"""After this time without a sample nothing is known any more."""

DIGITS = 6


class Health:
    """The share of calls that ended well, the latest ones counting most; 1 where nothing bad was seen."""

    __slots__ = ("_at_s", "_ill")

    def __init__(self) -> None:
        self._ill = 0.0
        self._at_s = 0.0

    def add(self, now_s: float, *, is_good: bool) -> None:
        """A call has ended."""
        if is_good and not self._ill:
            return
        ill = self._fade(now_s) if self._ill else 0.0
        self._ill = ill + HEALTH_WEIGHT * ((0.0 if is_good else 1.0) - ill)
        self._at_s = now_s

    def read(self, now_s: float) -> float:
        """From 0 to 1."""
        return round(1.0 - self._fade(now_s), DIGITS) if self._ill else 1.0

    def _fade(self, now_s: float) -> float:
        # No power of two beyond what a float holds: after that long nothing is left anyway.
        half_lives = min(max(0.0, now_s - self._at_s) / HALF_FORGOTTEN_S, 1_000.0)
        return self._ill * math.exp2(-half_lives)


class Usual:
    """The usual size of a quantity, the latest samples counting most."""

    __slots__ = ("_at_s", "_samples", "_value")

    def __init__(self) -> None:
        self._value = 0.0
        self._samples = 0
        self._at_s = 0.0

    def add(self, now_s: float, value: float) -> None:
        """A call has shown it."""
        if now_s - self._at_s > FORGOTTEN_S:
            self._samples = 0
        self._samples += 1
        # The first few count alike, so that none of them weighs on all that follow.
        self._value += (value - self._value) * max(VALUE_WEIGHT, 1 / self._samples)
        self._at_s = now_s

    def read(self, now_s: float) -> float | None:
        """The usual size, or `None` when too few samples were seen, or none for too long."""
        if self._samples < LEAST_SAMPLES or now_s - self._at_s > FORGOTTEN_S:
            return None
        return round(self._value, DIGITS)
