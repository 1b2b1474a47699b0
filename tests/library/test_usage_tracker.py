"""`UsageTracker`: exact sums, filters, budget, alerts, export, and bounds."""

import csv
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pointsman import BudgetAlert, LLMResponse, UsageStats, UsageTracker
from pointsman.library.sum_calls import MOST_GROUPS, OTHER

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def answer(
    cost: str = "0.10", provider: str = "openai", model: str = "gpt-4o", latency_ms: float = 100.0
) -> LLMResponse:
    usage = UsageStats(input_tokens=10, output_tokens=5, total_cost_usd=Decimal(cost))
    return LLMResponse(content="Yes.", usage=usage, latency_ms=latency_ms, provider=provider, model=model)


def test_sums_are_exact_and_told_apart() -> None:
    tracker = UsageTracker()
    for _ in range(10):
        tracker.track(answer("0.1"), tags=["research", "user:john"])
    tracker.track(answer("0.000000001", "anthropic", "claude", 300.0))
    stats = tracker.get_stats()
    assert stats["total_cost_usd"] == Decimal("1.000000001")
    assert (stats["total_calls"], stats["input_tokens"], stats["output_tokens"], stats["total_tokens"]) == (
        (11, 110, 55, 165)
    )
    assert stats["avg_latency_ms"] == pytest.approx(1_300 / 11)
    assert stats["by_provider"]["anthropic"]["total_cost_usd"] == Decimal("0.000000001")
    assert stats["by_model"]["gpt-4o"]["total_calls"] == stats["by_tag"]["user:john"]["total_calls"] == 10
    assert stats["is_complete"]
    nothing = UsageTracker().get_stats()
    assert (nothing["total_calls"], nothing["total_cost_usd"], nothing["avg_latency_ms"]) == (0, 0, 0)


def test_calls_are_found_by_provider_model_tag_and_time() -> None:
    tracker = UsageTracker()
    tracker.track(answer(), ["a"], at=NOON)
    tracker.track(answer(provider="google", model="gemini"), ["a", "b"], at=NOON + timedelta(hours=1))
    tracker.track(answer(), ["b"], at=NOON + timedelta(hours=2))
    assert tracker.get_stats(provider="openai")["total_calls"] == 2
    assert tracker.get_stats(model="gemini")["total_calls"] == 1
    assert tracker.get_stats(tag="b")["total_calls"] == 2
    assert tracker.get_stats(since=NOON + timedelta(hours=1))["total_calls"] == 2
    assert tracker.get_stats(until=NOON + timedelta(hours=1))["total_calls"] == 1
    assert tracker.get_stats(provider="openai", tag="b", since=NOON)["total_calls"] == 1
    assert tracker.get_stats(provider="nobody")["total_calls"] == 0
    with pytest.raises(ValueError, match="time zone"):
        tracker.get_stats(since=NOON.replace(tzinfo=None))


def test_a_cost_that_nobody_knows_is_in_no_sum_and_shows() -> None:
    tracker = UsageTracker(budget_limit_usd="0.20")
    tracker.track(answer("NaN"))
    tracker.track(answer("0.05"))
    stats, budget = tracker.get_stats(), tracker.get_budget_status()
    assert (stats["total_cost_usd"], stats["unknown_cost_calls"]) == (Decimal("0.05"), 1)
    assert (budget["used_usd"], budget["percentage_used"], budget["is_complete"]) == (Decimal("0.05"), 25.0, False)
    assert f"{answer('NaN').usage.total_cost_usd:.6f}" == "NaN"


def test_the_budget_and_its_alerts() -> None:
    told: list[BudgetAlert] = []
    tracker = UsageTracker(0.3, on_alert=told.append, alert_at=[1.0, 0.5])
    tracker.track(answer("0.1"))
    assert told == []
    tracker.track(answer("0.1"))
    assert [(alert.share, alert.used_usd) for alert in told] == [(0.5, Decimal("0.2"))]
    tracker.track(answer("0.1"))
    budget = tracker.get_budget_status()
    assert (budget["limit_usd"], budget["remaining_usd"], budget["is_over"]) == (Decimal("0.3"), 0, False)
    assert budget["percentage_used"] == 100.0
    tracker.track(answer("0.1"))
    assert tracker.get_budget_status()["is_over"] and tracker.get_budget_status()["remaining_usd"] == 0
    assert [alert.share for alert in told] == [0.5, 1.0]
    tracker.reset()
    assert tracker.get_budget_status()["used_usd"] == 0
    tracker.track(answer("0.5"))
    assert [alert.share for alert in told] == [0.5, 1.0, 0.5, 1.0]


