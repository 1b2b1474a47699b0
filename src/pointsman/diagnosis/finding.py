"""What a look at one thing came to; everything but a good or a skipped one says what to do next."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["good", "warning", "wrong", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found.

    Attributes:
        check: what was looked at, such as `database`.
        status: `wrong` keeps something from working or is unsafe, `warning` may, `skipped` could not be told.
        message: what there is, as a sentence without its full stop.
        next: what to do about it, or `None`.
    """

    check: str
    status: Status
    message: str
    next: str | None = None


def good(check: str, message: str, next: str | None = None) -> Finding:
    """Something is as it should be; `next` may tell of an improvement."""
    return Finding(check, "good", message, next)


def warn(check: str, message: str, next: str) -> Finding:
    """Something works, and may not be what is wanted."""
    return Finding(check, "warning", message, next)


def wrong(check: str, message: str, next: str) -> Finding:
    """Something does not work, or is unsafe."""
    return Finding(check, "wrong", message, next)


def skip(check: str, message: str, next: str | None = None) -> Finding:
    """Something could not be looked at, or does not concern this installation."""
    return Finding(check, "skipped", message, next)


def list_names(names: list[str], most: int = 5) -> str:
    """The first few names in a row, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
