"""What a request asks of the limits before its first byte goes out, and what they answer; all amounts are integers."""

from typing import Literal, Protocol

import msgspec

from pointsman.core.limits.payers import Payer
from pointsman.core.limits.rate_view import RateView
from pointsman.core.limits.scopes import OnExceed, Scope, ScopeKind

ShortOf = Literal["money", "price", "requests", "tokens", "concurrency", "store", "names"]
"""What is short: money under a budget; a price, which a hard budget needs to know; requests or tokens of a minute;
calls at the same time; the store that shares a limit between replicas, which does not answer; or room for another
name, because a limit for each user (team, key and so on) counts as many of them as it can already."""


class Place(msgspec.Struct, frozen=True):
    """Where a call goes, as far as limits count it."""

    model: str
    provider: str
    location: Literal["local", "cloud"]


class Claim(msgspec.Struct, frozen=True):
    """One call that wants to be made.

    Attributes:
        payer: whose it is.
        place: where it would go.
        at_ms: when its request arrived, in milliseconds since the Unix epoch: the windows that it counts in.
        spent_nusd: what the earlier calls of the same request have cost, or may have.
        most_nusd: what this call may cost at most, or `None` when its price is unknown.
        tokens: what it may use at most, prompt and answer together.
    """

    payer: Payer
    place: Place
    at_ms: int
    spent_nusd: int
    most_nusd: int | None
    tokens: int


class Shortage(msgspec.Struct, frozen=True):
    """Why a call may not be made now.

    Attributes:
        of: what is short.
        name: of the budget or limit, as people call it.
        scope: whose it is, such as `team:alpha` or `total`.
        window: its window, such as `month`; `"minute"` for rates, `""` for concurrency.
        limit: nano-dollars, requests, tokens or calls.
        left: of it, at the time.
        retry_after_s: when it makes sense to ask again, or `None` when nobody knows or that is more than a day off.
        on_exceed: what the budget wants done; limits other than money always deny.
        is_of_place: whether another model could still serve: the limit is one of the model, its provider or the cloud.
        can_wait: whether `Limits.fetch` may help: the limit is shared, and this replica's part of it is used up.
    """

    of: ShortOf
    name: str
    scope: str
    window: str
    limit: int
    left: int
    retry_after_s: float | None
    on_exceed: OnExceed = "deny"
    is_of_place: bool = False
    can_wait: bool = False


class Hold(Protocol):
    """What a request has been given of every limit that applies to it; kept by the request until it ends."""

    @property
    def most_nusd(self) -> int | None:
        """What all of its calls together may cost, earlier ones included, or `None` where no hard budget applies."""


class Limits(Protocol):
    """The limits of one replica; belongs to its event loop. Nothing here waits but `fetch`."""

    @property
    def has_any(self) -> bool:
        """Whether there are any limits at all; where there are none nothing else needs to be asked."""

    @property
    def has_other_budgets(self) -> bool:
        """Whether there are budgets that no document has, such as those of keys."""

    def hold(self, claim: Claim, former: Hold | None = None) -> Hold | Shortage | None:
        """Take what a call needs of every limit that applies to it, all or nothing.

        Args:
            claim: the call.
            former: what the request holds already, for a call before this one; it is raised to what this one needs and
                given back again when that does not fit.

        Returns:
            `None` when no limit applies at all.
        """

    async def fetch(self, claim: Claim, shortage: Shortage) -> bool:
        """Ask the store for a larger part of what is short, within a deadline; whether `hold` is worth another try."""

    def release(self, hold: Hold, cost_nusd: int | None, tokens: int, known_nusd: int = 0) -> None:
        """End a hold. What it cost is counted by whoever records the request, at the same moment.

        Args:
            hold: of a request that has ended; a second release does nothing.
            cost_nusd: what all its calls came to, or `None` where nobody knows: then the rest of what was held stays
                counted until the window ends, because unknown is not nothing.
            tokens: what they used.
            known_nusd: in the latter case, what those calls came to whose cost is known.
        """

    def describe(self, payer: Payer, place: Place, at_ms: int) -> RateView | None:
        """The rates that a call counts in, as they stand now, for its answer; `None` where there are none."""


def list_scopes(payer: Payer, place: Place) -> list[Scope]:
    """Every scope that a call counts for, the narrowest first."""
    named: tuple[tuple[ScopeKind, str | None], ...] = (
        ("session", payer.session),
        ("user", payer.user),
        ("key", payer.key_id),
        ("team", payer.team),
        ("agent", payer.agent),
        ("interaction", payer.interaction),
    )
    scopes: list[Scope] = [(kind, name) for kind, name in named if name]
    scopes += [("tag", tag) for tag in sorted(set(payer.tags))]
    scopes += [("model", place.model), ("provider", place.provider)]
    if place.location == "cloud":
        scopes.append(("cloud", ""))
    scopes.append(("total", ""))
    return scopes
