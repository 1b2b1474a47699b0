"""`/metrics`, `/metrics/tokens` and the stored totals say the same numbers, before and after a restart."""

import asyncio
import dataclasses
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Agent, Snapshot
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED, Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS, AgentTotals
from pointsman.storage.database import open_database
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.metrics import MOST_AGENTS, Metrics
from storage.usage_examples import EXAMPLE, outcomes

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _snapshot(*agents: str) -> Snapshot:
    return Snapshot("0123456789ab", "production", {}, {name: Agent(name, "gpt-4o") for name in agents})


def _metrics(*agents: str, lost_rows: int = 0) -> Metrics:
    metrics = Metrics(LATENCY_BOUNDS_MS, lambda: lost_rows)
    metrics.follow(_snapshot(*agents))
    return metrics


def _recorded(metrics: Metrics, batch: Iterable[Outcome]) -> Metrics:
    for outcome in batch:
        metrics.record(outcome)
    return metrics


def _scrape(metrics: Metrics) -> Samples:
    text = Exposition(metrics).render().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _value(samples: Samples, name: str, **labels: str) -> float:
    return samples[name, frozenset(labels.items())]


async def _write_and_read_totals(path: Path, batch: list[Outcome]) -> list[AgentTotals]:
    database = await open_database(f"sqlite:///{path}")
    writer = UsageWriter(database, WriterLimits(interval_ms=1))
    writer.start()
    for outcome in batch:
        writer.add(outcome)
    await writer.drain()
    totals = await UsageReader(database).agent_totals()
    await database.close()
    return totals


def test_the_report_has_the_fields_of_seed_000() -> None:
    metrics = _recorded(
        _metrics("orchestrator"),
        [
            replace(EXAMPLE, usage=Usage(100, 50), cost_nusd=1_500_000, latency_ms=500.0),
            replace(EXAMPLE, usage=Usage(200, 75), cost_nusd=2_000_001, latency_ms=1_000.0),
            replace(EXAMPLE, usage=None, cost_nusd=None, cost_status="unknown", latency_ms=300.0),
            replace(EXAMPLE, usage=None, cost_nusd=0, cost_status="none", attempts=0, failure="upstream_unreachable"),
        ],
    )
    assert metrics.token_report(NOW) == {
        "per_agent": {
            "orchestrator": {
                "prompt_tokens": 300,
                "completion_tokens": 125,
                "total_tokens": 425,
                "total_cost": 0.003500001,
                "call_count": 3,
                "unknown_cost_calls": 1,
                "total_latency": 1.8,
                "avg_tokens_per_call": 141.67,
                "avg_cost_per_call": 0.001166667,
                "avg_latency_seconds": 0.6,
            }
        },
        "totals": {"total_tokens": 425, "total_cost": 0.003500001, "total_calls": 3, "unknown_cost_calls": 1},
        "timestamp": "2026-11-21T09:30:00+00:00",
    }


@settings(max_examples=30, deadline=None)
@given(st.lists(outcomes, max_size=40))
def test_prometheus_and_the_report_agree(batch: list[Outcome]) -> None:
    metrics = _recorded(_metrics("orchestrator", "reviewer"), batch)
    samples = _scrape(metrics)
    for agent, report in metrics.token_report(NOW)["per_agent"].items():
        assert _value(samples, "llm_tokens_total", agent=agent, type="prompt") == report["prompt_tokens"]
        assert _value(samples, "llm_tokens_total", agent=agent, type="completion") == report["completion_tokens"]
        assert _value(samples, "llm_cost_usd_total", agent=agent) == report["total_cost"]
        assert _value(samples, "llm_latency_seconds_count", agent=agent) == report["call_count"]
        assert _value(samples, "llm_latency_seconds_sum", agent=agent) == report["total_latency"]
        unknown = _value(samples, "llm_requests_without_known_cost_total", agent=agent)
        assert unknown == report["unknown_cost_calls"]
    requests = sum(value for (name, _), value in samples.items() if name == "llm_requests_total")
    assert requests == len(batch)


@settings(max_examples=15, deadline=None)
@given(st.lists(outcomes, max_size=40, unique_by=lambda outcome: outcome.request_id))
def test_a_restart_brings_back_the_same_numbers(batch: list[Outcome]) -> None:
    agents = ("orchestrator", "reviewer")
    with TemporaryDirectory() as directory:
        totals = asyncio.run(_write_and_read_totals(Path(directory) / "pointsman.db", batch))
    restarted = _metrics(*agents)
    restarted.restore(totals)
    before = _recorded(_metrics(*agents), batch)
    assert restarted.token_report(NOW) == before.token_report(NOW)
    assert _of_traffic(_scrape(restarted)) == _of_traffic(_scrape(before))


def test_requests_by_how_they_ended() -> None:
    failures = ["", "", "upstream_error", CLIENT_DISCONNECTED]
    samples = _scrape(_recorded(_metrics("orchestrator"), [replace(EXAMPLE, failure=failure) for failure in failures]))
    endings = {
        outcome: _value(samples, "llm_requests_total", agent="orchestrator", outcome=outcome)
        for outcome in ("ok", "error", "cancelled")
    }
    assert endings == {"ok": 2, "error": 1, "cancelled": 1}


def test_the_histogram_counts_up_to_each_bound() -> None:
    latencies_ms = [10.0, 10.001, 300_000.0, 300_001.0]
    samples = _scrape(_recorded(_metrics("orchestrator"), [replace(EXAMPLE, latency_ms=ms) for ms in latencies_ms]))
    up_to = {
        bound: _value(samples, "llm_latency_seconds_bucket", agent="orchestrator", le=bound)
        for bound in ("0.01", "0.025", "300.0", "+Inf")
    }
    assert up_to == {"0.01": 1, "0.025": 2, "300.0": 3, "+Inf": 4}


def test_labels_are_the_configured_agents_and_two_more() -> None:
    metrics = _recorded(
        _metrics("orchestrator", 'od"d\n'), [replace(EXAMPLE, agent=f"junk-{number}") for number in range(1_000)]
    )
    metrics.record(replace(EXAMPLE, agent=""))
    labels = {dict(labels).get("agent") for _, labels in _scrape(metrics)} - {None}
    assert labels == {"orchestrator", 'od"d\n', "(none)", "other"}
    report = metrics.token_report(NOW)["per_agent"]
    assert (report["other"]["call_count"], report["(none)"]["call_count"]) == (1_000, 1)


def test_the_number_of_labels_is_bounded() -> None:
    metrics = _metrics(*(f"agent-{number}" for number in range(MOST_AGENTS + 50)))
    assert len(metrics.tallies()) == MOST_AGENTS + 2


def test_an_agent_that_is_gone_keeps_its_numbers() -> None:
    metrics = _recorded(_metrics("old"), [replace(EXAMPLE, agent="old")])
    metrics.follow(dataclasses.replace(_snapshot("new"), revision="ba9876543210"))
    metrics.record(replace(EXAMPLE, agent="old"))
    samples = _scrape(metrics)
    assert _value(samples, "llm_latency_seconds_count", agent="old") == 2
    assert _value(samples, "pointsman_config_revision_info", revision="ba9876543210") == 1


def test_lost_rows_and_the_process_are_exposed() -> None:
    samples = _scrape(_metrics(lost_rows=7))
    assert _value(samples, "pointsman_usage_rows_lost_total") == 7
    assert _value(samples, "process_resident_memory_bytes") > 1_000_000


def _of_traffic(samples: Samples) -> Samples:
    return {key: value for key, value in samples.items() if key[0].startswith("llm_")}
