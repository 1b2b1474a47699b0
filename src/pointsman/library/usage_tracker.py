"""`UsageTracker(budget_limit_usd=10.0).track(response, tags=["research"])`: what calls came to, summed exactly.

The latest calls are kept one by one, as many as `most_calls`; totals and budget count all of them.
"""

import csv
import logging
import os
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from inspect import iscoroutinefunction
from math import ceil
from pathlib import Path
from threading import Lock
from typing import TypedDict
from weakref import WeakSet

from pointsman.core.chat.money import InvalidMoney, format_usd, parse_usd
from pointsman.library.llm_response import LLMResponse
from pointsman.library.replies import Reply
from pointsman.library.sum_calls import Stats, Tally, TrackedCall, describe_stats, write_cell
from pointsman.library.tracked_call import check_zone, describe_call
from pointsman.library.tracking_switch import tracking

MOST_CALLS = 100_000
MOST_CALLBACKS = 16
USUAL_ALERTS = (0.8, 1.0)

COLUMNS = (
    "timestamp",
    "provider",
    "model",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_usd",
    "latency_ms",
    "tags",
    "request_id",
)

_log = logging.getLogger(__name__)


class BudgetStatus(TypedDict):
    """How the budget stands; dollars are exact decimals."""

    limit_usd: Decimal | None
    used_usd: Decimal
    remaining_usd: Decimal | None
    percentage_used: float
    is_over: bool
    is_complete: bool


@dataclass(frozen=True, slots=True)
class BudgetAlert:
    """A share of the budget is used up.

    Attributes:
        share: the one that was reached, such as 0.8.
        used_usd: what all calls came to.
        limit_usd: of the budget.
    """

    share: float
    used_usd: Decimal
    limit_usd: Decimal


