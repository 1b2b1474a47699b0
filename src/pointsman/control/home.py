"""The directory where a gateway's state lives: private, and one gateway's at a time."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

USUAL_HOME = ".pointsman"


def find_home(environ: Mapping[str, str]) -> Path:
    """Where state lives, as the variables say, else as usual; seen from the working folder."""
    return Path(environ.get("POINTSMAN_HOME") or USUAL_HOME)


class HomeRefused(Exception):
    """The directory cannot be used; the message says what to do."""


@contextmanager
def hold_home(home: Path) -> Iterator[None]:
    """Make the directory if need be and keep other gateways out of it; a killed one holds nothing.

    Raises:
        HomeRefused: when it cannot be written to, or another gateway holds it.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = _open_lock(home / "lock")
    except OSError as error:
        message = f'cannot keep state in "{home}": {error.strerror}; set POINTSMAN_HOME to a directory of your own'
        raise HomeRefused(message) from None
    message = f'another gateway keeps its state in "{home}"; stop it, or set POINTSMAN_HOME to another directory'
    with _hold(descriptor, message):
        yield


@contextmanager
def hold_database(file: Path) -> Iterator[None]:
    """Keep gateways with other homes out of a database file; each would refuse what the other one stores.

    Raises:
        HomeRefused: when its folder cannot be written to, or another gateway holds it.
    """
    place = Path(os.path.realpath(file))
    try:
        descriptor = _open_lock(place.with_name(f"{place.name}.lock"))
    except OSError as error:
        message = f'cannot store in "{place.parent}": {error.strerror}; write another storage.url'
        raise HomeRefused(message) from None
    with _hold(descriptor, f'another gateway stores in "{place}"; stop it, or write another storage.url'):
        yield


def _open_lock(place: Path) -> int:
    return os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


@contextmanager
def _hold(descriptor: int, message: str) -> Iterator[None]:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise HomeRefused(message) from None
    try:
        yield
    finally:
        os.close(descriptor)
