"""A file of the journal: added to at its end while it is the newest one, then kept until nobody needs it."""

import errno
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pointsman.journal.records import HEADER_BYTES, LARGEST_SEGMENT_BYTES, MARKER_BYTES, write_header

SUFFIX = ".journal"
DAMAGED_SUFFIX = ".damaged"
MOST_DAMAGED = 8
"""Files that nobody needs but that could not be read in full are kept for people to look at, the newest of them."""


@dataclass(slots=True, eq=False)
class Segment:
    """One file, and what is known of the requests in it.

    Attributes:
        path: where it is.
        number: its name as a number; later files have higher ones.
        marker: what its records begin with.
        size: in bytes, as far as its records are whole.
        descriptor: to add to it, or -1.
        live: ids of requests with records in it that still are needed.
        ended: ids of those whose records in it no longer count.
        is_dirty: whether something was written that the disk has not been asked to keep.
        is_listed: whether the disk has been asked to keep its name in the folder.
        is_damaged: whether a part of it could not be read.
    """

    path: Path
    number: int = field(init=False)
    marker: bytes = b""
    size: int = 0
    descriptor: int = -1
    live: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    is_dirty: bool = False
    is_listed: bool = False
    is_damaged: bool = False

    def __post_init__(self) -> None:
        self.number = number_of(self.path)

    def truncate(self) -> None:
        """Take off what was written of a record that did not get through.

        Raises:
            OSError: when that fails too.
        """
        os.ftruncate(self.descriptor, self.size)

    def close(self) -> None:
        """Add no more to it."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def create_segment(folder: Path, number: int, first_sequence: int) -> Segment:
    """Begin a file.

    Raises:
        OSError: when that fails; nothing is left of it then.
    """
    path = folder / f"{number:08}{SUFFIX}"
    marker = os.urandom(MARKER_BYTES)
    header = write_header(marker, first_sequence)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if os.write(descriptor, header) != len(header):
            raise OSError(errno.ENOSPC, "there is no room left on the disk")
    except OSError:
        os.close(descriptor)
        path.unlink(missing_ok=True)
        raise
    return Segment(path, marker=marker, size=HEADER_BYTES, descriptor=descriptor)


def list_segments(folder: Path) -> list[Path]:
    """The files of a journal, oldest first."""
    return sorted(_numbered(folder, SUFFIX), key=number_of)


def number_of(path: Path) -> int:
    """The number that a file's name is."""
    return int(path.stem)


def find_next_number(folder: Path) -> int:
    """A number that no file has, not even one that was put aside."""
    taken = [*_numbered(folder, SUFFIX), *_numbered(folder, DAMAGED_SUFFIX)]
    return max(map(number_of, taken), default=0) + 1


def read_file(path: Path) -> bytes:
    """All bytes of a segment.

    Raises:
        OSError: when it cannot be read, or is no file that a journal wrote.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError("it is not a plain file")
    with path.open("rb") as file:
        data = file.read(LARGEST_SEGMENT_BYTES + 1)
    if len(data) > LARGEST_SEGMENT_BYTES:
        raise OSError("it is larger than any file of a journal")
    return data


def discard(path: Path, *, is_damaged: bool) -> None:
    """Remove a file that nobody needs; one that could not be read in full is put aside.

    Raises:
        OSError: when that fails.
    """
    if not is_damaged:
        path.unlink(missing_ok=True)
        return
    path.replace(path.with_suffix(DAMAGED_SUFFIX))
    for old in sorted(_numbered(path.parent, DAMAGED_SUFFIX), key=number_of)[:-MOST_DAMAGED]:
        old.unlink(missing_ok=True)


def _numbered(folder: Path, suffix: str) -> list[Path]:
    return [path for path in folder.glob(f"*{suffix}") if path.stem.isascii() and path.stem.isdigit()]
