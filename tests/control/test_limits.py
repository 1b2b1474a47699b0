"""Limits refuse what would exceed them and nothing else, say what is short and for how long, and leak nothing."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from msgspec.structs import replace
from spending_books import NOW, USD, put_charge, spend, write_snapshot

from pointsman.control.spending import Spending
from pointsman.core.config.snapshot import Budget, RateLimit, Snapshot
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.families import MOST_NAMES
from pointsman.core.limits.held import Held
from pointsman.core.limits.payers import Payer
from pointsman.core.limits.scopes import CostQuestion
from pointsman.core.routing.outcome import Outcome

GPT, OTHER, SMALL = (
    Place("gpt-4o", "openai", "cloud"),
    Place("other", "anthropic", "cloud"),
    Place("small", "house", "local"),
)
ADA = Payer(user="ada", team="red")
HOUR_MS = 3_600_000
SECOND_NS = 1_000_000_000


class Ledger:
    """Outcomes that were written before, summed up one by one; it notes what it was asked."""

    def __init__(self, *outcomes: Outcome) -> None:
        self.outcomes = outcomes
        self.asked: list[CostQuestion] = []

    async def is_written(self, request_id: str) -> bool:
        return True

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> list[Mapping[str, int]]:
        self.asked += questions
        return [self._sum(question) for question in questions]

    def _sum(self, question: CostQuestion) -> dict[str, int]:
        sums: dict[str, int] = {}
        for outcome in self.outcomes:
            name = "" if question.kind == "total" else getattr(outcome, question.kind, None)
            wanted = bool(name) if question.names is None else name in question.names
            if wanted and question.since_ms <= outcome.at_ms < question.until_ms:
                sums[name] = sums.get(name, 0) + (outcome.cost_nusd or 0)
        return sums


def start(snapshot: Snapshot, *before: Outcome, **more: object) -> Spending:
    spending = Spending(Ledger(*before), clock_ns=lambda: 0)
    asyncio.run(spending.follow(snapshot, NOW, **more))
    return spending


def claim(usd: float | None, place: Place = GPT, payer: Payer = ADA, **fields: object) -> Claim:
    return replace(Claim(payer, place, NOW, 0, None if usd is None else round(usd * USD), 100), **fields)


def take(spending: Spending, wanted: Claim, former: Held | None = None) -> Held:
    held = spending.hold(wanted, former)
    assert isinstance(held, Held), held
    return held


def refuse(spending: Spending, wanted: Claim, former: Held | None = None) -> Shortage:
    shortage = spending.hold(wanted, former)
    assert isinstance(shortage, Shortage), shortage
    return shortage


def count_held(spending: Spending) -> dict[str, int]:
    tallies = spending._index.tallies.by_id
    sums = {":".join(account[:2]): sum(window.held for window in tally) for account, tally in tallies.items()}
    return {name: held for name, held in sums.items() if held}


def test_where_nothing_limits_nothing_is_held() -> None:
    warned = start(write_snapshot("scope: total, window: day, limit: 1, on_exceed: cheaper"), spend(5))
    for spending in (start(write_snapshot()), warned):
        assert not spending.has_any
        assert spending.hold(claim(9)) is None and spending.hold(claim(None)) is None
    others = start(write_snapshot("scope: 'user:bob', window: day, limit: 1"))
    assert others.has_any and others.hold(claim(9)) is None


def test_what_is_held_and_what_is_spent_count_together() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 10"), spend(4))
    held = take(spending, claim(5))
    assert held.most_nusd == 5 * USD
    shortage = refuse(spending, claim(1.5))
    assert (shortage.of, shortage.name, shortage.scope, shortage.window) == ("money", "total per day", "total", "day")
    assert (shortage.limit, shortage.left, shortage.is_of_place) == (10 * USD, 1 * USD, False)
    assert shortage.retry_after_s == 1, "calls under way hold what is missing"
    take(spending, claim(1))
    spending.record(spend(2))
    spending.release(held, 2 * USD, 50)
    assert refuse(spending, claim(3.5)).left == 3 * USD
    take(spending, claim(3))


def test_who_may_ask_again_is_told_when() -> None:
    spending = start(
        write_snapshot("scope: total, window: day, limit: 10", "scope: 'team:red', window: month, limit: 5"), spend(8)
    )
    assert refuse(spending, claim(3)).retry_after_s == 12 * 3_600
    assert refuse(spending, claim(30)).retry_after_s is None, "no window is large enough"
    spending.record(spend(1, team="red"))
    monthly = refuse(spending, claim(4.5, at_ms=NOW))
    assert (monthly.scope, monthly.retry_after_s) == ("team:red", None), "a month's end is more than a day off"


def test_a_budget_of_places_refuses_the_place_alone() -> None:
    spending = start(write_snapshot("scope: 'provider:openai', window: day, limit: 1"))
    shortage = refuse(spending, claim(2))
    assert (shortage.scope, shortage.is_of_place, shortage.on_exceed) == ("provider:openai", True, "deny")
    assert spending.hold(claim(2, OTHER)) is None


def test_local_only_holds_in_the_cloud_alone() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 1, on_exceed: local_only"))
    shortage = refuse(spending, claim(2))
    assert (shortage.on_exceed, shortage.is_of_place) == ("local_only", False)
    assert spending.hold(claim(2, SMALL)) is None


def test_an_unknown_price_is_refused_where_a_budget_must_hold() -> None:
    spending = start(write_snapshot("scope: 'user:ada', window: day, limit: 5"))
    assert refuse(spending, claim(None)).of == "price"
    assert spending.hold(claim(None, payer=Payer())) is None


def test_a_further_call_raises_the_hold_and_a_refusal_leaves_it() -> None:
    spending = start(
        write_snapshot("scope: total, window: day, limit: 10", "scope: 'model:gpt-4o', window: day, limit: 6")
    )
    held = take(spending, claim(6))
    assert count_held(spending) == {"total:": 6 * USD, "model:gpt-4o": 6 * USD}
    assert refuse(spending, claim(9, OTHER, spent_nusd=2 * USD), held).left == 8 * USD
    assert count_held(spending) == {"total:": 6 * USD, "model:gpt-4o": 6 * USD}
    again = take(spending, claim(8, OTHER, spent_nusd=2 * USD), held)
    assert again is held and held.most_nusd == 10 * USD
    assert count_held(spending) == {"total:": 10 * USD, "model:gpt-4o": 2 * USD}
    for _ in range(2):
        spending.release(held, 9 * USD, 10)
    assert count_held(spending) == {}


def test_an_unknown_cost_stays_counted_until_the_window_ends() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 10"))
    held = take(spending, claim(3))
    take(spending, claim(4, spent_nusd=3 * USD), held)
    failed = put_charge(3 * USD, part="failed")
    outcome = spend(None, more=(failed,))
    spending.record(outcome)
    spending.release(held, outcome.cost_nusd, 0, 3 * USD)
    assert spending.unknown_costs == 1
    assert spending.look(NOW).daily_cost_nusd == 3 * USD
    assert refuse(spending, claim(4)).left == 3 * USD
    take(spending, claim(4, at_ms=NOW + 24 * HOUR_MS))


def test_calls_count_in_the_window_in_which_their_request_came() -> None:
    spending = start(write_snapshot("scope: total, window: hour, limit: 10"))
    held = take(spending, claim(10))
    take(spending, claim(10, at_ms=NOW + HOUR_MS))
    spending.record(spend(9, at_ms=NOW))
    spending.release(held, 9 * USD, 0)
    assert refuse(spending, claim(2, at_ms=NOW + HOUR_MS - 1)).left == 1 * USD


def test_a_changed_limit_changes_nothing_that_is_held_or_spent() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 10"), spend(1))
    take(spending, claim(5))
    asyncio.run(spending.follow(write_snapshot("scope: total, window: day, limit: 4"), NOW))
    assert refuse(spending, claim(0.1)).left == 0
    asyncio.run(spending.follow(write_snapshot("scope: total, window: day, limit: 7"), NOW))
    assert refuse(spending, claim(1.5)).left == 1 * USD
    take(spending, claim(1))


def test_a_budget_that_is_new_counts_what_calls_under_way_hold() -> None:
    total = "scope: total, window: day, limit: 10"
    spending = start(write_snapshot(total))
    held = take(spending, claim(5))
    asyncio.run(spending.follow(write_snapshot(total, "scope: 'user:ada', window: hour, limit: 6"), NOW))
    assert refuse(spending, claim(2)).left == 1 * USD
    spending.release(held, 0, 0)
    take(spending, claim(2))


def test_two_budgets_over_the_same_are_held_once() -> None:
    spending = start(
        write_snapshot(
            "scope: total, window: day, limit: 10", "scope: total, window: day, limit: 5, on_exceed: local_only"
        )
    )
    take(spending, claim(5))
    assert refuse(spending, claim(1)).on_exceed == "local_only"
    take(spending, claim(5, SMALL))
    assert refuse(spending, claim(1, SMALL)).on_exceed == "deny"


def test_a_budget_for_each_user() -> None:
    spending = start(write_snapshot("scope: 'user:*', window: day, limit: 5"), spend(3, user="ada"), spend(9, user=""))
    assert refuse(spending, claim(3)).scope == "user:ada"
    take(spending, claim(5, payer=Payer(user="bob")))
    assert spending.hold(claim(50, payer=Payer())) is None
    spending.record(spend(1, user="ada"))
    assert spending.look(NOW, ADA).budget_nusd == 5 * USD
    assert spending.look(NOW, ADA).daily_cost_nusd == 4 * USD
    assert spending.look(NOW, Payer(user="eve")).daily_cost_nusd == 0
    spending.record(spend(1.5, user="ada"))
    assert spending.look(NOW, ADA).denied_by == "user:* per day"


def test_what_each_has_spent_is_asked_for_all_at_once() -> None:
    ledger = Ledger()
    spending = Spending(ledger)
    asyncio.run(spending.follow(write_snapshot("scope: 'user:*', window: day, limit: 5"), NOW))
    (question,) = [one for one in ledger.asked if one.kind == "user"]
    assert (question.names, question.most_names) == (None, MOST_NAMES)


def test_a_name_beyond_the_bound_is_refused_with_a_reason() -> None:
    spending = start(write_snapshot("scope: 'session:*', window: day, limit: 5"))
    holds = [take(spending, claim(1, payer=Payer(session=f"s{number}"))) for number in range(MOST_NAMES)]
    shortage = refuse(spending, claim(1, payer=Payer(session="one more")))
    assert (shortage.of, shortage.scope, shortage.name) == ("names", "session:one more", "session:* per day")
    take(spending, claim(1, payer=Payer(session="s5")))
    for held in holds:
        spending.release(held, 0, 0)
    take(spending, claim(1, payer=Payer(session="one more"), at_ms=NOW + 60_000))


def test_rolling_windows_after_a_restart() -> None:
    spending = start(
        write_snapshot("scope: total, window: rolling_hour, limit: 10"),
        spend(4, at_ms=NOW - HOUR_MS + 120_000),
        spend(3, at_ms=NOW),
        spend(9, at_ms=NOW - 2 * HOUR_MS),
    )
    shortage = refuse(spending, claim(4))
    assert (shortage.left, shortage.retry_after_s) == (3 * USD, 240)
    take(spending, claim(7, at_ms=NOW + 240_000))


def test_budgets_and_limits_from_elsewhere_are_like_those_of_the_document() -> None:
    spending = start(
        write_snapshot("scope: total, window: day, limit: 10"),
        spend(3, user="ada"),
        extra=(Budget("Ada's key", "user", "ada", "day", 4 * USD),),
        extra_limits=(RateLimit("Ada's rate", "user", "ada", concurrent=1),),
    )
    assert refuse(spending, claim(2)).name == "Ada's key"
    take(spending, claim(1))
    assert spending.look(NOW, ADA).budget_nusd == 4 * USD
    assert refuse(spending, claim(0)).name == "Ada's rate"


LIMITS = """\
limits:
  - {scope: 'user:*', requests_per_minute: 12, concurrent: 2}
  - {name: tokens of openai, scope: 'provider:openai', tokens_per_minute: 300}
