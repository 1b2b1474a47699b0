"""Keeps the files of the last good configuration in the home directory: the older ones or the newer, never half."""

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from pointsman.control.found_file import Unusable, read_file, show_name
from pointsman.core.config.source import Source

FILE_NAME = "last_good.json"
FORM = 1
MOST_BYTES = 32 * 1024 * 1024
"""Of the kept file; base64 makes a third more of the most that a configuration may hold."""


@dataclass(frozen=True, slots=True)
class LastGood:
    """What was kept.

    Attributes:
        files: of the configuration that was in force last; none where nothing can be used.
        reason: why nothing can be used, as a sentence for the log; `""` when there are files, or nothing was ever kept.
    """

    files: tuple[Source, ...] = ()
    reason: str = ""


class _Kept(msgspec.Struct, frozen=True):
    form: int
    path: str
    environment: str
    files: tuple[Source, ...]


class _Sealed(msgspec.Struct, frozen=True):
    sha256: str
    kept: msgspec.Raw


def keep_last_good(home: Path, path: Path, environment: str, files: Sequence[Source]) -> None:
    """Write down the files of a configuration that has just come into force; waits for the disk.

    Args:
        home: the home directory, held by this process.
        path: the file or folder that the configuration was read from.
        environment: whose overlay was in force.
        files: all of them.

    Raises:
        OSError: when they cannot be written; what was kept before is still there.
    """
    kept = msgspec.json.encode(_Kept(FORM, _identify(path), environment, tuple(files)))
    sealed = msgspec.json.encode(_Sealed(hashlib.sha256(kept).hexdigest(), msgspec.Raw(kept)))
    place = home / FILE_NAME
    before = read_file(place, MOST_BYTES)
    if not isinstance(before, Unusable) and before.content == sealed:
        return
    _replace(place, sealed)


def read_last_good(home: Path, path: Path, environment: str) -> LastGood:
    """The files that were kept for this path and environment, if they are there and whole."""
    place = home / FILE_NAME
    found = read_file(place, MOST_BYTES)
    if isinstance(found, Unusable):
        return LastGood() if found.code == "file_missing" else LastGood(reason=f'"{place}" {found.reason}')
    if found.is_open_to_all:
        return LastGood(reason=f'every account may change "{place}"; remove it')
    try:
        sealed = msgspec.json.decode(found.content, type=_Sealed)
        if hashlib.sha256(sealed.kept).hexdigest() != sealed.sha256:
            return LastGood(reason=f'"{place}" is damaged; remove it')
        kept = msgspec.json.decode(sealed.kept, type=_Kept)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return LastGood(reason=f'"{place}" is damaged, or of another version of Pointsman; remove it')
    if kept.form != FORM:
        return LastGood(reason=f'"{place}" is of another version of Pointsman; remove it')
    if kept.path != _identify(path):
        return LastGood(reason=f'what was kept in "{place}" is the configuration of another path, {kept.path}')
    if kept.environment != environment:
        return LastGood(reason=f'what was kept in "{place}" is for another environment, {kept.environment}')
    return LastGood(kept.files)


def _replace(place: Path, content: bytes) -> None:
    # The home directory is held by one process at a time, so a draft that lies there belongs to one that was killed.
    for abandoned in place.parent.glob(f"{place.name}.*"):
        abandoned.unlink(missing_ok=True)
    draft = place.with_name(f"{place.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    _sync_folder(place.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name outlast a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _identify(path: Path) -> str:
    """The path as it is found from anywhere."""
    return show_name(path.absolute())
