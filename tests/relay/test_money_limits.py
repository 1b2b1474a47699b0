"""What a request may cost, and what budgets leave of it: said to the client, and never passed by a second call."""

import asyncio
import json

import pytest

from core.config.compiling import compile_good
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.money_facts import ClosedScope, MoneyFacts
from pointsman.relay.hedge_pace import HedgePace
from relay.scripted import SNAPSHOT, Answer, Conversation, ScriptedUpstream
from relay.test_hedging import Mute
from relay.test_serve import PLAIN, ask
from relay.test_verification import CONFIDENT, DOCUMENT, REQUIRED, UNSURE, judge, say, text_of, told

BUDGET = 'budgets: [{scope: total, window: day, limit: "5"}]\n'
BUDGETED = compile_good(DOCUMENT + BUDGET)


def converse(snapshot: Snapshot, target: str, *script: Answer, **fields: object) -> Conversation:
    conversation = Conversation(ScriptedUpstream(list(script)), snapshot=snapshot)
    asyncio.run(conversation.run(ask(target, **fields)))
    return conversation


def cost_at_most(usd: str) -> dict[str, object]:
    return {"max_tokens": 100, "metadata": {"max_cost": usd}}


def test_a_request_that_may_cost_so_much_at_most_has_no_second_model_beside_the_first() -> None:
    conversation = Conversation(Mute([Answer([PLAIN])]), hedging=HedgePace(0.0, 0.0))
    asyncio.run(conversation.run(ask("agent:hedged", **cost_at_most("9"))))
    assert conversation.upstream.called == ["one"]
    assert [each.part for each in conversation.outcomes[0].charges] == ["answer"]
    assert SNAPSHOT.agents["hedged"].hedges


@pytest.mark.parametrize(("usd", "is_checked"), [("0.05", True), ("0.004", False)])
def test_a_check_is_made_where_it_and_a_second_answer_fit_in(usd: str, is_checked: bool) -> None:
    conversation = converse(REQUIRED, "agent:careful", say("five"), judge(False), say("four"), **cost_at_most(usd))
    if is_checked:
        assert text_of(conversation) == "four" and conversation.upstream.called == ["own", "big", "big"]
    else:
        assert told(conversation) == "skipped; max_cost" and text_of(conversation) == "five"
        assert conversation.upstream.called == ["own"]


def test_a_second_answer_alone_may_fit_in() -> None:
    unsure, sure = say("five", [-3.0]), say("four")
    conversation = converse(UNSURE, "agent:careful", unsure, sure, **cost_at_most("0.004"))
    assert text_of(conversation) == "four" and conversation.outcomes[0].cost_nusd <= 4_000_000


def test_what_the_first_answer_cost_counts() -> None:
    price = 'model_id: own, price_per_1m_tokens: {input: "190", output: "190"}}'
    snapshot = compile_good(DOCUMENT.replace("model_id: own}", price) + CONFIDENT)
    choice = {"message": {"content": "five"}, "logprobs": {"content": [{"token": "x", "logprob": -3.0}]}}
    answer = {"choices": [choice], "usage": {"prompt_tokens": 10, "completion_tokens": 100}}
    unsure = Answer([json.dumps(answer).encode()])
    conversation = converse(snapshot, "agent:careful", unsure, **cost_at_most("0.0222"))
    assert told(conversation) == "skipped; max_cost"
    assert conversation.outcomes[0].cost_nusd == 110 * 190_000


def test_a_budget_that_is_used_up_refuses_and_asks_for_no_retry() -> None:
    conversation = Conversation(ScriptedUpstream([]), snapshot=BUDGETED, money=MoneyFacts(denied_by="the house"))
    asyncio.run(conversation.run(ask("agent:careful")))
    error = json.loads(conversation.client.body)["error"]
    assert conversation.client.status == 429 and conversation.client.headers[b"x-should-retry"] == b"false"
    assert (error["code"], error["type"]) == ("budget_exceeded", "insufficient_quota")
    assert 'The budget "the house" is used up' in error["message"]
    assert conversation.upstream.called == [] and conversation.outcomes[0].failure == "budget_exceeded"


def test_a_budget_over_all_candidates_refuses_as_well() -> None:
    money = MoneyFacts(closed=(ClosedScope("provider", "far", "far away"),))
    conversation = Conversation(ScriptedUpstream([]), snapshot=BUDGETED, money=money)
    asyncio.run(conversation.run(ask("big")))
    error = json.loads(conversation.client.body)["error"]
    assert (conversation.client.status, error["code"]) == (429, "budget_exceeded")
    assert 'the budget "far away" is used up' in error["message"]


@pytest.mark.parametrize(
    ("money", "called"),
    [
        (MoneyFacts(), "big"),
        (MoneyFacts(closed=(ClosedScope("model", "big", "b"),)), "own"),
        (MoneyFacts(closed=(ClosedScope("cloud", "", "b", spares_local=True),)), "own"),
        (MoneyFacts(closed=(ClosedScope("provider", "near", "b"),)), "big"),
        (MoneyFacts(closed=(ClosedScope("provider", "far", "b"), ClosedScope("provider", "near", "b", True))), "own"),
        (MoneyFacts(cheaper="b"), "own"),
    ],
)
def test_what_budgets_leave_serves(money: MoneyFacts, called: str) -> None:
    snapshot = compile_good(DOCUMENT.replace("{model: own, fallback: [big]}", "{model: big, fallback: [own]}") + BUDGET)
    conversation = Conversation(ScriptedUpstream([say("four")]), snapshot=snapshot, money=money)
    asyncio.run(conversation.run(ask("agent:careful")))
    assert conversation.upstream.called == [called]
    if money.cheaper:
        assert conversation.client.headers[b"x-pointsman-decision"] == b"strategy"
