"""Budgets and refusals in Prometheus' form; labels are names of budgets up to a bound, and the rest is `other`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.limits.in_use import WindowUse
from pointsman.telemetry.routing_metrics import OTHER_LABEL

MOST_BUDGETS = 100

DENIALS = (
    "accounting_unavailable",
    "budget_exceeded",
    "max_cost_exceeded",
    "price_unknown",
    "rate_limit_exceeded",
)
"""Codes of the refusals that are about money and limits."""


@dataclass(frozen=True, slots=True)
class MoneyFigures:
    """How money stands at the moment of a scrape.

    Attributes:
        windows: of all budgets.
        drift_nusd: by how much budgets and ledger differ, or `None` while that was not compared.
    """

    windows: Iterable[WindowUse] = ()
    drift_nusd: int | None = None


ReadMoney = Callable[[], MoneyFigures]


def read_nothing() -> MoneyFigures:
    """Where nobody counts."""
    return MoneyFigures()


def expose_money(figures: MoneyFigures, denied: Mapping[str, int]) -> Iterator[Metric]:
    """Every family about money.

    Args:
        figures: of the moment.
        denied: requests that were refused since the start, by code.
    """
    used = GaugeMetricFamily(
        "pointsman_budget_utilisation",
        "The share of a budget that is spent; of one for each user and so on the highest.",
        labels=["budget"],
    )
    held = GaugeMetricFamily(
        "pointsman_budget_held_usd", "What calls under way may still cost, in US dollars.", labels=["budget"]
    )
    for label, (share, held_nusd) in _sum_up(figures.windows).items():
        used.add_metric([label], share)
        held.add_metric([label], held_nusd / NUSD_PER_USD)
    yield used
    yield held
    drift = GaugeMetricFamily(
        "pointsman_ledger_drift_nusd",
        "By how many nano-dollars budgets and ledger differ; anything but 0 is an alarm.",
    )
    if figures.drift_nusd is not None:
        drift.add_metric([], figures.drift_nusd)
    yield drift
    refused = CounterMetricFamily(
        "pointsman_requests_denied", "Requests that budgets or limits have refused, since the start.", labels=["reason"]
    )
    for reason in DENIALS:
        refused.add_metric([reason], denied.get(reason, 0))
    yield refused


def _sum_up(windows: Iterable[WindowUse]) -> dict[str, tuple[float, int]]:
    """For each label the highest share, and all that is held."""
    found: dict[str, tuple[float, int]] = {}
    for use in windows:
        label = use.name if use.name in found or len(found) < MOST_BUDGETS else OTHER_LABEL
        share = use.spent_nusd / use.limit_nusd if use.limit_nusd else 1.0
        highest, held_nusd = found.get(label, (0.0, 0))
        found[label] = (max(highest, share), held_nusd + use.held_nusd)
    return found
