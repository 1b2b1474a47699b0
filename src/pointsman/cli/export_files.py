"""Writes exported files over those that the gateway read: the same ones, unchanged since, or none at all."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pointsman.cli.replace_file import replace_with_backup
from pointsman.control.found_file import Unusable, name_digest_file, name_file, read_file


class NotWritten(Exception):
    """A file cannot be written; the message says what to do, and `written` which ones were before."""

    def __init__(self, message: str, written: "tuple[WrittenFile, ...]" = ()) -> None:
        super().__init__(message)
        self.written = written


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written.

    Attributes:
        file: its path.
        backup: where the former content is kept.
        digest_file: the file beside it that vouched for the former content, if there is one.
    """

    file: Path
    backup: Path
    digest_file: Path | None


def write_exported(folder: str, files: list[dict[str, Any]]) -> tuple[WrittenFile, ...]:
    """Write the files that the export changes, each with a dated copy beside it.

    Args:
        folder: the gateway's working directory, from which it names its files.
        files: as the gateway exports them.

    Raises:
        NotWritten: when one is not here, is not what the gateway read, or cannot be written.
    """
    changed = [each for each in files if each["changed"]]
    paths = [Path(folder) / each["file"] for each in changed]
    for path, each in zip(paths, changed, strict=True):
        _refuse_other_content(path, each["sha256"])
    written: list[WrittenFile] = []
    for path, each in zip(paths, changed, strict=True):
        try:
            backup = replace_with_backup(path, each["content"])
        except OSError as error:
            message = f"{name_file(path)} cannot be written: {error.strerror}; take the patch: pointsman config export"
            raise NotWritten(message, tuple(written)) from None
        assert backup is not None, "the file was there"
        beside = name_digest_file(path)
        written.append(WrittenFile(path, backup, beside if beside.exists() else None))
    return tuple(written)


def _refuse_other_content(path: Path, digest: str) -> None:
    found = read_file(path)
    if isinstance(found, Unusable):
        raise NotWritten(
            f"the gateway reads {name_file(path)}, which is not to be had from here; write it on the gateway's machine,"
            " or take the patch there: pointsman config export > change.patch"
        )
    if hashlib.sha256(found.content).hexdigest() != digest:
        raise NotWritten(
            f"{name_file(path)} is not what the gateway has in force: it was edited meanwhile, or it was refused;"
            " run pointsman config reload, then try again"
        )
