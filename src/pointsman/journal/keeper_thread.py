"""The thread that has the disk keep what was written, and removes files; the event loop never waits for a disk."""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

from pointsman.journal.segment import Segment, discard
from pointsman.journal.sparing_log import SparingLog

_log = logging.getLogger(__name__)

sync_file: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)
"""Some systems have only the slower one."""


class KeeperThread:
    """Carries out what the journal asks for, in that order.

    Attributes:
        failed_syncs: how often the disk did not keep what was written, or nobody knows whether it did.
        stuck_bytes: what files take that nobody needs and that cannot be removed yet.
    """

    def __init__(self, folder: Path, sync_after_ms: int) -> None:
        self.stuck_bytes = 0
        self._folder = folder
        self._has_failed = False
        self._doomed: deque[Segment] = deque()
        self._sync_after_s = sync_after_ms / 1_000
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._is_closing = threading.Event()
        self._syncs = SparingLog(_log, "the disk does not keep the journal: %s (%d times so far); look at the disk")
        self._removals = SparingLog(_log, "a file of the journal cannot be removed: %s (%d times); look at the disk")
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        self._thread.start()

    @property
    def failed_syncs(self) -> int:
        return self._syncs.count

    def sync_soon(self, segment: Segment) -> None:
        """Something was written to it, the first since it was synced last."""
        self._jobs.put(lambda: self._gather_and_sync(segment))

    def retire(self, segment: Segment) -> None:
        """Nothing more will be written to it."""
        self._jobs.put(lambda: self._sync_and_close(segment))

    def remove(self, segment: Segment, newest: Segment) -> None:
        """Nobody needs it any more, once the newest one is safely on the disk."""
        self._jobs.put(lambda: self._remove(segment, newest))

    def close(self, timeout_ms: int) -> bool:
        """Carry out what was asked for, and stop; whether that was done in time."""
        self._is_closing.set()
        self._jobs.put(None)
        self._thread.join(timeout_ms / 1_000)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()

    def _gather_and_sync(self, segment: Segment) -> None:
        self._is_closing.wait(self._sync_after_s)
        self._sync(segment)

    def _sync_and_close(self, segment: Segment) -> None:
        self._sync(segment)
        segment.close()

    def _remove(self, segment: Segment, newest: Segment) -> None:
        # Oldest first, and none before those ahead of it: later files say what of the earlier ones no longer counts.
        self._doomed.append(segment)
        try:
            # What makes them needless, such as a call noted anew, must not be lost with the power.
            if (newest.is_dirty or self._has_failed) and not self._sync(newest):
                raise OSError(f'"{newest.path}" could not be synced')
            while self._doomed:
                discard(self._doomed[0].path, is_damaged=self._doomed[0].is_damaged)
                self._doomed.popleft()
        except OSError as error:
            self._removals.complain(error)
        self.stuck_bytes = sum(each.size for each in self._doomed)

    def _sync(self, segment: Segment) -> bool:
        # Cleared first: what is written while the disk works is for the next time.
        segment.is_dirty = False
        try:
            sync_file(segment.descriptor)
            if not segment.is_listed:
                _sync_folder(self._folder)
                segment.is_listed = True
        except OSError as error:
            self._has_failed = True
            self._syncs.complain(error)
            return False
        self._has_failed = False
        return True


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
