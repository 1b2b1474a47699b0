"""Of all budgets that apply to a request the narrowest is shown, and each that is used up has its say."""

from pathlib import Path

import pytest
from spending_books import CLOUD, NOW, OTHER_CLOUD, USD, Books, run_gateway, spend, write_snapshot

from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.money_facts import ClosedScope, MoneyFacts, Payer
from pointsman.core.routing.outcome import Outcome

ADA = {"user": "ada", "key_id": "key_1", "team": "red", "tags": ("nightly",)}
DAY = "window: day"

NARROWER_AND_WIDER = [
    "'user:ada'",
    "'key:key_1'",
    "'team:red'",
    "'agent:writer'",
    "'interaction:chat'",
    "'tag:nightly'",
    "'model:gpt-4o'",
    "'provider:openai'",
    "cloud",
    "total",
]


def _look(path: Path, snapshot: Snapshot, *outcomes: Outcome, **caller: object) -> MoneyFacts:
    async def look(books: Books) -> MoneyFacts:
        await books.spending.follow(snapshot, NOW)
        books.record(*outcomes)
        return books.spending.look(NOW, Payer(**caller))

    return run_gateway(path / "pointsman.db", look)


@pytest.mark.parametrize("at", range(len(NARROWER_AND_WIDER)))
def test_the_narrowest_budget_is_shown(tmp_path: Path, at: int) -> None:
    scopes = NARROWER_AND_WIDER[at:]
    limits = {scope: 100 + place for place, scope in enumerate(scopes)}
    snapshot = write_snapshot(*(f"scope: {scope}, {DAY}, limit: {limit}" for scope, limit in reversed(limits.items())))
    facts = _look(tmp_path, snapshot, **ADA, agent="writer", interaction="chat")
    assert facts.budget_nusd == 100 * USD


@pytest.mark.parametrize(
    ("budgets", "limit"),
    [
        (["window: month, limit: 9", "window: day, limit: 8", "window: hour, limit: 7"], 8),
        (["window: month, limit: 9", "window: week, limit: 8", "window: hour, limit: 7"], 7),
        (["window: month, limit: 9", "window: week, limit: 8"], 8),
        (["window: day, limit: 9", "window: day, limit: 8, on_exceed: alert"], 8),
    ],
)
def test_of_several_for_one_scope_a_day_counts_first(tmp_path: Path, budgets: list[str], limit: int) -> None:
    snapshot = write_snapshot(*(f"scope: 'user:ada', {budget}" for budget in budgets))
    assert _look(tmp_path, snapshot, user="ada").budget_nusd == limit * USD


def test_of_several_tags_a_day_counts_first(tmp_path: Path) -> None:
    snapshot = write_snapshot("scope: 'tag:a', window: month, limit: 1", "scope: 'tag:b', window: day, limit: 9")
    for tags in (("a", "b"), ("b", "a"), ("b", "b", "a", "c")):
        assert _look(tmp_path, snapshot, tags=tags).budget_nusd == 9 * USD


def test_the_daily_cost_is_that_of_the_scope_and_its_own_day(tmp_path: Path) -> None:
    snapshot = write_snapshot("scope: 'user:ada', window: month, limit: 100, time_zone: Pacific/Auckland")
    # In Auckland it is one o'clock in the night of the 22nd.
    today, hours_ago = spend(2, NOW, user="ada"), spend(3, NOW - 2 * 3_600_000, user="ada")
    facts = _look(tmp_path, snapshot, today, hours_ago, spend(50, user="bob"), user="ada")
    assert (facts.daily_cost_nusd, facts.budget_nusd) == (2 * USD, 100 * USD)
    assert _look(tmp_path, snapshot, user="ada").daily_cost_nusd == 2 * USD


def test_without_a_budget_all_that_was_spent_today_counts(tmp_path: Path) -> None:
    spent = (spend(2, **CLOUD), spend(3), spend(7, NOW - 86_400_000, **CLOUD))
    expected = MoneyFacts(daily_cost_nusd=5 * USD, cloud_today_nusd=2 * USD)
    assert _look(tmp_path, write_snapshot(), *spent) == expected
    other = write_snapshot("scope: 'user:bob', window: day, limit: 1")
    assert _look(tmp_path, other, user="ada") == expected


@pytest.mark.parametrize("on_exceed", ["deny", "local_only", "budget_mode", "cheaper", "alert"])
@pytest.mark.parametrize(
    ("cents", "saves", "reached"), [(79, False, False), (80, True, False), (99, True, False), (100, True, True)]
)
def test_saving_begins_at_four_fifths(tmp_path: Path, on_exceed: str, cents: int, saves: bool, reached: bool) -> None:
    snapshot = write_snapshot(f"scope: 'team:red', window: month, limit: 1, on_exceed: {on_exceed}")
    facts = _look(tmp_path, snapshot, spend(cents / 100, team="red"), team="red")
    assert (facts.budget_mode, facts.cost_limit_reached) == (saves, reached)
    says = {"deny": facts.denied_by, "local_only": facts.local_only, "cheaper": facts.cheaper}
    assert {kind for kind, said in says.items() if said} == ({on_exceed} & set(says) if reached else set())


