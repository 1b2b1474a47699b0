"""Reads one file of a configuration: bounded, never waiting for a pipe, with a stamp that tells a later change."""

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from pointsman.core.config.source import MOST_BYTES

DIGEST_SUFFIX = ".sha256"
MOST_DIGEST_BYTES = 4_096

OPEN_TO_ALL = 0o002
"""The permission by which every account of the machine may change a file."""

NOT_A_FILE = "is not a file but a folder, a pipe or a device"

Stamp = tuple[int, ...] | None
"""Differs whenever a file or folder has changed; `None` while there is none."""

_DIGEST = re.compile(rb"\s*([0-9a-fA-F]{64})(?:\s.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file as it was read once.

    Attributes:
        content: its bytes, one more than allowed at most.
        stamp: what it looked like before it was read.
        is_open_to_all: whether every account of the machine may change it.
    """

    content: bytes
    stamp: Stamp
    is_open_to_all: bool


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why there is nothing to read.

    Attributes:
        code: of the problem that this is.
        reason: as a sentence goes on after "this" or the file's name.
    """

    code: str
    reason: str


def read_file(path: Path, most_bytes: int = MOST_BYTES) -> FoundFile | Unusable:
    """Read a regular file; whatever else lies there is not even opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Unusable("not_a_file", NOT_A_FILE)
        # Without O_NONBLOCK, opening a pipe that came in its place meanwhile would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                return Unusable("not_a_file", NOT_A_FILE)
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                content = file.read(most_bytes + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        return explain_error(error)
    return FoundFile(content, _sign(status), bool(status.st_mode & OPEN_TO_ALL))


def explain_error(error: OSError | ValueError) -> Unusable:
    """Why a file cannot be had; a name that no file can have, such as one with a NUL, is a `ValueError`."""
    if isinstance(error, FileNotFoundError):
        return Unusable("file_missing", "is not there")
    if isinstance(error, PermissionError):
        return Unusable("file_unreadable", "may not be read by the account that this runs as; change its permissions")
    reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
    return Unusable("file_unreadable", f"cannot be read: {reason}")


def read_stamp(path: Path) -> Stamp:
    """The stamp of a file or folder as it is now."""
    try:
        return _sign(path.stat())
    except (OSError, ValueError):
        return None


def is_folder(stamp: Stamp) -> bool:
    """Whether a stamp is that of a folder, which may be looked into or not."""
    return stamp is not None and stat.S_ISDIR(stamp[-1])


def is_file(stamp: Stamp) -> bool:
    """Whether a stamp is that of a regular file."""
    return stamp is not None and stat.S_ISREG(stamp[-1])


def name_digest_file(path: Path) -> Path:
    """Where the SHA-256 of a file stands, if anybody has written it down."""
    return path.with_name(path.name + DIGEST_SUFFIX)


def check_digest(path: Path, content: bytes) -> bool | None:
    """Whether a file is what the digest file beside it says; `None` where there is no such file."""
    found = read_file(name_digest_file(path), MOST_DIGEST_BYTES)
    if isinstance(found, Unusable):
        return None if found.code == "file_missing" else False
    match = _DIGEST.fullmatch(found.content)
    return match is not None and match[1].lower().decode() == hashlib.sha256(content).hexdigest()


def name_file(path: Path) -> str:
    """How messages name a file: relative where it lies below the working directory, and printable whatever it is."""
    try:
        cwd = Path.cwd()
    except FileNotFoundError:
        return show_name(path)
    return show_name(path.relative_to(cwd) if path.is_relative_to(cwd) else path)


def show_name(name: Path | str) -> str:
    """A name as text: its bytes need not be UTF-8, and may hold line ends that would forge a message."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(part if part.isprintable() else part.encode("unicode_escape").decode() for part in text)


def _sign(status: os.stat_result) -> Stamp:
    # The time of the last change of any kind cannot be set back, unlike that of the content.
    return (
        status.st_dev,
        status.st_ino,
        status.st_mtime_ns,
        status.st_ctime_ns,
        status.st_size,
        status.st_mode,
    )
