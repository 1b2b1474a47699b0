"""Budgets come out as they are written, each with a name; one that could not be counted never comes into force."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from compiling import GOOD, compile_good, compile_text
from hypothesis import given
from hypothesis import strategies as st

from pointsman.core.config.checks.budgets import SCOPE_KINDS, WHOLE_SCOPES
from pointsman.core.config.snapshot import Budget, RateLimit
from pointsman.core.limits.scopes import read_scope


def _budgets(*written: str) -> str:
    return GOOD + "budgets:\n" + "".join(f"  - {{{one}}}\n" for one in written)


def test_a_budget_as_written() -> None:
    (budget,) = compile_good(
        _budgets(
            "name: the writer, scope: 'agent:writer', window: week, limit: '$7.5', time_zone: Asia/Tokyo,"
            " on_exceed: local_only, alert_at: [90%, 0.5, 90%]"
        )
    ).budgets
    assert budget == Budget(
        "the writer", "agent", "writer", "week", 7_500_000_000, "Asia/Tokyo", "local_only", (500_000, 900_000)
    )


def test_what_is_not_written() -> None:
    whole, tagged = compile_good(
        _budgets("scope: cloud, window: month, limit: 5", "scope: 'tag:a:b', window: day, limit: 5")
    ).budgets
    assert whole == Budget(
        *("cloud per month", "cloud", "", "month", 5_000_000_000, "UTC", "deny"),
        (500_000, 800_000, 950_000, 1_000_000),
    )
    assert (tagged.name, tagged.scope_kind, tagged.scope_name) == ("tag:a:b per day", "tag", "a:b")


def test_a_rolling_window_is_the_same_in_every_zone() -> None:
    (budget,) = compile_good(
        _budgets("scope: 'session:*', window: rolling_day, limit: 5, time_zone: Asia/Tokyo")
    ).budgets
    assert (budget.name, budget.scope_kind, budget.scope_name) == ("session:* per rolling_day", "session", "*")
    assert (budget.window, budget.time_zone) == ("rolling_day", "UTC")


def test_limits_as_written() -> None:
    text = GOOD + "limits:\n  - {scope: 'user:*', requests_per_minute: 60, concurrent: 2}\n"
    text += "  - {name: tokens, scope: cloud, tokens_per_minute: 90000}\n"
    snapshot = compile_good(text)
    assert snapshot.limits == (
        RateLimit("user:*", "user", "*", 60, None, 2),
        RateLimit("tokens", "cloud", "", None, 90_000, None),
    )
    assert snapshot.revision != compile_good(text.replace("90000", "90001")).revision


def test_no_budgets() -> None:
    assert compile_good(GOOD).budgets == ()


def test_another_limit_is_another_revision() -> None:
    one, other = (compile_good(_budgets(f"scope: cloud, window: day, limit: {limit}")) for limit in (5, 6))
    assert one.revision != other.revision


def test_an_environment_may_have_budgets_of_its_own() -> None:
    text = GOOD + "  staging: {budgets: [{scope: total, window: day, limit: 1}]}\n"
    assert [budget.name for budget in compile_good(text, "staging").budgets] == ["total per day"]
    assert compile_good(text).budgets == ()


@given(
    st.from_regex(rf"({'|'.join((*WHOLE_SCOPES, *SCOPE_KINDS, 'sesion', ''))})(:[a-z:]{{0,3}})?", fullmatch=True)
    | st.text(max_size=5)
)
def test_every_scope_that_is_no_mistake_can_be_read(scope: str) -> None:
    kind, colon, name = scope.partition(":")
    is_written_well = (not colon and scope in WHOLE_SCOPES) or (kind in SCOPE_KINDS and bool(name))
    assert (read_scope(scope) is not None) == is_written_well


@pytest.mark.parametrize("zone", ["Mars/Phobos", "America", "../UTC"])
def test_a_time_zone_that_cannot_be_counted_in_is_refused_whoever_compiles(zone: str) -> None:
    compiled = compile_text(_budgets(f"scope: total, window: day, limit: 5, time_zone: {zone}"))
    assert compiled.snapshot is None
    assert [problem.code for problem in compiled.problems if problem.severity == "error"] == ["invalid_time_zone"]


def test_a_machine_without_time_zones_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pointsman.yaml"
    path.write_text(
        _budgets("scope: total, window: day, limit: 5, time_zone: Europe/Paris", "scope: cloud, window: day, limit: 4")
    )
    environ = {**os.environ, "PYTHONTZPATH": "", "OPENAI_API_KEY": "test"}
    program = "import sys; sys.modules['tzdata'] = None; from pointsman.cli.main import main; main()"
    command = [sys.executable, "-c", program, "check", str(path)]
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1, ended
    assert 'this machine has no rules of time zones, "Europe/Paris" neither; install tzdata, or write UTC' in (
        ended.stdout + ended.stderr
    )
