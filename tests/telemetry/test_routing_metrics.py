"""A scrape finds the routing series under exactly the names of seed 001, and stays small however much is configured."""

import asyncio
import dataclasses
from collections.abc import Iterable
from pathlib import Path

from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from pointsman.core.config.routing_plan import RoutingPlan, Rule, StrategyPlan
from pointsman.core.config.snapshot import Agent, Deployment, Model, Snapshot
from pointsman.core.expressions.condition import Condition, read_condition
from pointsman.core.expressions.facts import declare_facts
from pointsman.core.routing.outcome import CLIENT_DISCONNECTED, Outcome
from pointsman.core.routing.totals import LATENCY_BOUNDS_MS
from pointsman.storage.database import open_database
from pointsman.storage.usage_reader import UsageReader
from pointsman.storage.usage_writer import UsageWriter, WriterLimits
from pointsman.telemetry.exposition import Exposition
from pointsman.telemetry.metrics import MOST_SHOWN_AGENTS, Metrics
from pointsman.telemetry.routing_metrics import MOST_MODELS, MOST_PAIRS
from storage.usage_examples import EXAMPLE, book

NOON_MS = 1_763_035_200_000 - 1_763_035_200_000 % 86_400_000 + 43_200_000
DAY_MS = 86_400_000
DECIDED = replace(EXAMPLE, at_ms=NOON_MS, decided_by="agent", decision_name="orchestrator")

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def _snapshot(agents: Iterable[str], models: Iterable[str] = ("gpt-4o", "llama")) -> Snapshot:
    condition = read_condition("task.critical", declare_facts({}))
    assert isinstance(condition, Condition)
    plan = RoutingPlan(
        rules=(Rule("privacy_enforcement", condition, "force_local_model"),),
        strategies={"balanced": StrategyPlan("balanced"), "mine": StrategyPlan("mine")},
    )
    deployments = {
        name: Deployment(f"p/{name}", "p", name, name, "openai_chat", "http://x", "cloud") for name in models
    }
    return Snapshot(
        "0123456789ab",
        "production",
        {name: Model(name, deployment, None) for name, deployment in deployments.items()},
        {name: Agent(name, "gpt-4o") for name in agents},
        routing=plan,
    )


def _metrics(snapshot: Snapshot, outcomes: Iterable[Outcome] = ()) -> Metrics:
    metrics = Metrics(LATENCY_BOUNDS_MS, lambda: 0)
    metrics.follow(snapshot)
    for outcome in outcomes:
        metrics.record(outcome)
    return metrics


def _scrape(metrics: Metrics, now_ms: int = NOON_MS) -> Samples:
    text = Exposition(metrics, lambda: now_ms).render().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _of(samples: Samples, name: str) -> dict[tuple[str, ...], float]:
    """The samples of one name that are not 0, by the values of their labels in the order of the labels' names."""
    return {
        tuple(value for _, value in sorted(labels)): number
        for (sample, labels), number in samples.items()
        if sample == name and number
    }


def test_every_series_of_the_seed_is_there_under_exactly_its_name() -> None:
    samples = {name for name, _ in _scrape(_metrics(_snapshot(["orchestrator"]), [DECIDED]))}
    assert samples >= {
        "model_usage_by_agent",
        "routing_decisions_per_strategy",
        "cost_per_agent_per_day",
        "performance_by_model_bucket",
        "performance_by_model_sum",
        "performance_by_model_count",
        "fallback_trigger_rate",
        "privacy_rule_activations",
    }


def test_usage_counts_answers_by_agent_and_model() -> None:
    outcomes = [
        DECIDED,
        DECIDED,
        replace(DECIDED, model="llama"),
        replace(DECIDED, agent=""),
        replace(DECIDED, agent="junk", model="junk"),
        replace(DECIDED, failure="upstream_error"),
        replace(DECIDED, failure=CLIENT_DISCONNECTED),
    ]
    assert _of(_scrape(_metrics(_snapshot(["orchestrator"]), outcomes)), "model_usage_by_agent") == {
        ("orchestrator", "gpt-4o"): 2,
        ("orchestrator", "llama"): 1,
        ("(none)", "gpt-4o"): 1,
        ("other", "other"): 1,
    }


def test_decisions_count_under_the_strategy_or_the_kind_of_thing() -> None:
    decided = [
        ("strategy", "mine"),
        ("strategy", "use_cheaper_models_for_simple_tasks"),
        ("strategy", "gone"),
        ("global_rule", "privacy_enforcement"),
        ("experiment", "trial"),
        ("forced", "gpt-4o"),
        ("", ""),
        ("invented", "nobody"),
    ]
    outcomes = [replace(DECIDED, decided_by=by, decision_name=name) for by, name in decided]
    samples = _scrape(_metrics(_snapshot(["orchestrator"]), outcomes))
    assert _of(samples, "routing_decisions_per_strategy") == {
        ("mine",): 1,
        ("use_cheaper_models_for_simple_tasks",): 1,
        ("global_rule",): 1,
        ("experiment",): 1,
        ("forced",): 1,
        ("none",): 1,
        ("other",): 2,
    }
    assert samples["routing_decisions_per_strategy", frozenset({("strategy", "agent")})] == 0


def test_costs_are_those_of_today() -> None:
    outcomes = [
        replace(DECIDED, cost_nusd=1_500_000_000),
        replace(DECIDED, cost_nusd=500_000_000, failure="upstream_error"),
        replace(DECIDED, cost_nusd=9_000_000_000, at_ms=NOON_MS - DAY_MS),
        replace(DECIDED, cost_nusd=None, cost_status="unknown"),
        replace(DECIDED, cost_nusd=250_000_000, agent="junk"),
    ]
    metrics = _metrics(_snapshot(["orchestrator"]), outcomes)
    today = {("orchestrator",): 2.0, ("other",): 0.25}
    assert _of(_scrape(metrics), "cost_per_agent_per_day") == today
    assert _of(_scrape(metrics, NOON_MS + DAY_MS), "cost_per_agent_per_day") == {}


