"""The metrics in Prometheus' text format; names and labels are a promise to dashboards and alert rules."""

import time
from collections.abc import Callable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.telemetry.metrics import AgentTally, Metrics
from pointsman.telemetry.money_exposition import ReadMoney, expose_money, read_nothing
from pointsman.telemetry.routing_exposition import expose_routing

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Exposition:
    """Renders the metrics of one process, its memory and CPU time included."""

    def __init__(
        self, metrics: Metrics, now_ms: Callable[[], int] = _now_ms, read_money: ReadMoney = read_nothing
    ) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(MetricsCollector(metrics, now_ms, read_money))
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """The body of `GET /metrics`, of type `CONTENT_TYPE`."""
        return generate_latest(self._registry)


class MetricsCollector(Collector):
    """Reads the counters at the moment of a scrape; between scrapes it costs nothing."""

    def __init__(self, metrics: Metrics, now_ms: Callable[[], int], read_money: ReadMoney) -> None:
        self._metrics = metrics
        self._now_ms = now_ms
        self._read_money = read_money

    def collect(self) -> Iterator[Metric]:
        """Every family, each with all its agents."""
        now_ms = self._now_ms()
        tallies = self._metrics.shown_tallies(now_ms)
        yield _tokens(tallies)
        yield _costs(tallies)
        yield _unknown_costs(tallies)
        yield _latencies(tallies, self._metrics.latency_bounds_ms)
        yield _requests(tallies)
        yield _cache_hits(tallies)
        yield InfoMetricFamily(
            "pointsman_config_revision",
            "The configuration that new requests see.",
            value={"revision": self._metrics.revision},
        )
        yield CounterMetricFamily(
            "pointsman_usage_rows_lost",
            "Usage rows that could not be stored since the start.",
            value=self._metrics.count_lost_rows(),
        )
        yield from expose_routing(self._metrics.routing, tallies, now_ms)
        yield from expose_money(self._read_money(), self._metrics.denied)


def _tokens(tallies: dict[str, AgentTally]) -> Metric:
    family = CounterMetricFamily("llm_tokens", "Tokens used.", labels=["agent", "type"])
    for label, tally in tallies.items():
        family.add_metric([label, "prompt"], tally.input_tokens)
        family.add_metric([label, "completion"], tally.output_tokens)
    return family


def _costs(tallies: dict[str, AgentTally]) -> Metric:
    family = CounterMetricFamily("llm_cost_usd", "Known and estimated cost in US dollars.", labels=["agent"])
    for label, tally in tallies.items():
        family.add_metric([label], tally.cost_nusd / NUSD_PER_USD)
    return family


def _unknown_costs(tallies: dict[str, AgentTally]) -> Metric:
    family = CounterMetricFamily(
        "llm_requests_without_known_cost", "Requests missing from llm_cost_usd_total.", labels=["agent"]
    )
    for label, tally in tallies.items():
        family.add_metric([label], tally.unknown_cost_calls)
    return family


def _latencies(tallies: dict[str, AgentTally], bounds_ms: tuple[int, ...]) -> Metric:
    family = HistogramMetricFamily(
        "llm_latency_seconds", "From a request's arrival to its last byte, where a model was reached.", labels=["agent"]
    )
    bounds = [*(str(bound / 1_000) for bound in bounds_ms), "+Inf"]
    for label, tally in tallies.items():
        buckets = list(zip(bounds, accumulate(tally.latencies), strict=True))
        family.add_metric([label], buckets, tally.latency_us / 1_000_000)
    return family


def _requests(tallies: dict[str, AgentTally]) -> Metric:
    family = CounterMetricFamily("llm_requests", "Finished requests by how they ended.", labels=["agent", "outcome"])
    for label, tally in tallies.items():
        family.add_metric([label, "ok"], tally.succeeded)
        family.add_metric([label, "error"], tally.failed)
        family.add_metric([label, "cancelled"], tally.cancelled)
    return family


def _cache_hits(tallies: dict[str, AgentTally]) -> Metric:
    family = CounterMetricFamily(
        "pointsman_cache_hits", "Requests that were given a kept answer again, since the start.", labels=["agent"]
    )
    for label, tally in tallies.items():
        family.add_metric([label], tally.cache_hits)
    return family
