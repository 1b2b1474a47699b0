"""Leaves a store alone that does not answer, but for one question after each pause; the clock comes in as a value."""

FAILURES_IN_ROW = 3
PAUSE_MS = 1_000


class Breaker:
    """Counts what became of questions to one store."""

    __slots__ = ("_failures", "_next_ms")

    def __init__(self) -> None:
        self._failures = 0
        self._next_ms = 0

    def may_ask(self, now_ms: int) -> bool:
        """Whether to ask now; during failures this one question keeps the others away for a pause."""
        if self._failures < FAILURES_IN_ROW:
            return True
        if now_ms < self._next_ms:
            return False
        self._next_ms = now_ms + PAUSE_MS
        return True

    def note_answer(self) -> None:
        """The store has answered."""
        self._failures = 0

    def note_failure(self, now_ms: int) -> None:
        """It has not."""
        self._failures += 1
        self._next_ms = now_ms + PAUSE_MS