def test_a_wider_budget_that_is_used_up_has_its_say(tmp_path: Path) -> None:
    snapshot = write_snapshot(
        "scope: 'user:ada', window: day, limit: 100",
        "scope: total, window: month, limit: 5, name: the house",
        "scope: cloud, window: day, limit: 4, name: the clouds, on_exceed: local_only",
    )
    facts = _look(tmp_path, snapshot, spend(5, **CLOUD), user="ada", agent="writer")
    assert (facts.budget_nusd, facts.daily_cost_nusd) == (100 * USD, 0)
    assert (facts.denied_by, facts.local_only, facts.cost_limit_reached) == ("the house", "the clouds", True)


def test_a_limit_of_nothing_is_used_up_from_the_start(tmp_path: Path) -> None:
    snapshot = write_snapshot("scope: 'team:red', window: day, limit: 0, confirm_zero: true")
    assert _look(tmp_path, snapshot, team="red").denied_by == "team:red per day"
    assert _look(tmp_path, snapshot, team="blue").denied_by is None


BOTH_CLOUDS = (
    "scope: 'provider:openai', window: day, limit: 5",
    "scope: 'provider:anthropic', window: day, limit: 3",
    "scope: cloud, window: day, limit: 50",
)


def test_budgets_over_candidates_apply_to_callers_that_could_go_there(tmp_path: Path) -> None:
    snapshot = write_snapshot(*BOTH_CLOUDS)
    spent = (spend(4, **CLOUD), spend(1, **OTHER_CLOUD))
    # Its own model comes before its fallback, though the budget over that is lower.
    writer = _look(tmp_path, snapshot, *spent, agent="writer")
    assert (writer.budget_nusd, writer.daily_cost_nusd, writer.budget_mode) == (5 * USD, 4 * USD, True)
    reviewer = _look(tmp_path, snapshot, agent="reviewer")
    assert (reviewer.budget_nusd, reviewer.daily_cost_nusd, reviewer.budget_mode) == (None, 5 * USD, False)
    assert _look(tmp_path, snapshot, interaction="chat").budget_nusd == 3 * USD
    assert _look(tmp_path, snapshot, task="review").budget_nusd == 3 * USD
    anybody = _look(tmp_path, snapshot)
    assert (anybody.budget_nusd, anybody.daily_cost_nusd) == (50 * USD, 5 * USD)


def test_where_everything_stays_local_no_budget_over_the_cloud_applies(tmp_path: Path) -> None:
    snapshot = write_snapshot(*BOTH_CLOUDS, more="routing: {force_local_models: true}\n")
    for caller in ({}, {"agent": "reviewer"}, {"interaction": "chat"}):
        assert _look(tmp_path, snapshot, **caller).budget_nusd is None


def test_where_a_model_is_asked_for_only_budgets_over_it_apply(tmp_path: Path) -> None:
    snapshot = write_snapshot(*BOTH_CLOUDS, "scope: 'model:other', window: month, limit: 2")
    assert _look(tmp_path, snapshot, agent="writer", model="other").budget_nusd == 2 * USD
    assert _look(tmp_path, snapshot, agent="writer", model="gpt-4o").budget_nusd == 5 * USD
    assert _look(tmp_path, snapshot, agent="writer", model="small").budget_nusd is None


def test_a_provider_that_is_used_up_closes_its_models_and_denies_nobody(tmp_path: Path) -> None:
    snapshot = write_snapshot(*BOTH_CLOUDS)
    facts = _look(tmp_path, snapshot, spend(5, **CLOUD), agent="writer")
    assert facts.closed == (ClosedScope("provider", "openai", "provider:openai per day"),)
    assert (facts.denied_by, facts.cost_limit_reached) == (None, True)
    # It is closed for whoever asks, because a rule may name any model.
    assert _look(tmp_path, snapshot, agent="reviewer").closed == facts.closed


WHOEVER = ({"agent": "writer"}, {"interaction": "chat"}, {"task": "review"}, {"model": "other"}, {})


@pytest.mark.parametrize("scope", ["cloud", "'provider:anthropic'", "'model:other'"])
@pytest.mark.parametrize("who", WHOEVER)
def test_a_spent_budget_keeps_whoever_could_go_there_on_local_models(
    tmp_path: Path, scope: str, who: dict[str, str]
) -> None:
    snapshot = write_snapshot(f"scope: {scope}, {DAY}, limit: 5, on_exceed: local_only, name: spent")
    assert _look(tmp_path, snapshot, spend(5, **OTHER_CLOUD), **who).local_only == "spent"
    for elsewhere in ({"agent": "reviewer"}, {"model": "small"}):
        facts = _look(tmp_path, snapshot, spend(5, **OTHER_CLOUD), **elsewhere)
        assert facts.local_only is None
        # A rule or a person may name a cloud model all the same.
        assert [closed.spares_local for closed in facts.closed] == [True]
