"""The journal of one gateway: each note is one append to the newest file; nothing here waits for the disk.

All of it belongs to the event loop; the thread beside it only syncs, closes and removes files.
"""

import errno
import logging
import os
from collections.abc import Sequence
from pathlib import Path

from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.outcome import Outcome
from pointsman.journal.keeper_thread import KeeperThread
from pointsman.journal.limits import JournalLimits
from pointsman.journal.payloads import write_payload
from pointsman.journal.records import (
    ADMIT,
    FORGET,
    HEADER_BYTES,
    LARGEST_SEGMENT_BYTES,
    LEAST_RECORD_BYTES,
    PROGRESS,
    SENT,
    SETTLE,
    write_record,
)
from pointsman.journal.segment import Segment, create_segment, discard
from pointsman.journal.segments import Segments
from pointsman.journal.sparing_log import SparingLog

_log = logging.getLogger(__name__)

NO_ROOM = -1
"""As the end of a file: it takes nothing more."""

IDS_PER_RECORD = 1_000
MOST_MOVED, SHARE_MOVED = 500, 4
"""So many requests are noted anew at once, and no more than that part of a file; the rest have their turn later."""


class FileJournal:
    """Keeps `core.money_ports.Journal`; made by `open_journal`."""

    def __init__(self, folder: Path, limits: JournalLimits, segments: Segments, next_sequence: int) -> None:
        """Go on after what an earlier run left; the last of the segments is a new one."""
        self._folder = folder
        self._limits = limits
        self._segments = segments
        self._current = segments.newest
        self._room = limits.segment_bytes
        self._admits_until = 0
        self._sequence = next_sequence
        self._underway: dict[str, list[tuple[int, bytes]]] = {}
        self._progress: dict[str, dict[int, bytes]] = {}
        self._keeper = KeeperThread(folder, limits.sync_after_ms)
        self._failures = SparingLog(_log, "a call is not in the journal: %s (%d notes so far); make room on the disk")
        self._is_closed = self._is_tidying = self._has_warned = False
        self._tidy()

    @property
    def is_full(self) -> bool:
        """Whether no further request may be admitted, because nothing could be noted of it."""
        return self.total_bytes >= self._limits.most_bytes

    @property
    def total_bytes(self) -> int:
        """What all its files take."""
        return self._segments.older_bytes + self._keeper.stuck_bytes + self._current.size

    @property
    def failed_notes(self) -> int:
        """How many notes are missing because they could not be written; calls that were refused are not counted."""
        return self._failures.count

    @property
    def failed_syncs(self) -> int:
        """How often the disk did not keep what was written."""
        return self._keeper.failed_syncs

    def admit(self, admitted: Admitted) -> None:
        """A call is about to be made; noted before anything of it goes out.

        Raises:
            OSError: when it cannot be noted; the call must not be made then.
        """
        if self._current.size >= self._admits_until:
            self._refuse_when_full()
        payload = write_payload(admitted)
        self._append(ADMIT, payload)
        request_id = admitted.request_id
        self._current.live.add(request_id)
        notes = self._underway.get(request_id)
        if notes is None:
            self._underway[request_id] = [(ADMIT, payload)]
        else:
            notes.append((ADMIT, payload))

    def note_sent(self, request_id: str, attempt: int) -> None:
        """The first byte of a call goes out. Failures are logged, not raised."""
        payload = write_payload((request_id, attempt))
        notes = self._underway.get(request_id)
        if notes is not None:
            notes.append((SENT, payload))
        self._note(SENT, request_id, payload)

    def note_progress(self, request_id: str, attempt: int, content_bytes: int) -> None:
        """What has come of an answer so far. Failures are logged, not raised."""
        payload = write_payload((request_id, attempt, content_bytes))
        if request_id in self._underway:
            self._progress.setdefault(request_id, {})[attempt] = payload
        self._note(PROGRESS, request_id, payload)

    def settle(self, outcome: Outcome) -> None:
        """A request has ended; noted before the last byte goes to its client. Failures are logged, not raised."""
        self._end(outcome.request_id)
        try:
            payload = write_payload(outcome)
        except OSError as error:
            self._failures.complain(error)
            return
        self._note(SETTLE, outcome.request_id, payload)

    def forget(self, request_ids: Sequence[str]) -> None:
        """These requests are in the ledger for good. Failures are logged: the next start reads those once more."""
        known = list(self._segments.end(request_ids))
        for request_id in known:
            self._end(request_id)
        try:
            self._note_forgotten(known)
        except OSError as error:
            self._failures.complain(error)
        self._tidy()

    def close(self) -> None:
        """Have the disk keep everything, within a deadline; what is not forgotten stays for the next start."""
        if self._is_closed:
            return
        self._is_closed, self._room = True, NO_ROOM
        self._keeper.retire(self._current)
        if not self._keeper.close(self._limits.close_timeout_ms):
            _log.error("the disk does not keep the journal in time; look at the disk")
        elif not any(segment.live for segment in self._segments.all):
            self._discard_all()

    def _discard_all(self) -> None:
        try:
            for segment in self._segments.all:
                discard(segment.path, is_damaged=segment.is_damaged)
        except OSError as error:
            _log.warning("files of the journal stay until the next start: %s", error)

    def _end(self, request_id: str) -> None:
        self._underway.pop(request_id, None)
        if self._progress:
            self._progress.pop(request_id, None)

    def _note(self, kind: int, request_id: str, payload: bytes) -> None:
        try:
            self._append(kind, payload)
        except OSError as error:
            self._failures.complain(error)
            return
        self._current.live.add(request_id)

    def _note_forgotten(self, request_ids: Sequence[str]) -> None:
        for start in range(0, len(request_ids), IDS_PER_RECORD):
            some = request_ids[start : start + IDS_PER_RECORD]
            self._append(FORGET, write_payload((some,)))
            self._current.ended.update(some)

    def _append(self, kind: int, payload: bytes) -> None:
        size = LEAST_RECORD_BYTES + len(payload)
        if self._current.size + size > self._room:
            self._begin_segment(size)
        segment = self._current
        try:
            written = os.write(segment.descriptor, write_record(segment.marker, self._sequence, kind, payload))
            if written != size:
                raise OSError(errno.ENOSPC, "there is no room left on the disk")
        except OSError:
            self._take_back(segment)
            raise
        self._sequence += 1
        segment.size += size
        if not segment.is_dirty:
            segment.is_dirty = True
            self._keeper.sync_soon(segment)

    def _take_back(self, segment: Segment) -> None:
        try:
            segment.truncate()
        except OSError:
            # Half a record stands at its end, so nothing may follow it there.
            self._room = NO_ROOM

    def _begin_segment(self, size: int) -> None:
        if self._is_closed:
            raise OSError(errno.EBADF, "the journal is closed")
        if size > LARGEST_SEGMENT_BYTES - HEADER_BYTES:
            raise OSError(errno.EFBIG, f"{size:,} bytes are more than one record may have")
        if self._current.size == HEADER_BYTES and self._room != NO_ROOM:
            return
        segment = create_segment(self._folder, self._current.number + 1, self._sequence)
        self._keeper.retire(self._current)
        self._segments.add(segment)
        self._current, self._room = segment, self._limits.segment_bytes
        self._tidy()
        self._warn_when_large()

    def _measure_room(self) -> None:
        """How large the newest file may get before no call is admitted; kept, for every admission asks."""
        self._admits_until = self._limits.most_bytes - (self.total_bytes - self._current.size)

    def _refuse_when_full(self) -> None:
        self._measure_room()
        if self.is_full:
            raise OSError(errno.ENOSPC, "the journal is full, for the database has not taken what is in it")

    def _warn_when_large(self) -> None:
        percent = 100 * self.total_bytes // self._limits.most_bytes
        if percent >= self._limits.warn_percent and not self._has_warned:
            message = "the journal takes %d %% of its %d MiB; when it is full no call is admitted; look at the database"
            _log.warning(message, percent, self._limits.most_bytes // 1_048_576)
            self._has_warned = True
        elif percent < self._limits.warn_percent:
            self._has_warned = False

    def _tidy(self) -> None:
        """Let go of files that nobody needs; what is written meanwhile may begin a new one, which asks for it again."""
        if self._is_tidying:
            return
        self._is_tidying = True
        try:
            self._move_open_calls()
            self._remove_needless()
        except OSError as error:
            self._failures.complain(error)
        finally:
            self._is_tidying = False
            self._measure_room()

    def _move_open_calls(self) -> None:
        """Note calls anew that alone keep an old file from going, so that a long stream does not hold it."""
        # Never so many that files would fill up with nothing else.
        left_bytes = self._limits.segment_bytes // SHARE_MOVED
        for request_id in self._segments.list_holding_back(self._underway.keys(), MOST_MOVED):
            left_bytes -= self._note_anew(request_id)
            self._segments.end_in_old(request_id)
            if left_bytes <= 0:
                break

    def _note_anew(self, request_id: str) -> int:
        progress = self._progress.get(request_id, {})
        notes = [*self._underway[request_id], *((PROGRESS, each) for each in progress.values())]
        for kind, payload in notes:
            self._append(kind, payload)
            self._current.live.add(request_id)
        return sum(len(payload) for _, payload in notes)

    def _remove_needless(self) -> None:
        for segment in self._segments.list_needless():
            # Older files may tell of the same requests; without this one nobody would know that they have ended.
            self._note_forgotten(self._segments.find_stale(segment))
            self._segments.remove(segment)
            self._keeper.remove(segment, self._current)
