"""The directory where a gateway's state lives: private, and one gateway's at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
        descriptor = os.open(home / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        message = f'cannot keep state in "{home}": {error.strerror}; set POINTSMAN_HOME to a directory of your own'
        raise HomeRefused(message) from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        message = f'another gateway keeps its state in "{home}"; stop it, or set POINTSMAN_HOME to another directory'
        raise HomeRefused(message) from None
    try:
        yield
    finally:
        os.close(descriptor)