def test_a_callback_that_fails_costs_nobody_anything(caplog: pytest.LogCaptureFixture) -> None:
    told: list[BudgetAlert] = []
    tracker = UsageTracker(0, on_alert=lambda alert: 1 / 0)
    tracker.add_alert(told.append)
    tracker.track(answer())
    assert [alert.share for alert in told] == [0.8, 1.0]
    assert "ZeroDivisionError" in caplog.text
    assert tracker.get_budget_status()["percentage_used"] == 100.0


def test_without_a_budget_nothing_is_left_and_nothing_over() -> None:
    tracker = UsageTracker()
    tracker.track(answer())
    budget = tracker.get_budget_status()
    assert (budget["limit_usd"], budget["remaining_usd"], budget["is_over"]) == (None, None, False)


def test_only_the_latest_calls_are_kept_and_the_totals_count_all() -> None:
    tracker = UsageTracker("1", most_calls=2)
    for hour in range(3):
        tracker.track(answer(), at=NOON + timedelta(hours=hour))
    stats = tracker.get_stats()
    assert (stats["total_calls"], stats["total_cost_usd"], stats["is_complete"]) == (3, Decimal("0.3"), False)
    assert stats["by_model"]["gpt-4o"]["total_calls"] == 2
    assert tracker.get_budget_status()["used_usd"] == Decimal("0.3")
    assert not tracker.get_stats(provider="openai")["is_complete"]
    assert tracker.get_stats(since=NOON + timedelta(hours=1))["is_complete"]


def test_groups_have_a_bound() -> None:
    tracker = UsageTracker()
    for number in range(MOST_GROUPS + 5):
        tracker.track(answer(model=f"m{number}"))
    by_model = tracker.get_stats()["by_model"]
    assert len(by_model) == MOST_GROUPS + 1 and by_model[OTHER]["total_calls"] == 5


def test_an_export_holds_no_formula(tmp_path: Path) -> None:
    tracker = UsageTracker()
    tracker.track(answer("0.25", model="=HYPERLINK(1)"), ["@sum", 'a"b,c'], at=NOON)
    tracker.track(answer("NaN"), at=NOON)
    assert tracker.export_csv(tmp_path / "calls.csv") == 2
    with (tmp_path / "calls.csv").open(newline="", encoding="utf-8") as file:
        first, second = csv.DictReader(file)
    assert (first["model"], first["tags"], first["cost_usd"]) == ("'=HYPERLINK(1)", "'@sum,a\"b,c", "0.25")
    assert (first["timestamp"], first["total_tokens"], second["cost_usd"]) == ("2026-11-21T12:00:00+00:00", "15", "")


def test_many_threads_lose_no_call() -> None:
    tracker = UsageTracker()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: tracker.track(answer("0.000001")), range(2_000)))
    assert tracker.get_stats()["total_cost_usd"] == Decimal("0.002")


@pytest.mark.parametrize(
    ("error", "arguments"),
    [
        (ValueError, {"budget_limit_usd": "-1"}),
        (ValueError, {"budget_limit_usd": float("nan")}),
        (ValueError, {"alert_at": [1.5]}),
        (ValueError, {"most_calls": 0}),
    ],
)
def test_what_cannot_be_so_is_refused(error: type[Exception], arguments: dict[str, object]) -> None:
    with pytest.raises(error):
        UsageTracker(**arguments)  # type: ignore[arg-type]


def test_tags_are_a_list_of_at_most_64() -> None:
    with pytest.raises(TypeError, match="list"):
        UsageTracker().track(answer(), "research")
    with pytest.raises(ValueError, match="64"):
        UsageTracker().track(answer(), map(str, range(65)))
