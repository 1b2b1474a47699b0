"""How far limits are used at a moment, for people to look at; plain values that nothing is decided by."""

from dataclasses import dataclass

from pointsman.core.limits.scopes import OnExceed, Scope
from pointsman.core.limits.windows import WindowKind


@dataclass(frozen=True, slots=True)
class WindowUse:
    """How a budget stands in the window that it is now; of a budget for every name, that of one of them.

    Attributes:
        name: of the budget.
        scope: whose spending it counts.
        window, time_zone: which windows it has.
        on_exceed: what happens beyond it.
        start_ms: the window's first millisecond since the Unix epoch; of a rolling one that of its oldest step.
        end_ms: the first one after it; of a rolling one after its latest step.
        limit_nusd: what may be spent in it.
        spent_nusd: known costs; where replicas share the budget, those of all of them as of a second ago.
        held_nusd: what calls under way in this process may cost at most.
        unknown_nusd: what was held for calls of this process whose cost nobody knows.
        granted_nusd: this process's part of what is shared, what of it is held or spent but not yet in the ledger
            included; `None` where nothing is shared.
        alert_at: shares of the limit at which to warn, in millionths, rising.
    """

    name: str
    scope: Scope
    window: WindowKind
    time_zone: str
    on_exceed: OnExceed
    start_ms: int
    end_ms: int
    limit_nusd: int
    spent_nusd: int
    held_nusd: int
    unknown_nusd: int
    granted_nusd: int | None = None
    alert_at: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RateUse:
    """How a limit of rates stands in this process; `None` where there is no such limit.

    Attributes:
        name: of the limit.
        scope: whose calls it counts.
        requests_per_minute, tokens_per_minute, concurrent: the limits.
        requests_left, tokens_left: what could be asked for at once; where replicas share the limit, of this one's part.
        calls: under way.
        places: this process's part of the calls at the same time; `None` where nothing is shared.
    """

    name: str
    scope: Scope
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent: int | None
    requests_left: int | None
    tokens_left: int | None
    calls: int
    places: int | None = None
