"""Budgets name what exists, once; a day's that eats up the month is found, with the day; ordinary ones pass."""

import pytest
from checking import BASE, check, compile_text, find_problem

from pointsman.core.chat.money import NUSD_PER_USD
from pointsman.core.config.checks.spending import Rate, find_day_of_end


def write_budgets(*budgets: str) -> str:
    return "agents: {a: {model: big}}\nbudgets:\n" + "".join(f"  - {{{budget}}}\n" for budget in budgets)


DAY = "window: day, limit: '$5'"


@pytest.mark.parametrize(
    ("scope", "code", "suggestion"),
    [
        ("totl", "unknown_reference", "total"),
        ("clowd", "unknown_reference", "cloud"),
        ("providr:openai", "unknown_reference", "provider:openai"),
        ("provider:opnai", "unknown_reference", "provider:openai"),
        ("provider", "unknown_reference", None),
        ("provider:", "unknown_reference", None),
        ("agent:b", "unknown_reference", None),
        ("interaction:planning", "unknown_reference", None),
        ("model:smal", "unknown_reference", "small"),
        ("sesion:x", "unknown_reference", "session:x"),
        ("model:*", "unknown_reference", None),
        ("tag:*", "unknown_reference", None),
    ],
)
def test_a_scope_must_be_there(scope: str, code: str, suggestion: str | None) -> None:
    problem = find_problem(BASE + write_budgets(f"scope: '{scope}', {DAY}"), code)
    assert (problem.path, problem.severity, problem.suggestion) == ("budgets[0].scope", "error", suggestion)


@pytest.mark.parametrize(
    "scope",
    [
        "total",
        "cloud",
        "provider:openai",
        "model:big",
        "agent:a",
        "team:x",
        "user:y",
        "key:z",
        "tag:t",
        "tag:a:b",
        "session:s",
        "session:*",
        "user:*",
        "key:*",
        "team:*",
        "agent:*",
    ],
)
def test_a_scope_that_is_there(scope: str) -> None:
    assert check(write_budgets(f"scope: '{scope}', {DAY}")) == []


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (f"scope: total, {DAY}", f"scope: total, {DAY}", ["budgets[1].scope duplicate_name error"]),
        (f"scope: total, {DAY}", "scope: total, window: day, limit: '$9'", ["budgets[1].scope duplicate_name error"]),
        (f"scope: total, {DAY}, name: x", f"scope: cloud, {DAY}, name: x", ["budgets[1].name duplicate_name error"]),
        (f"scope: total, {DAY}", f"scope: cloud, {DAY}", []),
        (f"scope: total, {DAY}", "scope: total, window: week, limit: '$30'", []),
        # One that warns below one that stops.
        ("scope: total, window: day, limit: '$4', on_exceed: alert", f"scope: total, {DAY}", []),
        (f"scope: 'team:a', {DAY}", f"scope: 'team:b', {DAY}", []),
    ],
)
def test_the_same_budget_twice(first: str, second: str, expected: list[str]) -> None:
    assert check(write_budgets(first, second)) == expected


def test_a_time_zone_must_be_there() -> None:
    problem = find_problem(BASE + write_budgets(f"scope: total, {DAY}, time_zone: Europe/Lodon"), "invalid_time_zone")
    assert (problem.path, problem.suggestion) == ("budgets[0].time_zone", "Europe/London")
    for zone in ("UTC", "Europe/London", "America/Argentina/Buenos_Aires"):
        assert check(write_budgets(f"scope: total, {DAY}, time_zone: {zone}")) == []


SEED_004 = (
    "scope: 'provider:openai', window: day, limit: '$500'",
    "scope: 'provider:anthropic', window: day, limit: '$300'",
    "scope: 'provider:google', window: day, limit: '$200'",
    "scope: 'provider:cohere', window: day, limit: '$100'",
    "scope: total, window: month, limit: '$15,000'",
    "scope: 'provider:openai', window: month, limit: '$8,000'",
    "scope: 'provider:anthropic', window: month, limit: '$4,000'",
    "scope: 'provider:google', window: month, limit: '$2,000'",
    "scope: 'provider:cohere', window: month, limit: '$1,000'",
)


