"""What money asks of the outside: a journal on this machine's disk, and a store that shares limits between replicas."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from pointsman.core.limits.scopes import ScopeKind
from pointsman.core.limits.windows import WindowKind
from pointsman.core.routing.admitted import Admitted
from pointsman.core.routing.outcome import Outcome

AccountId = tuple[ScopeKind, str, WindowKind, str]
"""Kind and name of a scope, window and time zone: what is counted together."""


class Journal(Protocol):
    """Notes each call on this machine's disk before it matters; what it has noted survives `kill -9`.

    All its methods are called on the event loop and return at once: each is one write into the page cache.
    """

    @property
    def is_full(self) -> bool:
        """Whether no further request may be admitted, because nothing could be noted of it."""

    def admit(self, admitted: Admitted) -> None:
        """A call is about to be made; noted before anything of it goes out.

        Raises:
            OSError: when it cannot be noted; the call must not be made then.
        """

    def note_sent(self, request_id: str, attempt: int) -> None:
        """The first byte of a call goes out. Failures are logged, not raised."""

    def note_progress(self, request_id: str, attempt: int, content_bytes: int) -> None:
        """What has come of an answer so far, once a second for those under way. Failures are logged, not raised."""

    def settle(self, outcome: Outcome) -> None:
        """A request has ended; noted before the last byte goes to its client. Failures are logged, not raised."""

    def forget(self, request_ids: Sequence[str]) -> None:
        """These requests are in the ledger for good."""


Unit = Literal["nusd", "requests", "tokens", "calls"]


@dataclass(frozen=True, slots=True)
class Share:
    """What a replica wants of one limit, or gives back.

    Attributes:
        account: whose limit.
        start_ms: the window that the amount is for, by its first millisecond since the Unix epoch; of a rolling limit
            the step.
        end_ms: the first one after it.
        since_ms: the first window that counts together with it; `start_ms` itself unless the limit is a rolling one,
            all of whose steps are of the same length.
        limit: what all replicas may use of it together.
        least: without so much the rest is of no use.
        wish: what would be welcome.
    """

    account: AccountId
    start_ms: int
    end_ms: int
    since_ms: int
    limit: int
    least: int
    wish: int


@dataclass(frozen=True, slots=True)
class WindowState:
    """How a shared window stands; of a rolling limit all steps that count together.

    Attributes:
        spent: what is in the ledger.
        shared_out: what replicas hold of it, this one included.
    """

    spent: int
    shared_out: int


@dataclass(frozen=True, slots=True)
class Granted:
    """What came of a wish.

    Attributes:
        amount: what the replica has been given on top of what it had; 0 when not even `least` was left.
        state: how the window stands now.
    """

    amount: int
    state: WindowState


@dataclass(frozen=True, slots=True)
class Spent:
    """What a window has come to by a transaction of the ledger.

    Attributes:
        account: whose window.
        start_ms: its first millisecond since the Unix epoch.
        end_ms: the first one after it.
        spent: what the ledger holds for it.
        version: grows with each change, so that an older figure never replaces a newer one.
        taken: what was spent from this replica's own part.
    """

    account: AccountId
    start_ms: int
    end_ms: int
    spent: int
    version: int
    taken: int = 0


class AllowanceStore(Protocol):
    """Where replicas share limits. Spending moves from a replica's part to `spent` in the ledger's own transaction.

    Every method has a deadline of its own and raises `StoreUnavailable` beyond it. One that fails so may have given
    parts all the same: the store takes those back by itself, so whoever asked counts nothing as given.
    """

    async def acquire(self, wishes: Sequence[Share]) -> Sequence[Granted]:
        """Take parts of several windows; each wish is granted or not by itself, all in one round trip.

        A window that the store does not know yet is opened with what the ledger has for it.
        """

    async def give_back(self, parts: Mapping[tuple[AccountId, int], int]) -> None:
        """Give back what is not needed, by account and the window's first millisecond.

        It is given back whether or not the store answers: it must not be spent after this was called.
        """

    async def read(self, windows: Sequence[Share]) -> Sequence[WindowState]:
        """How windows stand; `least` and `wish` are not looked at. Unknown ones are opened as by `acquire`."""

    async def renew(self) -> bool:
        """Prolong this replica's lease, each quarter of it.

        A lease that had ended begins again and all parts are still there, for those of a replica that is not heard of
        stay counted. False when an operator has had the replica forgotten: then all its parts are gone, whoever holds
        them in memory drops them, and the replica joins anew.
        """

    async def note_spent(self, windows: Sequence[Spent]) -> None:
        """A transaction of the ledger that moved spending is committed; not raised when the store does not answer."""

    async def take_rates(self, wishes: Sequence["RateWish"]) -> Sequence["RateGrant"]:
        """Take permits of rates, or places among calls at the same time; each wish by itself."""

    async def return_permits(self, wish: "RateWish", permits: int, stamp: int) -> None:
        """Give back permits that were not used, as far as the rate has not earned them back by itself in the meantime.

        Args:
            wish: what they were taken by.
            permits: how many; a negative number says how many more were used than taken.
            stamp: that of their grant.
        """

    async def return_places(self, name: str, places: int) -> None:
        """Give back places among calls at the same time."""


@dataclass(frozen=True, slots=True)
class RateWish:
    """Permits of one rate.

    Attributes:
        name: of the limit; the same in all replicas.
        unit: `requests` or `tokens` of a minute, or `calls` at the same time.
        limit: per minute, or at the same time; at least 1.
        least: without so much the rest is of no use; what is more than the rate's burst is never there
            (`core.limits.shared_rates.find_burst`).
        wish: what would be welcome; not less than `least`.
    """

    name: str
    unit: Unit
    limit: int
    least: int
    wish: int


@dataclass(frozen=True, slots=True)
class RateGrant:
    """What came of it.

    Attributes:
        permits: how many were given.
        valid_ms: how long they may be used, from before the store was asked; of places: as long as the lease is
            renewed.
        retry_after_ms: when `least` will be there, if it is not now; 0 for places, which nobody can foresee.
        stamp: to be named when some are given back.
    """

    permits: int
    valid_ms: int
    retry_after_ms: int = 0
    stamp: int = 0


class StoreUnavailable(Exception):
    """The shared store does not answer, or not in time; the message says what to do."""


class ReplicaForgotten(StoreUnavailable):
    """The store knows this replica no more: it drops the parts that it holds, and joins anew."""
