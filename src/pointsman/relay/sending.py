"""Whether a byte of an upstream call may have gone out: until then, giving it up costs nothing."""

from pointsman.core.money_ports import Journal
from pointsman.relay.open_calls import OpenCall


class Sending:
    """One upstream call on its way out.

    Attributes:
        has_begun: whether its provider may have seen anything of it.
        open_call: the call among those under way, or `None` where none is.
    """

    __slots__ = ("_journal", "has_begun", "open_call")

    def __init__(self, journal: Journal | None = None, open_call: OpenCall | None = None) -> None:
        self.has_begun = False
        self.open_call = open_call
        self._journal = journal

    def begin(self) -> None:
        """The first byte goes out."""
        if self.has_begun:
            return
        self.has_begun = True
        if self._journal is not None and self.open_call is not None:
            self.open_call.is_sent = True
            admitted = self.open_call.admitted
            self._journal.note_sent(admitted.request_id, admitted.attempt)
