"""Judges who may use a file by its mode bits alone, never by trying: the answer is the same for root as for others."""

import os
import stat
from pathlib import Path

READ, WRITE = 0o4, 0o2

MAY_READ_BY_OTHERS = 0o044
MAY_WRITE_BY_OTHERS = 0o022
PRIVATE_FOLDER = 0o077
PRIVATE_FILE = 0o077


def read_status(path: Path) -> os.stat_result | None:
    """What the file system says of a path, or `None` when there is nothing that may be seen."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def allows(status: os.stat_result, wanted: int) -> bool:
    """Whether the mode lets the account that this runs as do something.

    Args:
        status: of the file or folder.
        wanted: `READ`, `WRITE`, or both together.
    """
    user = os.geteuid()
    if user in (0, status.st_uid):
        # Root passes by every mode, but a mode that shuts the owner out is a mistake for root too.
        return status.st_mode >> 6 & wanted == wanted
    if status.st_gid in (os.getegid(), *os.getgroups()):
        return status.st_mode >> 3 & wanted == wanted
    return status.st_mode & wanted == wanted


def write_mode(status: os.stat_result) -> str:
    """The permissions as `chmod` takes them: `0755`."""
    return f"{stat.S_IMODE(status.st_mode):04o}"


def is_file(status: os.stat_result) -> bool:
    """Whether it is a regular file."""
    return stat.S_ISREG(status.st_mode)


def is_folder(status: os.stat_result) -> bool:
    """Whether it is a folder."""
    return stat.S_ISDIR(status.st_mode)


def is_read_only_disk(path: Path) -> bool:
    """Whether the file system that holds a path refuses every change."""
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def find_nearest(path: Path) -> Path:
    """The path itself, or the closest folder above it that is there."""
    return next((one for one in (path, *path.parents) if read_status(one) is not None), Path(path.anchor or "."))
