"""Routing's metrics in Prometheus' form, under exactly the names that seed 001 lists.

The library appends `_total` to whatever it is told is a counter. Three of the names count without it, so they are
exposed without a type: a scrape finds them as they are, and `rate()` does not ask for a type.
"""

from collections.abc import Iterator, Mapping
from itertools import accumulate

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    UnknownMetricFamily,
)

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.telemetry.metrics import AgentTally
from pointsman.telemetry.routing_metrics import BOUNDS_MS, Counts, ModelTally, RoutingMetrics

_BOUNDS = (*(str(bound / 1_000) for bound in BOUNDS_MS), "+Inf")


def expose_routing(routing: RoutingMetrics, tallies: Mapping[str, AgentTally], now_ms: int) -> Iterator[Metric]:
    """Every family about routing.

    Args:
        routing: what was counted.
        tallies: by the label of the agent.
        now_ms: the time, in milliseconds since the Unix epoch; it says which day today is.
    """
    yield _usage(routing.models)
    yield _count(
        "routing_decisions_per_strategy",
        "Requests by what settled their model: a strategy's name, or the kind of thing, since the start.",
        "strategy",
        routing.decisions,
    )
    yield _costs_of_today(tallies, now_ms)
    yield _performance(routing.models)
    yield from _fallbacks(tallies)
    yield _count(
        "privacy_rule_activations",
        "Requests that had to stay local, by the rule or the kind of thing that said so, since the start.",
        "rule",
        routing.kept_local,
    )
    yield CounterMetricFamily(
        "pointsman_rule_failures", "Conditions of rules that could not be asked.", value=routing.rule_failures
    )


def _usage(models: Mapping[str, ModelTally]) -> Metric:
    family = UnknownMetricFamily(
        "model_usage_by_agent", "Requests that a model has answered, since the start.", labels=["agent", "model"]
    )
    for model, tally in models.items():
        for agent, requests in tally.answered.items():
            family.add_metric([agent, model], requests)
    return family


def _count(name: str, text: str, label: str, counts: Counts) -> Metric:
    family = UnknownMetricFamily(name, text, labels=[label])
    for value, count in counts.by_label.items():
        family.add_metric([value], count)
    return family


def _costs_of_today(tallies: Mapping[str, AgentTally], now_ms: int) -> Metric:
    family = GaugeMetricFamily(
        "cost_per_agent_per_day", "Known and estimated cost of today (UTC) in US dollars.", labels=["agent"]
    )
    for label, tally in tallies.items():
        family.add_metric([label], tally.today.read(now_ms) / NUSD_PER_USD)
    return family


def _performance(models: Mapping[str, ModelTally]) -> Metric:
    family = HistogramMetricFamily(
        "performance_by_model",
        "Seconds from the arrival of an answered request to its last byte, or to the first content of a stream.",
        labels=["model", "measure"],
    )
    for model, tally in models.items():
        for measure, spread in (("latency", tally.latency), ("first_content", tally.first_content)):
            buckets = list(zip(_BOUNDS, accumulate(spread.counts), strict=True))
            family.add_metric([model, measure], buckets, spread.sum_us / 1_000_000)
    return family


def _fallbacks(tallies: Mapping[str, AgentTally]) -> Iterator[Metric]:
    count = CounterMetricFamily(
        "pointsman_fallbacks", "Requests that ended at another model than the caller's own choice.", labels=["agent"]
    )
    rate = GaugeMetricFamily(
        "fallback_trigger_rate",
        "The share of such requests among those that reached a model, since the start.",
        labels=["agent"],
    )
    for label, tally in tallies.items():
        count.add_metric([label], tally.fallbacks)
        rate.add_metric([label], tally.fallbacks / tally.reached if tally.reached else 0.0)
    yield count
    yield rate
