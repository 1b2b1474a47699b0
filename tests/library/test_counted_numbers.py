"""What programs state of their calls: exact to the nano-dollar, or refused; never wrong, never a crash later."""

import csv
import json
import os
from concurrent.futures import ThreadPoolExecutor
from decimal import Context, Decimal, localcontext
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman import BudgetAlert, LLMResponse, UsageStats, UsageTracker
from pointsman.core.chat.usage import Usage
from pointsman.library.counted_numbers import MOST_COST_USD, MOST_TOKENS, read_cost, read_seconds, read_tokens
from pointsman.library.replies import ChatReply
from pointsman.library.token_tracker import TokenTracker


def answer(cost: object = "0.10", tokens: int = 10, latency_ms: float = 100.0, model: str = "gpt-4o") -> LLMResponse:
    usage = UsageStats.model_validate({"input_tokens": tokens, "output_tokens": 5, "total_cost_usd": cost})
    return LLMResponse(content="Yes.", usage=usage, latency_ms=latency_ms, provider="openai", model=model)


@pytest.mark.parametrize(
    ("cost", "nusd"),
    [(0.1 + 0.2, 300_000_000), (1e-9, 1), ("0.0000000005", 1), ("0.00000000049", 0), (Decimal("1E-999999"), 0),
     (0, 0), (-0.0, 0), (Decimal("0E-999999"), 0), ("12.34", 12_340_000_000), (1e9, 10**18), (5e-324, 0)],
)  # fmt: skip
def test_costs_are_counted_to_the_nearest_nano_dollar(cost: object, nusd: int) -> None:
    assert read_cost(cost) == nusd


@given(st.integers(0, MOST_COST_USD * 10**9))
def test_what_fits_is_exact_whatever_the_program_rounds_to(nusd: int) -> None:
    with localcontext(Context(prec=3)):
        assert read_cost(Decimal((0, tuple(map(int, str(nusd))), -9))) == nusd


@given(st.one_of(st.floats(), st.text(), st.integers(), st.booleans(), st.none(), st.decimals(), st.binary()))
def test_nothing_else_than_a_refusal_comes_of_anything(value: object) -> None:
    for read in (read_cost, read_tokens, read_seconds):
        try:
            assert read(value) >= 0
        except ValueError as error:
            assert "from 0 up" in str(error)


@pytest.mark.parametrize(
    "cost", ["1e999999", Decimal("Infinity"), 10**4_000, "9" * 5_000, -1e-9, True, b"1", [], "sNaN"]
)
def test_costs_that_cannot_be_are_refused(cost: object) -> None:
    with pytest.raises(ValueError, match="None when it is unknown"):
        read_cost(cost)


def test_huge_counts_break_no_sum() -> None:
    tracker = TokenTracker()
    for _ in range(1_000):
        tracker.track("a", MOST_TOKENS, MOST_TOKENS, MOST_COST_USD, 1e9)
    told = tracker.get_summary()["a"]
    assert (told["total_tokens"], told["total_cost"]) == (2_000 * MOST_TOKENS, 1e12)
    with pytest.raises(ValueError, match="at most"):
        tracker.track("a", MOST_TOKENS + 1, 0, 0, 0)
    for name in (None, 7, "a" * 257):
        with pytest.raises(ValueError, match="the agent's name"):
            tracker.track(name, 1, 1, 0, 0)  # type: ignore[arg-type]
    assert tracker.get_summary()["a"]["call_count"] == 1_000


@pytest.mark.parametrize(
    "bad", [answer("Infinity"), answer("-0.1"), answer(tokens=-1), answer(latency_ms=float("nan"))]
)
def test_a_tracker_refuses_what_would_spoil_its_sums(bad: LLMResponse) -> None:
    tracker = UsageTracker(1)
    tracker.track(answer("0.1"))
    with pytest.raises(ValueError, match="from 0 up"):
        tracker.track(bad)
    stats = tracker.get_stats()
    assert (stats["total_calls"], stats["total_cost_usd"], stats["avg_latency_ms"]) == (1, Decimal("0.1"), 100.0)


