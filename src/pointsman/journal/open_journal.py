"""Opens the journal of a home: reads what an earlier run left, and begins a file of its own."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.journal.file_journal import FileJournal
from pointsman.journal.keeper_thread import sync_file
from pointsman.journal.limits import JournalLimits
from pointsman.journal.read_segment import Damage, read_segment
from pointsman.journal.recover import Recollection, Recovery
from pointsman.journal.segment import Segment, create_segment, find_next_number, list_segments, number_of, read_file
from pointsman.journal.segments import Segments


def open_journal(folder: Path, limits: JournalLimits | None = None) -> tuple[FileJournal, Recovery]:
    """Open the journal in a folder that nobody else uses; what is recovered stays in it until it is forgotten.

    Raises:
        OSError: when nothing can be written there.
    """
    limits = limits or JournalLimits()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    left = _Left()
    paths = list_segments(folder)
    for path in paths:
        left.take_in(path, is_newest=path is paths[-1])
    recovery = left.recollection.conclude()
    _mark_needed(left.segments, recovery)
    sequence = left.recollection.last_sequence + 1
    newest = create_segment(folder, find_next_number(folder), sequence)
    segments = Segments([*left.segments, newest], left.alone_bytes)
    return FileJournal(folder, limits, segments, sequence), recovery


@dataclass(slots=True)
class _Left:
    """What an earlier run left.

    Attributes:
        recollection: of its requests.
        segments: the files that were read.
        alone_bytes: what files take that are left as they are.
    """

    recollection: Recollection = field(default_factory=Recollection)
    segments: list[Segment] = field(default_factory=list)
    alone_bytes: int = 0

    def take_in(self, path: Path, *, is_newest: bool) -> None:
        try:
            data = read_file(path)
        except OSError as error:
            why = f"the file cannot be read: {error.strerror or error}"
            self.recollection.damage.append(Damage(path.name, 0, why))
            return
        content = read_segment(path.name, data)
        if content.is_newer:
            self.recollection.damage.extend(content.damage)
            self.alone_bytes += len(data)
            return
        size = len(data)
        if is_newest:
            size = _make_whole(path, content.torn_at, size)
        elif content.torn_at is not None:
            damage = Damage(path.name, content.torn_at, "its last record is cut short, and other files follow")
            self.recollection.damage.append(damage)
        follows = bool(self.segments) and self.segments[-1].number + 1 == number_of(path)
        mentioned = self.recollection.take_in(path.name, content, follows=follows)
        self.segments.append(Segment(path, size=size, live=mentioned))


def _make_whole(path: Path, torn_at: int | None, size: int) -> int:
    """Cut off what a killed writer left of a record, and have the disk keep the rest, which it may not have yet."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if torn_at is not None:
            os.ftruncate(descriptor, torn_at)
        sync_file(descriptor)
    finally:
        os.close(descriptor)
    return size if torn_at is None else torn_at


def _mark_needed(segments: list[Segment], recovery: Recovery) -> None:
    needed = {outcome.request_id for outcome in recovery.outcomes}
    damaged = {damage.segment for damage in recovery.damage}
    for segment in segments:
        segment.ended = segment.live - needed
        segment.live &= needed
        segment.is_damaged = segment.path.name in damaged
