"""Names each request: ours is unique; the caller's own is shown back only if it is safe to show."""

import itertools
import os
import re
import secrets

_SAFE = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_PREFIX = secrets.token_hex(6)
_COUNTER = itertools.count(1)


def new_request_id() -> str:
    """A name that no other request of any process has."""
    return f"req_{_PREFIX}{next(_COUNTER):08x}"


def shown_id(own: str, given: bytes | None) -> str:
    """The caller's id where it sent a safe one, else ours."""
    return given.decode() if given is not None and _SAFE.fullmatch(given) else own


def _renew_prefix() -> None:
    """In the child after a fork: its parent goes on counting under the old one."""
    global _PREFIX
    _PREFIX = secrets.token_hex(6)


os.register_at_fork(after_in_child=_renew_prefix)