class UsageTracker:
    """Counts calls; any number of threads may use one.

    It counts what it is told of, and stops nothing: limits that hold are `budgets` of the configuration. With
    `ENABLE_TOKEN_TRACKING=false` it counts nothing, and refuses nothing either.

    Args:
        budget_limit_usd: dollars, or `None` for no budget; a float is meant as it prints.
        on_alert: called once for each share of the budget, when it is reached; it must not wait.
        alert_at: those shares, from 0 to 1.
        most_calls: how many calls are kept one by one, for filters and export.

    Raises:
        TypeError: for a callback that cannot be called, or that would have to be awaited.
        ValueError: for a limit, a share or a number that cannot be so.
    """

    def __init__(
        self,
        budget_limit_usd: float | Decimal | str | None = None,
        *,
        on_alert: Callable[[BudgetAlert], object] | None = None,
        alert_at: Sequence[float] = USUAL_ALERTS,
        most_calls: int = MOST_CALLS,
    ) -> None:
        if most_calls < 1 or not all(0 < share <= 1 for share in alert_at):
            raise ValueError("most_calls is a whole number from 1 up, and alert_at holds shares above 0 and up to 1")
        self._limit_nusd = None if budget_limit_usd is None else _read_limit(budget_limit_usd)
        # Each share with what it comes to; as whole numbers, for the program's own decimal context may round.
        limit_nusd, shares = self._limit_nusd or 0, sorted({*alert_at})
        self._alert_at = [(share, max(1, ceil(limit_nusd * Fraction(str(share))))) for share in shares]
        self._callbacks = [_check_callback(on_alert)] if on_alert is not None else []
        self._alerted = 0
        self._lock = Lock()
        self._calls: deque[TrackedCall] = deque(maxlen=most_calls)
        self._all = Tally()
        self._forgotten_until: datetime | None = None
        _trackers.add(self)

    def track(self, response: LLMResponse | Reply, tags: Iterable[str] = (), *, at: datetime | None = None) -> None:
        """Count a call.

        Args:
            response: its answer; of a reply of `Pointsman.chat` the provider is not known.
            tags: labels to find it by, such as `user:john` and `team:search`; the call counts under each.
            at: when it was, with its time zone; by default now.

        Raises:
            TypeError: for something that is no answer, or one text in place of a list of tags.
            ValueError: for more than 64 tags, a time without its zone, or a number that cannot be so; nothing was
                counted.
        """
        if not tracking.is_on:
            return
        call = describe_call(response, tags, at)
        with self._lock:
            if len(self._calls) == self._calls.maxlen:
                forgotten = self._calls[0].at
                self._forgotten_until = max(forgotten, self._forgotten_until or forgotten)
            self._calls.append(call)
            self._all.add(call)
            alerts = self._find_alerts()
            callbacks = tuple(self._callbacks)
        for alert in alerts:
            for callback in callbacks:
                _tell(callback, alert)

    def add_alert(self, on_alert: Callable[[BudgetAlert], object]) -> None:
        """Tell one more of each share that is reached from now on.

        Raises:
            TypeError: when it cannot be called, or would have to be awaited.
            ValueError: when there are 16 already.
        """
        callback = _check_callback(on_alert)
        with self._lock:
            if len(self._callbacks) >= MOST_CALLBACKS:
                raise ValueError(f"there are {MOST_CALLBACKS} callbacks already; let one of them tell the others")
            self._callbacks.append(callback)

    def get_stats(
        self,
        provider: str | None = None,
        model: str | None = None,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> Stats:
        """Sums over all calls, or over those that fit.

        Args:
            provider: who answered.
            model: as the provider names it.
            tag: one of the call's.
            since: at this moment or later, with its time zone.
            until: before this moment, likewise.

        Returns:
            `total_calls`, `total_cost_usd` (an exact decimal), tokens, `avg_latency_ms`, `by_provider`, `by_model`,
            `by_tag`; `unknown_cost_calls` are in no sum of dollars, and `is_complete` is false where calls that might
            fit are no longer kept.
        """
        check_zone(since)
        check_zone(until)
        with self._lock:
            calls = tuple(self._calls)
            total, forgotten_until = self._all.copy(), self._forgotten_until
        fits = [call for call in calls if call.fits(provider, model, tag, since, until)]
        is_filtered = any(each is not None for each in (provider, model, tag, since, until))
        is_complete = forgotten_until is None or (since is not None and since > forgotten_until)
        return describe_stats(fits, None if is_filtered else total, is_complete=is_complete)

    def get_budget_status(self) -> BudgetStatus:
        """How the budget stands; `is_complete` is false where a call of unknown cost was counted."""
        with self._lock:
            used_nusd, unknown = self._all.cost_nusd, self._all.unknown_cost_calls
        limit_nusd = self._limit_nusd
        # Of a budget of nothing, the first cent is all.
        share = used_nusd / limit_nusd if limit_nusd else float(limit_nusd == 0 and used_nusd > 0)
        return BudgetStatus(
            limit_usd=None if limit_nusd is None else _to_usd(limit_nusd),
            used_usd=_to_usd(used_nusd),
            remaining_usd=None if limit_nusd is None else _to_usd(max(0, limit_nusd - used_nusd)),
            percentage_used=share * 100,
            is_over=limit_nusd is not None and used_nusd > limit_nusd,
            is_complete=unknown == 0,
        )

    def export_csv(self, path: str | Path) -> int:
        """Write the calls that are kept, the oldest first; a spreadsheet takes none of their texts for a formula.

        Returns:
            how many there were.
        """
        with self._lock:
            calls = tuple(self._calls)
        # Half of a character that UTF-8 cannot hold is written as an escape: it is not to cost the whole table.
        with Path(path).open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(COLUMNS)
            rows.writerows([write_cell(value) for value in call.list_values()] for call in calls)
        return len(calls)

    def reset(self) -> None:
        """Forget all calls; the budget is whole again."""
        with self._lock:
            self._calls.clear()
            self._all = Tally()
            self._forgotten_until = None
            self._alerted = 0

    def renew_lock(self) -> None:
        """In the child after a fork, where the thread that held the lock is not."""
        self._lock = Lock()

    def _find_alerts(self) -> list[BudgetAlert]:
        limit_nusd, used_nusd = self._limit_nusd, self._all.cost_nusd
        if limit_nusd is None:
            return []
        alerts: list[BudgetAlert] = []
        for share, threshold_nusd in self._alert_at[self._alerted :]:
            if used_nusd < threshold_nusd:
                break
            self._alerted += 1
            alerts.append(BudgetAlert(share, _to_usd(used_nusd), _to_usd(limit_nusd)))
        return alerts


_trackers: WeakSet[UsageTracker] = WeakSet()


def _renew_locks() -> None:
    for tracker in tuple(_trackers):
        tracker.renew_lock()


os.register_at_fork(after_in_child=_renew_locks)


def _check_callback(callback: object) -> Callable[[BudgetAlert], object]:
    if not callable(callback) or iscoroutinefunction(callback):
        raise TypeError("on_alert is a plain function that takes one BudgetAlert; nobody would await another")
    return callback


def _read_limit(limit: object) -> int:
    if isinstance(limit, str):
        return parse_usd(limit)
    if isinstance(limit, bool) or not isinstance(limit, int | float | Decimal):
        raise InvalidMoney("a budget is an amount in dollars such as 10 or 0.50, or None")
    # A float is meant as it prints: 0.1 is ten cents.
    return parse_usd(format(Decimal(str(limit)), "f"))


def _to_usd(amount_nusd: int) -> Decimal:
    return Decimal(format_usd(amount_nusd))


def _tell(callback: Callable[[BudgetAlert], object], alert: BudgetAlert) -> None:
    try:
        callback(alert)
    except Exception as error:  # It is the program's own, and must not cost it the answer that it paid for.
        _log.error("a callback of a usage tracker failed: %s", type(error).__name__)
