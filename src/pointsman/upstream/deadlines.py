"""One coarse clock for all deadlines: a timer per read would cost more than the read."""

import asyncio
from collections.abc import Callable

SWEEP_INTERVAL_S = 0.1
"""A deadline is noticed at most this much too late, and never too early."""


class Sweeper:
    """Calls `sweep` with the loop's time every `SWEEP_INTERVAL_S` seconds between `start` and `stop`."""

    def __init__(self, sweep: Callable[[float], None]) -> None:
        self._sweep = sweep
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Sweep from now on; needs a running loop."""
        self._timer = asyncio.get_running_loop().call_later(SWEEP_INTERVAL_S, self._tick)

    def stop(self) -> None:
        """Sweep no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        self.start()
        self._sweep(asyncio.get_running_loop().time())