def test_the_budgets_of_seed_004_eat_up_the_month() -> None:
    budgets = "".join(f"  - {{{budget.replace(',000', '000')}}}\n" for budget in SEED_004)
    compiled = compile_text(
        "providers: {openai: {}, anthropic: {}, google: {}, cohere: {}}\nagents: {a: {model: gpt-4o}}\n"
        f"budgets:\n{budgets}"
    )
    found = {one.path: one.message for one in compiled.problems if one.code == "budget_contradiction"}
    days = {path: message.partition("spent on ")[2].partition(";")[0] for path, message in found.items()}
    assert days == {
        "budgets[4].limit": "day 14 (day 16 with the months' budgets of the providers)",
        "budgets[5].limit": "day 16",
        "budgets[6].limit": "day 14",
        "budgets[7].limit": "day 10",
        "budgets[8].limit": "day 10",
    }
    assert "4 providers come to $1,100; at that rate the $15,000" in found["budgets[4].limit"]
    assert compiled.snapshot is not None


@pytest.mark.parametrize(
    ("budgets", "expected"),
    [
        (("scope: total, window: day, limit: '$100'", "scope: total, window: month, limit: '$1000'"), [1]),
        (("scope: total, window: day, limit: '$33'", "scope: total, window: month, limit: '$1000'"), []),
        (("scope: total, window: day, limit: '$36'", "scope: total, window: month, limit: '$1000'"), []),
        (("scope: total, window: day, limit: '$38'", "scope: total, window: month, limit: '$1000'"), [1]),
        # Another scope's day says nothing of this month.
        (("scope: 'team:a', window: day, limit: '$100'", "scope: total, window: month, limit: '$1000'"), []),
        (("scope: total, window: hour, limit: '$100'", "scope: total, window: day, limit: '$1000'"), []),
        # The providers' own months keep the whole from ever being spent.
        (
            (
                "scope: 'provider:openai', window: day, limit: '$500'",
                "scope: 'provider:openai', window: month, limit: '$20000'",
                "scope: cloud, window: month, limit: '$10000'",
            ),
            [1, 2],
        ),
        (
            (
                "scope: 'provider:openai', window: day, limit: '$100'",
                "scope: 'provider:anthropic', window: day, limit: '$100'",
                "scope: 'provider:anthropic', window: month, limit: '$1000'",
                "scope: total, window: month, limit: '$4500'",
            ),
            [2],
        ),
        # All that can cost anything has a limit of its own, and they come to less than the whole, or not.
        (
            (
                "scope: 'provider:openai', window: month, limit: '$100'",
                "scope: 'provider:anthropic', window: month, limit: '$200'",
                "scope: total, window: month, limit: '$400'",
            ),
            [2],
        ),
        (
            (
                "scope: 'provider:openai', window: month, limit: '$100'",
                "scope: 'provider:anthropic', window: month, limit: '$200'",
                "scope: total, window: month, limit: '$250'",
            ),
            [],
        ),
        (
            ("scope: 'provider:openai', window: month, limit: '$100'", "scope: total, window: month, limit: '$400'"),
            [],
        ),
        # A limit above another that covers it.
        (("scope: 'provider:openai', window: day, limit: '$9'", "scope: total, window: day, limit: '$5'"), [0]),
        (("scope: 'model:big', window: day, limit: '$9'", "scope: 'provider:openai', window: day, limit: '$5'"), [0]),
        (("scope: 'provider:openai', window: day, limit: '$9'", "scope: cloud, window: week, limit: '$5'"), [0]),
        (("scope: 'model:small', window: day, limit: '$9'", "scope: cloud, window: day, limit: '$5'"), []),
        (("scope: 'provider:openai', window: day, limit: '$5'", "scope: total, window: day, limit: '$9'"), []),
        (
            (
                "scope: 'provider:openai', window: day, limit: '$9'",
                "scope: total, window: day, limit: '$5', on_exceed: alert",
            ),
            [],
        ),
        (("scope: total, window: month, limit: '$9'", "scope: total, window: day, limit: '$5'"), [0]),
        (("scope: total, window: month, limit: '$900'", "scope: total, window: week, limit: '$250'"), []),
    ],
)
def test_budgets_that_contradict_one_another(budgets: tuple[str, ...], expected: list[int]) -> None:
    assert check(write_budgets(*budgets)) == [f"budgets[{at}].limit budget_contradiction warning" for at in expected]