"""


def test_rates_and_calls_at_the_same_time() -> None:
    now = [0]
    spending = Spending(Ledger(), clock_ns=lambda: now[0])
    asyncio.run(spending.follow(write_snapshot(more=LIMITS), NOW))
    held = take(spending, claim(None))
    assert held.most_nusd is None
    take(spending, claim(None, OTHER))
    many = refuse(spending, claim(None, OTHER))
    assert (many.of, many.scope, many.limit, many.window, many.is_of_place) == (
        *("concurrency", "user:ada", 2, ""),
        False,
    )
    spending.release(held, 0, 40)
    fast = refuse(spending, claim(None, OTHER))
    assert (fast.of, fast.window, fast.left, fast.retry_after_s) == ("requests", "minute", 0, 5.0)
    bob = Payer(user="bob")
    large = refuse(spending, claim(None, payer=bob, tokens=262))
    assert (large.of, large.name, large.left, large.is_of_place) == ("tokens", "tokens of openai", 260, True)
    assert large.retry_after_s == 0.4
    take(spending, claim(None, payer=bob, tokens=260))
    now[0] = 5 * SECOND_NS
    take(spending, claim(None, OTHER))


def test_a_change_of_the_configuration_forgets_no_rate() -> None:
    spending = start(write_snapshot(more=LIMITS))
    held = [take(spending, claim(None, OTHER)) for _ in range(2)]
    asyncio.run(spending.follow(write_snapshot(more=LIMITS.replace("12", "18")), NOW))
    assert refuse(spending, claim(None, OTHER)).of == "concurrency"
    for one in held:
        spending.release(one, 0, 0)
    held = [take(spending, claim(None, OTHER))]
    assert (shortage := refuse(spending, claim(None, OTHER))).of == "requests"
    assert shortage.retry_after_s == pytest.approx(60 / 18)
    asyncio.run(spending.follow(write_snapshot(), NOW))
    assert not spending.has_any


def test_when_a_limit_refuses_no_budget_is_held() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 10", more=LIMITS))
    assert refuse(spending, claim(1, tokens=301)).retry_after_s is None
    assert count_held(spending) == {}


def test_only_holds_of_its_own_are_taken() -> None:
    class Stranger:
        most_nusd = 5

    spending = start(write_snapshot("scope: total, window: day, limit: 10"))
    with pytest.raises(TypeError):
        spending.hold(claim(1), Stranger())
    with pytest.raises(TypeError):
        spending.release(Stranger(), 0, 0)


def test_nobody_is_asked_for_more_where_nothing_is_shared() -> None:
    spending = start(write_snapshot("scope: total, window: day, limit: 1"))
    shortage = refuse(spending, claim(2))
    assert not shortage.can_wait
    assert asyncio.run(spending.fetch(claim(2), shortage)) is False
