"""What every change of a key, a team or a user carries, which version it is for, and how a refused one is answered."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Header, Query, Response

from pointsman.control.key_changes import UnreadableKey
from pointsman.core.tenant_ports import AlreadyThere, ChangeNote, InUse, StaleVersion, TooMany
from pointsman.server.admin.signature import Name, Signed, Text, refuse_change, sign
from pointsman.server.errors import OperatorError

IfMatch = Annotated[str | None, Header(max_length=64)]
Author = Annotated[Name, Query()]
Reason = Annotated[Text, Query()]


def write_note(signed: Signed) -> ChangeNote:
    """Who changes something and why, now.

    Raises:
        OperatorError: 422 when one of them looks like a key.
    """
    with refuse_change():
        signature = sign(signed)
    return ChangeNote(signature.author, read_clock_ms(), signature.reason)


def read_base(if_match: str | None) -> int | None:
    """The version that a change is for, or `None` for whichever is the newest.

    Raises:
        OperatorError: 412 when it is none that there could be.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    version = if_match.strip().strip('"')
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        detail = 'If-Match holds the version as the ETag gave it, such as "3"; look at it, then send the change again'
        raise OperatorError(412, "stale_revision", detail)
    return int(version)


def tag_version(response: Response, version: int) -> None:
    """Say which version an answer shows."""
    response.headers["etag"] = f'"{version}"'


@contextmanager
def refuse_stored() -> Iterator[None]:
    """Answer what the store refuses as problem details."""
    try:
        yield
    except StaleVersion as stale:
        raise OperatorError(412, "stale_revision", str(stale)) from None
    except AlreadyThere as there:
        raise OperatorError(409, "already_exists", str(there)) from None
    except InUse as used:
        raise OperatorError(409, "in_use", str(used)) from None
    except TooMany as many:
        raise OperatorError(409, "too_many", str(many)) from None
    except UnreadableKey as unreadable:
        raise OperatorError(409, "key_unreadable", str(unreadable)) from None


def read_clock_ms() -> int:
    """The time, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000