def test_the_day_is_the_one_on_which_nothing_is_left() -> None:
    assert find_day_of_end(15_000 * NUSD_PER_USD, Rate(1_100 * NUSD_PER_USD, None).spend_by) == 14
    assert find_day_of_end(8_000, Rate(500, None).spend_by) == 16
    assert find_day_of_end(8_001, Rate(500, None).spend_by) == 17
    assert find_day_of_end(28, Rate(1, None).spend_by) is None
    assert find_day_of_end(27, Rate(1, None).spend_by) == 27


UNPRICED = BASE + "  new: {provider: openai, model_id: gpt-unheard-of}\n"


@pytest.mark.parametrize("scope", ["total", "cloud", "provider:openai", "model:new", "agent:b"])
def test_a_hard_budget_needs_a_price(scope: str) -> None:
    text = UNPRICED + f"agents: {{a: {{model: big}}, b: {{model: new}}}}\nbudgets: [{{scope: '{scope}', {DAY}}}]\n"
    problem = find_problem(text, "price_required")
    assert (problem.path, problem.severity) == ("models.new", "error")
    soft = compile_text(text.replace(DAY, f"{DAY}, on_exceed: alert"))
    assert [one.code for one in soft.problems] == ["price_unknown"]


@pytest.mark.parametrize("scope", ["provider:anthropic", "model:big", "agent:a", "team:x"])
def test_a_budget_that_does_not_count_the_model_needs_none(scope: str) -> None:
    text = UNPRICED + f"agents: {{a: {{model: big}}, b: {{model: new}}}}\nbudgets: [{{scope: '{scope}', {DAY}}}]\n"
    assert [one.code for one in compile_text(text).problems] == ["price_unknown"]


def test_a_model_that_is_switched_off_needs_no_price() -> None:
    text = UNPRICED.replace("model_id: gpt-unheard-of", "model_id: gpt-unheard-of, enabled: false")
    assert "price_required" not in str(compile_text(text + write_budgets(f"scope: total, {DAY}")).problems)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        (("scope: total, requests_per_minute: 5", "scope: 'user:*', concurrent: 1"), []),
        (("scope: 'agent:b', concurrent: 1",), ["limits[0].scope unknown_reference error"]),
        (("scope: 'provider:*', concurrent: 1",), ["limits[0].scope unknown_reference error"]),
        (("scope: total",), ["limits[0] missing_key error"]),
        (("scope: total, concurrent: 0",), ["limits[0].concurrent out_of_range error"]),
        (("scope: total, concurrent: 1", "scope: total, concurrent: 2"), ["limits[1].scope duplicate_name error"]),
        (
            ("name: x, scope: total, concurrent: 1", "name: x, scope: cloud, concurrent: 2"),
            ["limits[1].name duplicate_name error"],
        ),
    ],
)
def test_limits(limits: tuple[str, ...], expected: list[str]) -> None:
    listed = "".join(f"  - {{{limit}}}\n" for limit in limits)
    assert check("agents: {a: {model: big}}\nlimits:\n" + listed) == expected


def test_rolling_windows_are_not_compared_with_those_of_the_calendar() -> None:
    assert (
        check(write_budgets("scope: total, window: rolling_day, limit: 9", "scope: total, window: day, limit: 5")) == []
    )