def test_replies_of_a_client_are_tracked_as_well() -> None:
    usage = Usage(7, 3)
    reply = ChatReply("small", "up-small", "agent", Decimal("0.25"), usage, 20.0, "req_1", (), (), {})
    tracker = UsageTracker()
    tracker.track(reply)
    tracker.track(ChatReply("small", "", "agent", None, None, 20.0, "req_2", (), (), {}))
    stats = tracker.get_stats()
    assert (stats["total_tokens"], stats["total_cost_usd"], stats["unknown_cost_calls"]) == (10, Decimal("0.25"), 1)
    assert {*stats["by_model"]} == {"small", "up-small"}
    for wrong in (None, {"usage": {}}, "text"):
        with pytest.raises(TypeError, match="LLMResponse"):
            tracker.track(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", ["abc", True, "1e3", "-1", float("inf"), [], "10 EUR"])
def test_a_budget_that_is_none_is_refused(limit: object) -> None:
    with pytest.raises(ValueError, match=r"amount in dollars"):
        UsageTracker(limit)  # type: ignore[arg-type]


def test_a_budget_may_be_written_with_its_sign() -> None:
    assert UsageTracker("$10.50").get_budget_status()["limit_usd"] == Decimal("10.5")


def test_callbacks_that_nobody_could_call_are_refused() -> None:
    async def later(alert: BudgetAlert) -> None:
        raise AssertionError("nobody awaits it")

    for callback in (later, 7):
        with pytest.raises(TypeError, match="plain function"):
            UsageTracker(1, on_alert=callback)  # type: ignore[arg-type]
        with pytest.raises(TypeError, match="plain function"):
            UsageTracker(1).add_alert(callback)  # type: ignore[arg-type]


def test_each_share_is_told_once_however_many_threads_reach_it() -> None:
    told: list[BudgetAlert] = []
    tracker = UsageTracker(1, on_alert=told.append, alert_at=[0.1, 0.5, 0.5, 0.8, 1])
    with ThreadPoolExecutor(8) as threads, localcontext(Context(prec=2)):
        list(threads.map(lambda _: tracker.track(answer("0.001")), range(1_500)))
    assert sorted(alert.share for alert in told) == [0.1, 0.5, 0.8, 1]
    assert tracker.get_budget_status()["is_over"]


def test_a_budget_of_nothing_is_not_reached_for_nothing() -> None:
    told: list[BudgetAlert] = []
    tracker = UsageTracker(0, on_alert=told.append)
    tracker.track(answer("0"))
    assert told == [] and tracker.get_budget_status()["percentage_used"] == 0
    tracker.track(answer("0.000000001"))
    assert len(told) == 2 and tracker.get_budget_status()["is_over"]


def test_what_users_and_teams_cost_adds_up_to_the_total() -> None:
    tracker = UsageTracker()
    for number in range(90):
        tracker.track(answer("0.000000003"), [f"user:u{number % 9}", f"team:t{number % 3}"])
    tracker.track(answer("NaN"), ["user:u0", "team:t0"])
    stats = tracker.get_stats()
    for prefix, groups in (("user:", 9), ("team:", 3)):
        costs = [sums["total_cost_usd"] for tag, sums in stats["by_tag"].items() if tag.startswith(prefix)]
        assert (len(costs), sum(costs)) == (groups, stats["total_cost_usd"]) == (groups, Decimal("0.00000027"))
    john = tracker.get_stats(tag="user:u0")
    assert (john["total_calls"], john["unknown_cost_calls"]) == (11, 1)
    assert {*john["by_tag"]} == {"user:u0", "team:t0"}


FORMULAS = ["=1+1", " =1+1", "\t=1", "\u00a0@a", "\uff1dA1", "\ufeff+1", "|x", "%0A", "-2", "\0=1"]
TEXTS = [*FORMULAS, "plain", "Zoë 🚂", "\ud800", "a\nb"]


def test_no_text_breaks_an_export_or_computes_in_it(tmp_path: Path) -> None:
    tracker = UsageTracker()
    for text in TEXTS:
        tracker.track(answer(model=text), [text])
    assert tracker.export_csv(tmp_path / "calls.csv") == len(TEXTS)
    with (tmp_path / "calls.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    dangerous = [f"'{text}" for text in FORMULAS]
    assert [row["model"] for row in rows] == [*dangerous, "plain", "Zoë 🚂", "\\ud800", "a\nb"]
    assert [row["tags"] for row in rows] == [row["model"] for row in rows]
    json.dumps(rows)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_fork_amid_a_call_leaves_the_child_a_tracker_that_works() -> None:
    tracker = UsageTracker()
    tracker.track(answer())
    with tracker._lock:  # As another thread may hold it at that moment.
        child = os.fork()
        if child == 0:
            tracker.track(answer())
            os._exit(tracker.get_stats()["total_calls"])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 2
    assert tracker.get_stats()["total_calls"] == 1