def test_a_restart_brings_back_what_today_has_cost(tmp_path: Path) -> None:
    outcomes = [
        replace(DECIDED, request_id="a", cost_nusd=1_500_000_000),
        replace(DECIDED, request_id="b", agent="", cost_nusd=250_000_000),
        replace(DECIDED, request_id="c", cost_nusd=9_000_000_000, at_ms=NOON_MS - DAY_MS),
    ]

    async def write_and_read() -> dict[str, int]:
        database = await open_database(f"sqlite:///{tmp_path / 'pointsman.db'}")
        writer = UsageWriter(database, WriterLimits(interval_ms=1))
        writer.start()
        for outcome in outcomes:
            writer.add(book(outcome))
        await writer.drain()
        report = await UsageReader(database).usage_by(["agent"], NOON_MS - NOON_MS % DAY_MS)
        await database.close()
        return {group.names[0]: group.sum.cost_nusd for group in report.groups}

    snapshot = _snapshot(["orchestrator"])
    restarted = _metrics(snapshot)
    restarted.restore_day(NOON_MS, asyncio.run(write_and_read()))
    costs = _of(_scrape(restarted), "cost_per_agent_per_day")
    assert costs == {("orchestrator",): 1.5, ("(none)",): 0.25}
    assert costs == _of(_scrape(_metrics(snapshot, outcomes)), "cost_per_agent_per_day")


def test_performance_is_of_answers_and_in_seconds() -> None:
    outcomes = [
        replace(DECIDED, latency_ms=100.0),
        replace(DECIDED, latency_ms=70_000.0, first_content_ms=400.0),
        replace(DECIDED, latency_ms=1.0, failure="upstream_error"),
    ]
    samples = _scrape(_metrics(_snapshot(["orchestrator"]), outcomes))

    def value(suffix: str, **labels: str) -> float:
        return samples[f"performance_by_model_{suffix}", frozenset({"model": "gpt-4o", **labels}.items())]

    assert value("sum", measure="latency") == 70.1
    assert [value("bucket", measure="latency", le=bound) for bound in ("0.1", "60.0", "+Inf")] == [1, 1, 2]
    assert [value("bucket", measure="first_content", le=bound) for bound in ("0.25", "0.5", "+Inf")] == [0, 1, 1]


def test_the_rate_of_fallbacks_is_a_share_of_what_reached_a_model() -> None:
    outcomes = [
        DECIDED,
        replace(DECIDED, attempts=2, degraded="fallback"),
        replace(DECIDED, attempts=2, degraded="lower_tier", failure="upstream_error"),
        DECIDED,
        replace(DECIDED, attempts=0, failure="privacy_unavailable"),
    ]
    samples = _scrape(_metrics(_snapshot(["orchestrator", "idle"]), outcomes))
    assert samples["fallback_trigger_rate", frozenset({("agent", "orchestrator")})] == 0.5
    assert samples["fallback_trigger_rate", frozenset({("agent", "idle")})] == 0
    assert samples["pointsman_fallbacks_total", frozenset({("agent", "orchestrator")})] == 2


def test_what_kept_requests_local_is_counted() -> None:
    keepers = ["privacy_enforcement", "label", "label", "detector", "no such rule"]
    outcomes = [replace(DECIDED, kept_local_by=keeper, rules_failed=2) for keeper in keepers]
    samples = _scrape(_metrics(_snapshot(["orchestrator"]), [DECIDED, *outcomes]))
    expected = {("privacy_enforcement",): 1, ("label",): 2, ("detector",): 1, ("other",): 1}
    assert _of(samples, "privacy_rule_activations") == expected
    assert samples["privacy_rule_activations", frozenset({("rule", "policy")})] == 0
    assert samples["pointsman_rule_failures_total", frozenset()] == 10


def test_500_agents_on_500_models_stay_below_5000_series() -> None:
    agents, models = [[f"{kind}-{number}" for number in range(500)] for kind in ("agent", "model")]
    plain = _snapshot(agents, models)
    rules = tuple(dataclasses.replace(plain.routing.rules[0], name=f"rule-{number}") for number in range(1_000))
    strategies = {f"strategy-{number}": StrategyPlan(f"strategy-{number}") for number in range(100)}
    snapshot = dataclasses.replace(plain, routing=RoutingPlan(rules=rules, strategies=strategies))
    metrics = _metrics(snapshot)
    for number in range(250_000):
        metrics.record(
            replace(
                DECIDED,
                agent=agents[number % 500],
                model=models[number // 500],
                first_content_ms=1.0,
                decided_by="strategy",
                decision_name=f"strategy-{number % 100}",
                kept_local_by=f"rule-{number % 1_000}",
            )
        )
    samples = _scrape(metrics)
    assert len(samples) <= 5_000
    usage = _of(samples, "model_usage_by_agent")
    assert sum(usage.values()) == sum(_of(samples, "llm_requests_total").values()) == 250_000
    assert len({agent for agent, _ in usage}) <= MOST_SHOWN_AGENTS + 2
    assert len({model for _, model in usage}) == MOST_MODELS + 1
    assert MOST_PAIRS < len(usage) <= MOST_PAIRS + MOST_MODELS + 1
    assert sum(_of(samples, "routing_decisions_per_strategy").values()) == 250_000
    assert sum(_of(samples, "privacy_rule_activations").values()) == 250_000
