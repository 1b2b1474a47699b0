"""Who is told of what becomes of rows, such as a journal; what that raises never reaches the writer or a request."""

import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WriterHooks(Generic[Item]):
    """Called on the writer's event loop; none of them may wait.

    Attributes:
        on_written: told of each batch after its commit.
        on_refused: told of a row that the database can never take.
        on_overflow: keeps a row for which there is no room, or no time before a shutdown; without it such a row is
            lost. Whoever keeps it sees to it that it is added again.
        on_room: told once all that waits is written after some rows went to `on_overflow`: they may be added again.
    """

    on_written: Callable[[Sequence[Item]], None] | None = None
    on_refused: Callable[[Item], None] | None = None
    on_overflow: Callable[[Item], None] | None = None
    on_room: Callable[[], None] | None = None

    def tell_written(self, batch: Sequence[Item]) -> None:
        """A batch is committed."""
        if self.on_written is not None:
            _call(self.on_written, batch)

    def tell_refused(self, item: Item) -> None:
        """A row can never be written."""
        if self.on_refused is not None:
            _call(self.on_refused, item)

    def tell_room(self) -> None:
        """There is room again."""
        if self.on_room is not None:
            on_room = self.on_room
            _call(lambda _: on_room(), None)

    def hand_over(self, item: Item) -> bool:
        """Whether somebody keeps the row."""
        return self.on_overflow is not None and _call(self.on_overflow, item)


class Overflow(Generic[Item]):
    """What becomes of rows that find no room; one line of the log when it begins and one when it ends.

    Attributes:
        lost_rows: nobody has kept them.
        left_rows: somebody has.
    """

    def __init__(self, name: str, hooks: WriterHooks[Item]) -> None:
        self.lost_rows = 0
        self.left_rows = 0
        self._name = name
        self._hooks = hooks
        self._lost_now = 0
        self._left_now = 0

    def take(self, item: Item, waiting: int) -> None:
        """One row that finds no room."""
        is_first = not self._lost_now + self._left_now
        if self._hooks.hand_over(item):
            self._left_now += 1
            self.left_rows += 1
        else:
            self._lost_now += 1
            self.lost_rows += 1
        # A line per row would bury them.
        if is_first and self._lost_now:
            _log.error("%ss are being lost: %d wait already", self._name, waiting)
        elif is_first:
            _log.warning("%ss are put aside until the database keeps up: %d wait already", self._name, waiting)

    def end(self) -> None:
        """All that waited is written."""
        lost, left = self._lost_now, self._left_now
        self._lost_now = self._left_now = 0
        if lost:
            _log.error("%d %s(s) were lost while the database did not keep up", lost, self._name)
        if left:
            _log.warning("%d %s(s) were put aside while the database did not keep up", left, self._name)
            self._hooks.tell_room()

    def take_rest(self, waiting: deque[Item]) -> None:
        """What could not be written before the end."""
        lost = left = 0
        while waiting:
            if self._hooks.hand_over(waiting.popleft()):
                left += 1
            else:
                lost += 1
        self.lost_rows += lost
        self.left_rows += left
        reason = "the database did not take them before the shutdown's deadline"
        if lost:
            _log.error("%d %s(s) lost: %s", lost, self._name, reason)
        if left:
            _log.warning("%d %s(s) are left for the next start: %s", left, self._name, reason)


Told = TypeVar("Told")


def _call(hook: Callable[[Told], object], told: Told) -> bool:
    """Whether the hook did its work."""
    try:
        hook(told)
    except Exception:
        # Rows that follow and requests under way have no part in what went wrong there.
        _log.exception("what was told of rows failed")
        return False
    return True
