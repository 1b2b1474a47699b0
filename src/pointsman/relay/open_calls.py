"""The upstream calls under way, by their requests: for whoever notes how far they are, or lists them elsewhere."""

from collections.abc import Iterator
from typing import Protocol

from pointsman.core.money_ports import Journal
from pointsman.core.routing.admitted import Admitted


class Flowing(Protocol):
    """An answer that is still coming."""

    @property
    def content_bytes(self) -> int:
        """How much of its content has come."""


class OpenCall:
    """One call under way.

    Attributes:
        admitted: what is known of it.
        is_sent: whether a byte of it may have gone out.
        answer: what is coming of its answer, or `None` before its first content.
    """

    __slots__ = ("_noted_bytes", "admitted", "answer", "is_sent")

    def __init__(self, admitted: Admitted) -> None:
        self.admitted = admitted
        self.is_sent = False
        self.answer: Flowing | None = None
        self._noted_bytes = 0

    def note_progress(self, journal: Journal) -> None:
        """Have the journal note how far its answer is, if that has changed."""
        content_bytes = self.answer.content_bytes if self.answer is not None else 0
        if content_bytes > self._noted_bytes:
            self._noted_bytes = content_bytes
            journal.note_progress(self.admitted.request_id, self.admitted.attempt, content_bytes)


class OpenCalls:
    """Calls under way; belongs to the event loop's thread. As many as there are requests under way, times two."""

    __slots__ = ("_calls",)

    def __init__(self) -> None:
        self._calls: dict[tuple[str, int], OpenCall] = {}

    def begin(self, admitted: Admitted) -> OpenCall:
        """A call is about to be made."""
        call = self._calls[admitted.request_id, admitted.attempt] = OpenCall(admitted)
        return call

    def end(self, request_id: str, attempt: int) -> None:
        """A call is over; nothing happens when it was so before."""
        self._calls.pop((request_id, attempt), None)

    def __iter__(self) -> Iterator[OpenCall]:
        """Those under way, the oldest first; as they are at the moment, so that others may come and go meanwhile."""
        return iter(list(self._calls.values()))

    def __len__(self) -> int:
        return len(self._calls)
