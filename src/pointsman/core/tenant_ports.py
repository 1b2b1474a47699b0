"""Who pays, as the outside keeps it: teams and users, and what a change of them or of a key carries and may meet."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pointsman.core.routing.key_policy import NO_TERMS, TenantTerms

TenantKind = Literal["team", "user"]

MOST_KEYS = 10_000
"""Live keys at the same time."""

MOST_TENANTS = 10_000
"""Teams, and as many users."""

MOST_FORMER = 4
"""Earlier texts of a key that still open something."""


@dataclass(frozen=True, slots=True)
class FormerKey:
    """An earlier text of a key.

    Attributes:
        digest: HMAC-SHA-256 of it under the pepper.
        pepper_id: which pepper.
        ends_at_ms: from when on it opens nothing, in milliseconds since the Unix epoch.
    """

    digest: bytes = field(repr=False)
    pepper_id: str
    ends_at_ms: int


@dataclass(frozen=True, slots=True)
class ChangeNote:
    """Who changes something, when and why; kept in the audit with the change itself."""

    author: str
    at_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tenant:
    """A team or a user.

    Attributes:
        kind: which of them.
        id: what keys, budgets and usage call it.
        name: what people call it; `""` when nobody said.
        created_at_ms: in milliseconds since the Unix epoch.
        terms: what holds for all of its keys; `UNREADABLE_TERMS` where what is stored of them is none.
        team: the id of a user's team, `""` when there is none.
        disabled: whether its keys open nothing for now.
        version: 1 for a new one, and one more with each change.
    """

    kind: TenantKind
    id: str
    name: str
    created_at_ms: int
    terms: TenantTerms = NO_TERMS
    team: str = ""
    disabled: bool = False
    version: int = 1


class StaleVersion(Exception):
    """A change was made to another version than the newest; nothing was stored.

    Attributes:
        current: the newest version.
    """

    def __init__(self, current: int) -> None:
        super().__init__(f"version {current} is the newest one: look at it, then send the change again with it")
        self.current = current


class AlreadyThere(Exception):
    """There is one of this id; nothing was stored."""


class InUse(Exception):
    """Something live still names it; nothing was stored. The message says what to do."""


class TooMany(Exception):
    """As many as may be are there already; nothing was stored. The message says what to do."""


class TenantStore(Protocol):
    """Where teams and users survive a restart; each change comes with its audit row."""

    async def insert(self, tenant: Tenant, note: ChangeNote) -> None:
        """Store a new one.

        Raises:
            AlreadyThere: when there is one of its kind and id.
            TooMany: when there are `MOST_TENANTS` of its kind.
            ValueError: when its terms could not be read again.
        """

    async def update(
        self, kind: TenantKind, id: str, change: Callable[[Tenant], Tenant], note: ChangeNote, base: int | None = None
    ) -> Tenant | None:
        """Change one; `None` when there is none. `base` is the version that the change is for, `None` for any.

        Raises:
            StaleVersion: when `base` is not the newest version.
            ValueError: when its terms could not be read again.
        """

    async def delete(self, kind: TenantKind, id: str, note: ChangeNote, base: int | None = None) -> bool:
        """Remove one; false when there is none.

        Raises:
            InUse: when a live key, or a user, names it.
            StaleVersion: when `base` is not the newest version.
        """

    async def list_all(self) -> Sequence[Tenant]:
        """Teams and users, by kind and id."""


class ChangeCounters(Protocol):
    """Counts the changes of what replicas keep in memory."""

    async def read_counters(self) -> Mapping[str, int]:
        """How often each resource was changed, as one state of the store has it."""
