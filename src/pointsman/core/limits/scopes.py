"""Whose spending a budget counts, and how one asks a store what was spent; a scope is written `kind:name`."""

from dataclasses import dataclass
from typing import Literal

ScopeKind = Literal[
    "total", "cloud", "provider", "model", "agent", "interaction", "team", "user", "key", "tag", "session"
]

Scope = tuple[ScopeKind, str]
"""Kind and name; the name is `""` for `total` and `cloud`."""

OnExceed = Literal["deny", "local_only", "budget_mode", "cheaper", "alert"]
"""What happens to requests beyond a budget."""

NARROWEST_FIRST: tuple[ScopeKind, ...] = (
    "session",
    "user",
    "key",
    "team",
    "agent",
    "interaction",
    "tag",
    "model",
    "provider",
    "cloud",
    "total",
)


EACH = "*"
"""Stands for every name by itself in a scope such as `user:*`."""

KINDS_FOR_EACH: tuple[ScopeKind, ...] = ("user", "key", "team", "session", "agent")
"""Kinds of scopes that a limit may be written for each of."""


@dataclass(frozen=True, slots=True)
class CostQuestion:
    """What was spent in some scopes of one kind, in one window.

    Attributes:
        kind: of the scopes.
        names: of the scopes; `""` for `total` and `cloud`; `None` for all names of the kind but `""`.
        since_ms: the window's first millisecond since the Unix epoch; the time of arrival is what counts.
        until_ms: the first one after it.
        most_names: how many names are answered at most, those that spent most first; `None` for all.
    """

    kind: ScopeKind
    names: frozenset[str] | None
    since_ms: int
    until_ms: int
    most_names: int | None = None


def read_scope(text: str) -> Scope | None:
    """A scope as documents write it, such as `cloud` or `agent:writer`; `None` when it is none."""
    kind, colon, name = text.partition(":")
    for known in NARROWEST_FIRST:
        if known == kind:
            return (known, name) if bool(colon) == bool(name) == (known not in ("total", "cloud")) else None
    return None
