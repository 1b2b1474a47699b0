"""Compares what budgets go by with the ledger, once a minute; what differs is told and never corrected in silence.

A difference counts when two looks one after the other find the same: between them everything on its way has arrived.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pointsman.core.limits.alerts import LEDGER_DRIFT, NewAlert
from pointsman.core.limits.drift import Compared, Comparison
from pointsman.core.limits.scopes import CostQuestion, ScopeKind
from pointsman.core.limits.windows import Span

_log = logging.getLogger(__name__)

EVERY_S = 60.0
LEAST_PAUSES = 50
"""Times what a comparison took: with millions of rows it takes seconds, and should not read all the time."""

CONFIRM_AFTER_S = 2.0
ROWS_WITHIN_S = 10.0
LOOK_AGAIN_S = 0.05

MOST_NAMES = 1_000
"""Of one kind that are compared at once, those that spent most."""


@dataclass(frozen=True, slots=True)
class Counted:
    """What budgets go by at one moment.

    Attributes:
        windows: each with what was counted; nothing is known of the ledger yet.
        last_request_id: the last request that is counted, or `None` before the first one since the start.
    """

    windows: Sequence[Compared]
    last_request_id: str | None


class LedgerSums(Protocol):
    """Where the ledger is summed up."""

    async def is_written(self, request_id: str) -> bool:
        """Whether the row of a request is stored, and with it the rows of all that were recorded before."""

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> Sequence[dict[str, int]]:
        """The known costs of each question in nano-dollars, by the name of the scope."""


class TallyComparison:
    """Compares one process's tallies with the ledger; the port `Comparison`.

    Args:
        count: gives what is counted at a time; must not wait.
        ledger: sums it up.
    """

    def __init__(self, count: Callable[[int], Counted], ledger: LedgerSums) -> None:
        self._count = count
        self._ledger = ledger

    async def compare(self, now_ms: int) -> Sequence[Compared] | None:
        """The windows of a time in which they differ; `None` while the rows of requests are late."""
        counted = self._count(now_ms)
        if not await self._await_rows(counted.last_request_id):
            return None
        groups = _group(counted.windows)
        questions = [
            CostQuestion(kind, frozenset(one.name for one in those), *span) for (kind, span), those in groups.items()
        ]
        sums = await self._ledger.sum_costs(questions, counted.last_request_id)
        return [
            replace(one, ledger_nusd=found.get(one.name, 0))
            for those, found in zip(groups.values(), sums, strict=True)
            for one in those
            if one.counted_nusd != found.get(one.name, 0)
        ]

    async def _await_rows(self, last_request_id: str | None) -> bool:
        if last_request_id is None:
            return True
        due_s = time.monotonic() + ROWS_WITHIN_S
        while not await self._ledger.is_written(last_request_id):
            if time.monotonic() > due_s:
                return False
            await asyncio.sleep(LOOK_AGAIN_S)
        return True


def _group(windows: Sequence[Compared]) -> dict[tuple[ScopeKind, Span], list[Compared]]:
    """Windows of one kind and span together, as they are asked for; those that spent most, where there are many."""
    groups: defaultdict[tuple[ScopeKind, Span], dict[object, Compared]] = defaultdict(dict)
    for one in windows:
        groups[one.kind, (one.start_ms, one.end_ms)][one.name, one.window, one.time_zone] = one
    return {
        asked: sorted(those.values(), key=lambda one: -one.counted_nusd)[:MOST_NAMES] for asked, those in groups.items()
    }


class Reconciler:
    """Compares again and again, and tells what differs.

    Attributes:
        drift_nusd: by how much the windows differ, added up, or `None` while nothing was compared.
    """

    def __init__(
        self,
        comparison: Comparison,
        raise_alert: Callable[[NewAlert], Awaitable[None]],
        now_ms: Callable[[], int],
        confirm_after_s: float = CONFIRM_AFTER_S,
    ) -> None:
        """Begin without having compared anything.

        Args:
            comparison: of both countings.
            raise_alert: tells operators.
            now_ms: the time, in milliseconds since the Unix epoch.
            confirm_after_s: how long after the first look the second one follows.
        """
        self.drift_nusd: int | None = None
        self._comparison = comparison
        self._raise_alert = raise_alert
        self._now_ms = now_ms
        self._confirm_after_s = confirm_after_s

    async def reconcile(self) -> Sequence[Compared]:
        """Compare once; answers the windows that differ for sure, after they were told."""
        first = await self._comparison.compare(self._now_ms())
        if first is None:
            return ()
        confirmed: Sequence[Compared] = ()
        if first:
            await asyncio.sleep(self._confirm_after_s)
            known = {_identify(one) for one in first}
            second = await self._comparison.compare(self._now_ms())
            if second is None:
                return ()
            confirmed = [one for one in second if _identify(one) in known]
        self.drift_nusd = sum(abs(one.drift_nusd) for one in confirmed)
        if confirmed:
            named = ", ".join(f"{_write_scope(one)} per {one.window} by {one.drift_nusd} nUSD" for one in confirmed[:5])
            _log.error("budgets and ledger differ in %d windows (%s); nothing was corrected", len(confirmed), named)
            for one in confirmed[:MOST_NAMES]:
                await self._raise_alert(_write_alert(one))
        return confirmed

    async def run(self) -> None:
        """Compare once a minute, or less often where it takes long, without end."""
        pause_s = EVERY_S
        while True:
            await asyncio.sleep(pause_s)
            began_s = time.monotonic()
            try:
                await self.reconcile()
            except Exception as error:  # The database may be away for a while; the next round compares all of it.
                _log.error("budgets cannot be compared with the ledger, trying again: %s", type(error).__name__)
            pause_s = max(EVERY_S, LEAST_PAUSES * (time.monotonic() - began_s - self._confirm_after_s))


def _identify(one: Compared) -> object:
    return (one.kind, one.name, one.window, one.time_zone, one.end_ms, one.drift_nusd)


def _write_scope(one: Compared) -> str:
    return f"{one.kind}:{one.name}" if one.name else one.kind


def _write_alert(one: Compared) -> NewAlert:
    return NewAlert(
        kind=LEDGER_DRIFT,
        budget="",
        scope=_write_scope(one),
        window=one.window,
        time_zone=one.time_zone,
        on_exceed="",
        start_ms=one.start_ms,
        end_ms=one.end_ms,
        share=0,
        limit_nusd=one.ledger_nusd,
        spent_nusd=one.counted_nusd,
    )
