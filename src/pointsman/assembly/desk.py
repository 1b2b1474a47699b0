"""What operators are told beside all requests: budgets that near their end, and books that do not agree."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import msgspec

from pointsman.assembly.books import Books, now_ms
from pointsman.control.alerts import AlertDesk, AlertTeller
from pointsman.control.budget_rows import count_windows, find_warnings
from pointsman.control.reconcile import Counted, Reconciler, TallyComparison
from pointsman.control.spending import Spending
from pointsman.core.limits.alert_texts import view_alert, write_message
from pointsman.core.limits.alerts import BUDGET_WARNING, Alert, NewAlert
from pointsman.core.limits.drift import Comparison
from pointsman.core.ports import Secrets
from pointsman.storage.alerts_store import AlertsStore
from pointsman.storage.database import Database
from pointsman.storage.spending_reader import SpendingReader
from pointsman.storage.window_sums import SharedWindowComparison
from pointsman.telemetry.log_lines import Event
from pointsman.telemetry.money_exposition import MoneyFigures
from pointsman.upstream.webhook import tell_webhook

WEBHOOK_S = 5.0


@dataclass(frozen=True, slots=True)
class Desk:
    """Who tells operators.

    Attributes:
        spending: what was spent.
        alerts: those that were raised.
        teller: notices and tells them.
        reconciler: compares budgets with the ledger.
    """

    spending: Spending
    alerts: AlertsStore
    teller: AlertDesk
    reconciler: Reconciler

    def read_money(self) -> MoneyFigures:
        """How money stands now."""
        return MoneyFigures(self.spending.list_windows(now_ms()), self.reconciler.drift_nusd)


def open_desk(database: Database, books: Books, revealing: Secrets) -> Desk:
    """Wire everything; `tell_operators` sets it going."""
    alerts, spending = AlertsStore(database), books.spending
    holder = f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"
    webhook = _Webhook(books, revealing)
    teller = AlertTeller(alerts, holder, webhook.write_line, webhook.call)

    def find(at_ms: int) -> list[NewAlert]:
        return list(find_warnings(spending.list_warned(at_ms)))

    desk = AlertDesk(alerts, find, teller, now_ms)
    return Desk(spending, alerts, desk, Reconciler(_choose_comparison(database, spending), desk.raise_alert, now_ms))


@asynccontextmanager
async def tell_operators(desk: Desk) -> AsyncIterator[None]:
    """Notice, tell and compare until it ends."""
    tasks = [
        asyncio.create_task(desk.teller.watch(), name="notice what operators are to be told"),
        asyncio.create_task(desk.teller.deliver(), name="tell operators"),
        asyncio.create_task(desk.teller.prune(), name="drop old alerts"),
        asyncio.create_task(desk.reconciler.run(), name="compare budgets with the ledger"),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


def _choose_comparison(database: Database, spending: Spending) -> Comparison:
    if database.dialect == "postgresql":
        return SharedWindowComparison(database)

    def count(at_ms: int) -> Counted:
        return count_windows(spending.list_windows(at_ms), spending.last_request_id)

    return TallyComparison(count, SpendingReader(database))


class _Webhook:
    """Tells the log, and the URL that the configuration in force refers to."""

    def __init__(self, books: Books, revealing: Secrets) -> None:
        self._books = books
        self._revealing = revealing

    def write_line(self, alert: Alert) -> None:
        """One line in the log."""
        what, is_warning = alert.what, alert.what.kind == BUDGET_WARNING
        name: str = "budget_warning" if is_warning else "ledger_drift"
        self._books.log.event(Event(name, "warning" if is_warning else "error", write_message(what), code=what.kind))

    async def call(self, alert: Alert) -> str:
        """Why it was not taken, or `""`: also where nobody is to be told."""
        snapshot = self._books.current.snapshot
        reference = snapshot.settings.alert_webhook
        if reference is None or (alert.what.kind == BUDGET_WARNING and not snapshot.settings.tells_budgets):
            return ""
        url = self._revealing.reveal(reference)
        if not url:
            return f"{reference} is not set"
        view = view_alert(alert)
        # What chat programs take for the text of a message.
        body = msgspec.json.encode(view | {"text": view["message"]})
        return (await tell_webhook(url, body, WEBHOOK_S)).fault
