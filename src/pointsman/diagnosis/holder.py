"""Tells whether a gateway holds the home directory, and which process that is, without keeping one from starting."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

LOCK_NAME = "lock"
LOCKS = Path("/proc/locks")


@dataclass(frozen=True, slots=True)
class Holder:
    """A running gateway; `pid` is `None` where the system does not say, as across the border of a container."""

    pid: int | None


def find_holder(home: Path) -> Holder | None:
    """Who holds a home directory, or `None` when nobody does.

    Raises:
        OSError: when the lock file is there and cannot be looked at.
    """
    try:
        descriptor = os.open(home / LOCK_NAME, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        # The list is asked first: it takes no lock that a gateway starting right now would stumble over.
        pid = _find_process(os.fstat(descriptor))
        if pid is not None:
            return Holder(pid)
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return Holder(None)
    finally:
        os.close(descriptor)
    return None


def _find_process(status: os.stat_result) -> int | None:
    """The process that holds a lock on a file as `flock` gives them, if the system lists it."""
    wanted = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    try:
        lines = LOCKS.read_text().splitlines()
    except OSError:  # No such list here: the lock itself tells.
        return None
    for line in lines:
        words = line.split()
        # 1: FLOCK ADVISORY WRITE <pid> <device>:<inode> <start> <end>; those who wait have an arrow in second place.
        if len(words) >= 6 and words[1] == "FLOCK" and words[5] == wanted and words[4].isdecimal():
            return int(words[4])
    return None
