"""The log: lines gather in memory and a thread of its own writes them, so that a slow reader slows no request."""

import atexit
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import TextIO

from pointsman.core.routing.outcome import Outcome
from pointsman.telemetry.log_lines import Event, request_line, to_json, to_readable

FLUSH_EVERY_MS = 100
MOST_LINES = 10_000
"""Requests beyond this many unwritten lines are dropped and counted; events are let in a while longer."""
MOST_EVENTS_ABOVE = 1_000
CLOSE_WITHIN_MS = 2_000


LONGEST_MESSAGE = 2_000
"""Characters kept of what a library says."""


@dataclass(frozen=True, slots=True)
class _Happening:
    """An event and when it happened, in epoch milliseconds."""

    event: Event
    at_ms: int


class EventLog:
    """Writes requests and events to a stream: JSON lines, or short readable ones when it is a terminal.

    Attributes:
        dropped_lines: lines that found no room or could not be written.
    """

    def __init__(self, stream: TextIO, *, readable: bool | None = None) -> None:
        """Start the writing thread.

        Args:
            stream: where to; it is flushed, never closed.
            readable: lines for people instead of JSON; by default when the stream is a terminal.
        """
        self.dropped_lines = 0
        self._stream = stream
        self._is_readable = stream.isatty() if readable is None else readable
        self._waiting: deque[Outcome | _Happening] = deque()
        self._is_awake = False
        self._is_closed = False
        self._wake = threading.Event()
        self._is_closing = threading.Event()
        self._reported_drops = 0
        self._thread = threading.Thread(target=self._write_until_closed, name="log", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def request(self, outcome: Outcome) -> None:
        """Log a finished request."""
        self._add(outcome, MOST_LINES)

    def event(self, event: Event) -> None:
        """Log anything else."""
        self._add(_Happening(event, _now_ms()), MOST_LINES + MOST_EVENTS_ABOVE)

    def close(self) -> None:
        """Write what waits and stop; gives up after two seconds if nobody reads the stream. Idempotent."""
        atexit.unregister(self.close)
        self._is_closed = True
        self._is_closing.set()
        self._wake.set()
        self._thread.join(CLOSE_WITHIN_MS / 1_000)

    def _add(self, item: Outcome | _Happening, most: int) -> None:
        if self._is_closed or len(self._waiting) >= most:
            self.dropped_lines += 1
            return
        self._waiting.append(item)
        # Setting a threading.Event costs a lock; the flag spares it to all but the first line of a flush.
        if not self._is_awake:
            self._is_awake = True
            self._wake.set()

    def _write_until_closed(self) -> None:
        while not (self._is_closing.is_set() and not self._waiting):
            self._wake.wait()
            self._wake.clear()
            self._is_closing.wait(FLUSH_EVERY_MS / 1_000)
            self._is_awake = False
            self._write_waiting()

    def _write_waiting(self) -> None:
        items = [self._waiting.popleft() for _ in range(len(self._waiting))]
        lines = [self._format(item) for item in items]
        if self.dropped_lines > self._reported_drops:
            lines.append(self._format(self._dropped()))
        try:
            self._stream.write("".join(lines))
            self._stream.flush()
        except (OSError, ValueError):
            # The reader is gone or the stream is closed; there is no other place to say so but this count.
            self.dropped_lines += len(items)

    def _dropped(self) -> _Happening:
        count = self.dropped_lines - self._reported_drops
        self._reported_drops = self.dropped_lines
        return _Happening(Event("log_lines_dropped", "warning", "log lines were dropped", count=count), _now_ms())

    def _format(self, item: Outcome | _Happening) -> str:
        line = request_line(item) if isinstance(item, Outcome) else item.event
        if not self._is_readable:
            return to_json(line, item.at_ms) + "\n"
        encoding = self._stream.encoding or "ascii"
        return to_readable(line, item.at_ms).encode(encoding, "backslashreplace").decode(encoding) + "\n"


class LibraryLines(logging.Handler):
    """Puts what libraries log, and this product's own modules, into the event log; tracebacks stay out."""

    def __init__(self, log: EventLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record: its message, its logger and the type of its exception."""
        error = record.exc_info[0] if record.exc_info else None
        self._log.event(
            Event(
                "log",
                "error" if record.levelno >= logging.ERROR else "warning",
                _message_of(record)[:LONGEST_MESSAGE],
                logger=record.name,
                error=error.__name__ if error is not None else None,
            )
        )


def route_library_logs(log: EventLog) -> None:
    """Send everything that any library logs at WARNING or above to the event log, and nowhere else."""
    logging.basicConfig(handlers=[LibraryLines(log)], level=logging.WARNING, force=True)


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):
        # A library's format does not fit its arguments; the format alone still says what it is about.
        return str(record.msg)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
