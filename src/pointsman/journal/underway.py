"""What the journal knows of a request that has not ended: enough to note it anew, or to book it after a crash."""

from msgspec.structs import replace

from pointsman.core.routing.admitted import Admitted, book_orphan
from pointsman.core.routing.outcome import Outcome


class Underway:
    """The calls of one request; filled as they are noted, or as they are read.

    Attributes:
        admitted: its calls, in the order they were begun.
        sent: those of them whose first byte has gone out.
        content_bytes: what has come of their answers, by attempt.
    """

    __slots__ = ("admitted", "content_bytes", "sent")

    def __init__(self) -> None:
        self.admitted: tuple[Admitted, ...] = ()
        self.sent: tuple[int, ...] = ()
        self.content_bytes: dict[int, int] | None = None

    def note_progress(self, attempt: int, content_bytes: int) -> None:
        """Keep the last word about an answer."""
        if self.content_bytes is None:
            self.content_bytes = {}
        self.content_bytes[attempt] = content_bytes

    def book(self) -> Outcome:
        """The outcome of this request, should its gateway have been killed.

        Calls that were begun before the last one and are not among its earlier ones were under way beside it.
        """
        *others, last = sorted({each.attempt: each for each in self.admitted}.values(), key=lambda each: each.attempt)
        known = {charge.attempt for charge in last.earlier}
        beside = tuple(
            self._book(replace(each, earlier=())).charges[-1] for each in others if each.attempt not in known
        )
        return self._book(replace(last, earlier=(*last.earlier, *beside)) if beside else last)

    def _book(self, admitted: Admitted) -> Outcome:
        attempt = admitted.attempt
        content_bytes = (self.content_bytes or {}).get(attempt, 0)
        # An answer cannot have begun before its call went out, so that progress says the same as the missing note.
        sent = attempt in self.sent or content_bytes > 0
        return book_orphan(admitted, sent=sent, content_bytes=content_bytes)
