"""The keys of who is told of what: shares at which a budget warns, and where the webhook's URL stands."""

import asyncio
from collections.abc import Mapping, Sequence

from key_pairs import ABSENT, Pair
from observations import Document, compile_document, settings

from pointsman.control.budget_rows import find_warnings
from pointsman.control.spending import Spending
from pointsman.core.limits.scopes import CostQuestion


class SixSpent:
    """Stands for a ledger in which everything has cost six dollars so far."""

    async def is_written(self, request_id: str) -> bool:
        return True

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> list[Mapping[str, int]]:
        return [dict.fromkeys(question.names or (), 6 * 10**9) for question in questions]


def warned(document: Document) -> object:
    """The shares that a budget of ten dollars warns of when six are spent."""
    spending = Spending(SixSpent())
    asyncio.run(spending.follow(compile_document(document), 0))
    return [each.share for each in find_warnings(spending.list_warned(0))]


WEBHOOK = "alerts.webhook"
TOLD = {f"{WEBHOOK}.env": "POINTSMAN_ALERTS_URL"}
ALERTS = (
    Pair(
        "budgets[].alert_at",
        ["50%", "80%"],
        ["60%"],
        warned,
        {"budgets[].scope": "total", "budgets[].window": "day", "budgets[].limit": "10"},
    ),
    Pair("alerts.on", ["budget_threshold_warnings"], ["provider_outage_notifications"], settings, TOLD),
    Pair(f"{WEBHOOK}.env", ABSENT, "POINTSMAN_ALERTS_URL", settings),
    Pair(f"{WEBHOOK}.file", ABSENT, "/run/secrets/alerts", settings),
)
