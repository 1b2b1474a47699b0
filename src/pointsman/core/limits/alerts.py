"""What operators are told of, once each: a budget that has reached a share of its limit, or books that do not agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

AlertKind = Literal["budget_threshold_warnings", "ledger_drift"]
"""The first as `alerts.on` calls it; the second is told wherever anything is, because it must never happen."""

LEDGER_DRIFT: AlertKind = "ledger_drift"
BUDGET_WARNING: AlertKind = "budget_threshold_warnings"


@dataclass(frozen=True, slots=True)
class NewAlert:
    """Something to tell.

    Attributes:
        kind: of what.
        budget: as people call it.
        scope: whose it is, such as `team:alpha` or `total`.
        window: its window, such as `month`.
        time_zone: by whose clock.
        on_exceed: what the budget wants done at its end; `""` where there is none.
        start_ms: the window's first millisecond since the Unix epoch.
        end_ms: the first one after it.
        share: that was reached, in millionths of the limit; 0 for books that do not agree.
        limit_nusd: the limit; for books that do not agree what the ledger has.
        spent_nusd: what was spent when it was noticed; for such books what was counted beside the ledger.
    """

    kind: AlertKind
    budget: str
    scope: str
    window: str
    time_zone: str
    on_exceed: str
    start_ms: int
    end_ms: int
    share: int
    limit_nusd: int
    spent_nusd: int

    @property
    def identity(self) -> tuple[str, str, str, str, str, str, int, int]:
        """What no two alerts have in common: the same share of the same window is told of once."""
        return (
            self.kind,
            self.budget,
            self.scope,
            self.window,
            self.time_zone,
            self.on_exceed,
            self.start_ms,
            self.share,
        )


@dataclass(frozen=True, slots=True)
class Alert:
    """One that is stored.

    Attributes:
        id: rises with each.
        what: that it tells.
        raised_at_ms: when it was noticed, in milliseconds since the Unix epoch.
        told_at_ms: when it was told, or `None` while it is not.
        given_up_at_ms: when telling it was given up, or `None`.
        tries: how often that was tried.
        acknowledged_at_ms: when somebody said that they have seen it, or `None`.
        acknowledged_by: who; `""` while nobody has.
    """

    id: int
    what: NewAlert
    raised_at_ms: int
    told_at_ms: int | None = None
    given_up_at_ms: int | None = None
    tries: int = 0
    acknowledged_at_ms: int | None = None
    acknowledged_by: str = ""


class AlertOutbox(Protocol):
    """Where alerts wait until they are told; whoever claims one tells it, and again when it dies in between."""

    async def add(self, alerts: Sequence[NewAlert], now_ms: int) -> int:
        """Note some; those that are there already stay as they are. Answers how many were new."""

    async def claim(self, holder: str, now_ms: int, lease_ms: int, most: int) -> Sequence[Alert]:
        """Some that are due, the oldest first; until the lease ends nobody else is given them."""

    async def note_told(self, alert_id: int, holder: str, now_ms: int) -> None:
        """One was told."""

    async def put_off(self, alert_id: int, holder: str, again_at_ms: int) -> None:
        """One could not be told; it is due again later."""

    async def give_up(self, alert_id: int, holder: str, now_ms: int) -> None:
        """One will not be told any more."""

    async def prune(self, before_ms: int, most: int) -> None:
        """Drop those that were raised before a time, and the oldest where there are more than so many."""


def find_reached(spent_nusd: int, limit_nusd: int, alert_at: Sequence[int]) -> list[int]:
    """Which shares, in millionths, spending has reached; a limit of nothing is reached by the first nano-dollar.

    Args:
        spent_nusd: so far.
        limit_nusd: of the budget.
        alert_at: shares to warn at.
    """
    if spent_nusd <= 0:
        return []
    return [share for share in alert_at if spent_nusd * 1_000_000 >= limit_nusd * share]
