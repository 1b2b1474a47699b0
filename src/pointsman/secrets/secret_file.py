"""One file that holds one secret, read anew when it changes; looked at no more than once per second."""

import json
import logging
import os
import stat
from dataclasses import dataclass
from pathlib import Path

_log = logging.getLogger(__name__)

LARGEST_BYTES = 8 * 1024
LOOK_EVERY_S = 1.0

_Version = tuple[int, int, int]


class UnusableSecret(Exception):
    """A secret is there but must not be used; the message says why and never holds the value."""


@dataclass(frozen=True, slots=True)
class _Look:
    """What was seen at the last look: which version of the file, and the value or `None`."""

    at_s: float
    version: _Version | None
    value: str | None


class SecretFile:
    """The secret in a file, such as one that Docker or Kubernetes mounts."""

    __slots__ = ("_last", "_path")

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: _Look | None = None

    def __repr__(self) -> str:
        return f"SecretFile({str(self._path)!r})"

    def reveal(self, now_s: float) -> str | None:
        """The value, without one newline at its end; `None` when there is none or it must not be used (logged once).

        Args:
            now_s: of a monotonic clock.
        """
        last = self._last
        if last is not None and now_s - last.at_s < LOOK_EVERY_S:
            return last.value
        version = _version_of(self._path)
        if last is None or version != last.version:
            self._last = _Look(now_s, version, self._read() if version is not None else None)
        else:
            self._last = _Look(now_s, version, last.value)
        return self._last.value

    def _read(self) -> str | None:
        try:
            return _read_secret(self._path)
        except (OSError, UnusableSecret) as error:
            _log.warning('the secret file "%s" cannot be used: %s', self._path, error)
            return None


def check_value(value: str) -> str:
    """The value itself, if it can travel in a header; a JSON object, such as a service account's, on one line.

    Raises:
        UnusableSecret: for whitespace around it, control characters, or anything but ASCII.
    """
    if value.lstrip().startswith("{"):
        value = _join_lines(value)
    if value != value.strip():
        raise UnusableSecret("there is whitespace around the value")
    if not (value.isascii() and value.isprintable()):
        raise UnusableSecret("the value has characters other than printable ASCII")
    return value


def _join_lines(text: str) -> str:
    try:
        return json.dumps(json.loads(text), separators=(",", ":"))
    except ValueError:  # Its text would repeat some of the value.
        raise UnusableSecret("it begins like a JSON object and is none") from None


def _version_of(path: Path) -> _Version | None:
    try:
        status = path.stat()
    except OSError:
        return None
    # A mounted secret is replaced by a new file, an edited one keeps its number and changes the rest.
    return status.st_ino, status.st_mtime_ns, status.st_size


def _read_secret(path: Path) -> str | None:
    # Without O_NONBLOCK, opening a pipe would wait for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise UnusableSecret("it is not a regular file")
        if mode & 0o022:
            raise UnusableSecret("others may change it: run chmod 600 on it")
        content = file.read(LARGEST_BYTES + 1)
    if len(content) > LARGEST_BYTES:
        raise UnusableSecret(f"it has more than {LARGEST_BYTES} bytes")
    value = content.decode("utf-8", "replace").removesuffix("\n").removesuffix("\r")
    return check_value(value) or None
