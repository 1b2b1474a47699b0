"""What limits must do, as simply as it can be said: sums over lists, computed anew each time."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pointsman.core.limits.claims import Claim, Place
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.windows import WindowKind, find_length, find_window

Account = tuple[str, str, WindowKind]
Key = tuple[Account, int]
"""An account and the first millisecond of a window or step."""

HARD: dict[tuple[str, str, WindowKind], str] = {
    ("total", "", "day"): "deny",
    ("team", "red", "hour"): "deny",
    ("user", "*", "rolling_hour"): "deny",
    ("model", "gpt", "hour"): "deny",
    ("cloud", "", "day"): "local_only",
}
SOFT = {("total", "", "hour"): "alert"}


@dataclass(eq=False)
class Request:
    """One that is under way: place, most and cost of its calls that have ended, and what it holds where."""

    claim: Claim
    calls: list[tuple[Place, int, int | None]] = field(default_factory=list)
    holds: dict[Key, int] = field(default_factory=dict)

    @property
    def may_have_cost(self) -> int:
        return sum(most if cost is None else cost for _, most, cost in self.calls)


@dataclass
class Reference:
    """Requests under way and those that have ended."""

    limits: dict[tuple[str, str, WindowKind], int]
    open: list[Request] = field(default_factory=list)
    spent: list[tuple[Key, int]] = field(default_factory=list)
    unknown: list[tuple[Key, int]] = field(default_factory=list)

    def list_accounts(self, payer: Payer, place: Place, *, with_soft: bool = False) -> Iterator[tuple[Account, int]]:
        """The accounts that a call counts in, with their limits."""
        names = {"total": "", "team": payer.team, "user": payer.user, "model": place.model}
        names["cloud"] = "" if place.location == "cloud" else None
        for kind, name, window in (*HARD, *(SOFT if with_soft else ())):
            mine = names[kind]
            if mine is not None and name in (mine, "*"):
                yield (kind, mine, window), self.limits[kind, name, window]

    def hold(self, claim: Claim, former: Request | None) -> Request | None:
        """Admit a call or not."""
        accounts = list(self.list_accounts(claim.payer, claim.place))
        amount = claim.spent_nusd + (claim.most_nusd or 0)
        own = former.holds if former else {}
        for account, limit in accounts:
            key = find_key(account, claim.at_ms)
            if claim.most_nusd is None or self.use(account, claim.at_ms) - own.get(key, 0) + amount > limit:
                return None
        request = former or Request(claim)
        holds = {key: min(was, claim.spent_nusd) for key, was in request.holds.items()}
        request.claim, request.holds = claim, holds | {find_key(one, claim.at_ms): amount for one, _ in accounts}
        if request not in self.open:
            self.open.append(request)
        return request

    def finish(self, request: Request) -> None:
        """End a request whose calls have all ended."""
        self.open.remove(request)
        for place, _, cost in request.calls:
            for account, _ in self.list_accounts(request.claim.payer, place, with_soft=True):
                self.spent.append((find_key(account, request.claim.at_ms), cost or 0))
        if any(cost is None for _, _, cost in request.calls):
            known = sum(cost or 0 for _, _, cost in request.calls)
            current = [account for account, _ in self.list_accounts(request.claim.payer, request.claim.place)]
            for key, amount in request.holds.items():
                self.unknown.append((key, max(0, amount - known) if key[0] in current else amount))

    def read(self, key: Key) -> tuple[int, int, int]:
        """What is spent, held and unknown in one window."""
        held = sum(request.holds.get(key, 0) for request in self.open)
        return sum(n for k, n in self.spent if k == key), held, sum(n for k, n in self.unknown if k == key)

    def use(self, account: Account, at_ms: int) -> int:
        """All that counts for a call of a moment: of rolling windows, in whichever window around it."""
        start_ms, length_ms = find_key(account, at_ms)[1], find_length(account[2])
        held = [entry for request in self.open for entry in request.holds.items()]
        entries = (*self.spent, *self.unknown, *held)
        return sum(n for (one, ms), n in entries if one == account and abs(ms - start_ms) <= length_ms)


def find_key(account: Account, at_ms: int) -> Key:
    return account, find_window(at_ms, account[2], "UTC")[0]
