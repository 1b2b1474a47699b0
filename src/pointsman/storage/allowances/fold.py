"""For the ledger's writer: what it has booked counts in shared windows, and is told to the store after the commit."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from pointsman.core.money_ports import Spent
from pointsman.core.routing.ledger_entry import LedgerEntry
from pointsman.storage.allowances.open_calls import Orphan
from pointsman.storage.allowances.spending import move_to_spent


class SharedSpending:
    """The last fold of one writer, whose transactions follow one another.

    Args:
        node: this replica.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._owners: dict[str, str] = {}
        self._moved: Sequence[Spent] = ()

    def own(self, orphans: Iterable[Orphan]) -> None:
        """Say whose parts requests of dead replicas were spent from, before they are given to the writer."""
        for orphan in orphans:
            self._owners[orphan.outcome.request_id] = orphan.node

    def __call__(self, connection: Connection, entries: Sequence[LedgerEntry]) -> None:
        """Count new entries; runs within their transaction, maybe again when that was rolled back."""
        self._moved = move_to_spent(connection, self._node, entries, self._owners)

    def take_moved(self, request_ids: Iterable[str]) -> Sequence[Spent]:
        """What the last transaction moved, for `AllowanceStore.note_spent`; call it once, after the commit.

        Args:
            request_ids: the requests that it booked.
        """
        for request_id in request_ids:
            self._owners.pop(request_id, None)
        moved, self._moved = self._moved, ()
        return moved
