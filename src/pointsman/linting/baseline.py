"""Remembers findings that are known already, by what a line says and not by where it stands."""

import hashlib
import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from pointsman.linting.findings import Find, Finding

MOST_BYTES = 32 * 1024 * 1024
VERSION = 1


class BadBaseline(ValueError):
    """The file is no baseline; the message says why, for the user."""


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known finding; file, code and name are for those who read the file."""

    fingerprint: str
    file: str
    code: str
    name: str


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The known findings of a code base."""

    version: int
    findings: tuple[Entry, ...]


class Fingerprints:
    """Gives each finding of a search its fingerprint; equal lines are told apart by counting them."""

    def __init__(self) -> None:
        self._seen: Counter[tuple[str, str, str, str]] = Counter()

    def take(self, file: PurePosixPath, lines: Sequence[str], find: Find) -> str:
        """The fingerprint of the next finding of a file, which come in the order of their lines."""
        snippet = " ".join(lines[find.line - 1].split())
        what = (str(file), find.code, find.name, snippet)
        self._seen[what] += 1
        return hashlib.sha256("\0".join((*what, str(self._seen[what]))).encode(errors="surrogateescape")).hexdigest()[
            :24
        ]


def read_baseline(path: Path) -> frozenset[str]:
    """The fingerprints in a file.

    Raises:
        BadBaseline: when it is missing, too large, or something else.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadBaseline(f"{path} is too large for a baseline; write it anew with --write-baseline")
        baseline = msgspec.json.decode(content, type=Baseline)
    except OSError as error:
        raise BadBaseline(f"{path} cannot be read: {error.strerror}; --write-baseline writes it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadBaseline(f"{path} is not a baseline; write it anew with --write-baseline") from error
    if baseline.version != VERSION:
        raise BadBaseline(f"{path} was written by another version; write it anew with --write-baseline")
    return frozenset(entry.fingerprint for entry in baseline.findings)


def put_baseline(path: Path, findings: Iterable[Finding]) -> None:
    """Put a baseline in place, a line per finding, in an order that does not change without need.

    Raises:
        OSError: when it cannot be written.
    """
    entries = sorted({(one.file, one.code, one.name, one.fingerprint) for one in findings})
    written = [
        msgspec.json.encode(Entry(fingerprint, file, code, name)).decode() for file, code, name, fingerprint in entries
    ]
    inside = "".join(f"\n  {line}{',' if place < len(written) else ''}" for place, line in enumerate(written, start=1))
    text = f'{{"version":{VERSION},"findings":[{inside}\n]}}\n'
    put_in_place(path, text.encode(), 0o644)


def put_in_place(path: Path, content: bytes, mode: int) -> None:
    """Replace a file as a whole: whoever reads it meets the old or the new one.

    Raises:
        OSError: when it cannot be written; then nothing has changed.
    """
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
