"""Says the same trouble once a minute, however often it comes, and counts the rest."""

import logging
import time
from collections.abc import Callable

PAUSE_S = 60.0


class SparingLog:
    """One kind of trouble; belongs to one thread.

    Attributes:
        count: how often it came.
    """

    def __init__(self, log: logging.Logger, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        """Say nothing yet.

        Args:
            log: where to say it.
            message: what, with places for the error and for how often it came.
            clock: seconds from any moment on.
        """
        self.count = 0
        self._log = log
        self._message = message
        self._clock = clock
        self._silent_until = float("-inf")

    def complain(self, error: Exception) -> None:
        """It came again."""
        self.count += 1
        now = self._clock()
        if now >= self._silent_until:
            self._silent_until = now + PAUSE_S
            self._log.error(self._message, error, self.count)
