"""Notices what operators are to be told and tells it at least once: an outbox in between, beside all requests.

What is noticed is stored before it counts as noticed, and what is told is marked after it was told.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from pointsman.core.limits.alerts import Alert, AlertOutbox, NewAlert

_log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
FORMER_EVERY = 15
"""Looks between two that also ask about the windows of a while ago: calls may end after the window they came in."""

FORMER_MS = 300_000

DELIVER_EVERY_S = 5.0
"""Without anything new of this replica's own; there may be some of one that died."""

LEASE_MS = 60_000
MOST_AT_ONCE = 20
FIRST_WAIT_MS = 5_000
LONGEST_WAIT_MS = 900_000
TOLD_WITHIN_MS = 86_400_000

KEPT_MS = 400 * 86_400_000
MOST_KEPT = 100_000
PRUNE_EVERY_S = 3_600.0

FindAlerts = Callable[[int], Iterable[NewAlert]]
"""All that there is to tell at a time, told already or not."""


class AlertWatch:
    """Notes in the outbox what is new since the last look.

    Args:
        outbox: where it waits to be told.
        find: what there is to tell.
        on_new: called once something is noted that nobody had noted before.
    """

    def __init__(self, outbox: AlertOutbox, find: FindAlerts, on_new: Callable[[], None]) -> None:
        self._outbox = outbox
        self._find = find
        self._on_new = on_new
        self._present: frozenset[object] = frozenset()
        self._former: frozenset[object] = frozenset()

    async def look(self, now_ms: int) -> None:
        """Note what is new in the windows that it is now."""
        self._present = await self._note(now_ms, now_ms)

    async def look_back(self, now_ms: int) -> None:
        """The same for those of a while ago."""
        self._former = await self._note(now_ms - FORMER_MS, now_ms)

    async def _note(self, at_ms: int, now_ms: int) -> frozenset[object]:
        """Everything that there is to tell at a moment; only this is remembered, so that nothing grows for ever."""
        found = {each.identity: each for each in self._find(at_ms)}
        new = [each for name, each in found.items() if name not in self._present and name not in self._former]
        if new and await self._outbox.add(new, now_ms):
            self._on_new()
        return frozenset(found)


class AlertTeller:
    """Tells what waits in the outbox: to the log, and to a webhook where there is one.

    Args:
        outbox: where alerts wait.
        holder: by whom they are claimed: this process.
        write_line: tells the log; must not raise.
        call: tells the webhook and answers why it was not taken, or `""`; at once where nobody is to be told.
    """

    def __init__(
        self,
        outbox: AlertOutbox,
        holder: str,
        write_line: Callable[[Alert], None],
        call: Callable[[Alert], Awaitable[str]],
    ) -> None:
        self._outbox = outbox
        self._holder = holder
        self._write_line = write_line
        self._call = call
        self._logged: dict[int, None] = {}

    async def tell_due(self, now_ms: int) -> bool:
        """Tell what is due; answers whether there may be more."""
        due = await self._outbox.claim(self._holder, now_ms, LEASE_MS, MOST_AT_ONCE)
        await asyncio.gather(*(self._tell(alert, now_ms) for alert in due))
        return len(due) == MOST_AT_ONCE

    async def _tell(self, alert: Alert, now_ms: int) -> None:
        if alert.id not in self._logged:
            self._write_line(alert)
            self._logged[alert.id] = None
            if len(self._logged) > 50 * MOST_AT_ONCE:
                self._logged.pop(next(iter(self._logged)))
        fault = await self._call(alert)
        if not fault:
            await self._outbox.note_told(alert.id, self._holder, now_ms)
            return
        wait_ms = min(FIRST_WAIT_MS << min(alert.tries, 20), LONGEST_WAIT_MS)
        if now_ms + wait_ms > alert.raised_at_ms + TOLD_WITHIN_MS:
            _log.error("the webhook was not told of alert %d, and will not be any more: %s", alert.id, fault)
            await self._outbox.give_up(alert.id, self._holder, now_ms)
            return
        if not alert.tries:
            _log.warning("the webhook could not be told of alert %d, trying again for a day: %s", alert.id, fault)
        await self._outbox.put_off(alert.id, self._holder, now_ms + wait_ms)


class AlertDesk:
    """Both of them as tasks; a database that is away for a while delays alerts, and loses none.

    Args:
        outbox: where alerts wait.
        find: what there is to tell.
        teller: tells it.
        now_ms: the time, in milliseconds since the Unix epoch.
    """

    def __init__(self, outbox: AlertOutbox, find: FindAlerts, teller: AlertTeller, now_ms: Callable[[], int]) -> None:
        self._outbox = outbox
        self._wake = asyncio.Event()
        self._watch = AlertWatch(outbox, find, self._wake.set)
        self._teller = teller
        self._now_ms = now_ms

    async def raise_alert(self, new: NewAlert) -> None:
        """Note something that is found out elsewhere; noted twice it is told once."""
        if await self._outbox.add([new], self._now_ms()):
            self._wake.set()

    async def watch(self) -> None:
        """Look once a second, without end."""
        looks = 0
        is_failing = False
        while True:
            try:
                await self._watch.look(self._now_ms())
                if looks % FORMER_EVERY == 0:
                    await self._watch.look_back(self._now_ms())
                is_failing = False
            except Exception as error:  # What is not noted is found again by the next look.
                if not is_failing:
                    _log.error("alerts cannot be noted, trying again: %s", type(error).__name__)
                is_failing = True
            looks += 1
            await asyncio.sleep(LOOK_EVERY_S)

    async def deliver(self) -> None:
        """Tell what waits, without end."""
        is_failing = False
        while True:
            try:
                has_more = await self._teller.tell_due(self._now_ms())
                is_failing = False
            except Exception as error:  # What is not marked as told is claimed again when its lease has ended.
                if not is_failing:
                    _log.error("alerts cannot be told, trying again: %s", type(error).__name__)
                is_failing, has_more = True, False
            if has_more:
                continue
            try:
                async with asyncio.timeout(DELIVER_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                continue
            finally:
                self._wake.clear()

    async def prune(self) -> None:
        """Drop what is old, once an hour, without end."""
        while True:
            try:
                await self._outbox.prune(self._now_ms() - KEPT_MS, MOST_KEPT)
            except Exception as error:  # Old alerts are nobody's trouble: they go with the next round.
                _log.error("old alerts could not be dropped: %s", type(error).__name__)
            await asyncio.sleep(PRUNE_EVERY_S)
