"""Writes of one turn of the event loop, done together at its end.

A write wakes the process at the other end. Done one by one between reads, each wakes it anew, and that costs more than
all our own work on a chunk; done together, the first wakes it and the others find it awake.
"""

import asyncio


class Outbox:
    """Holds what is to be written until the loop has read everything that was ready; belongs to one loop."""

    __slots__ = ("_loop", "_waiting")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[asyncio.WriteTransport, bytes, bool]] = []

    def push(self, transport: asyncio.WriteTransport, data: bytes, *, close: bool = False) -> None:
        """Write `data` at the end of this turn, in the order of the pushes; `close` ends the transport after it."""
        self._waiting.append((transport, data, close))
        if len(self._waiting) == 1:
            # Kept, because asking which loop runs is a system call.
            self._loop = self._loop or asyncio.get_running_loop()
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write all that waits now."""
        waiting, self._waiting = self._waiting, []
        for transport, data, close in waiting:
            if not transport.is_closing():
                if data:
                    transport.write(data)
                if close:
                    transport.close()
