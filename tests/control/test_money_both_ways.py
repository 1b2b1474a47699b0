"""Who asks beforehand where a request would go is told what the gateway then does, whatever was spent."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spending_books import CLOUD, NOW, OTHER_CLOUD, Books, run_gateway, spend, write_snapshot

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.dialects.openai_chat.decode_request import decode_request
from pointsman.core.routing.add_money import name_payer
from pointsman.core.routing.ask import Question, build_hypothesis
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.estimate_tokens import estimate_tokens
from pointsman.core.routing.gather_facts import Circumstances, find_caller_of, gather_facts
from pointsman.core.routing.key_policy import NO_POLICY
from pointsman.core.routing.money_facts import MoneyFacts
from pointsman.core.routing.outcome import Outcome
from pointsman.core.routing.said import Said

SCOPES = ["total", "cloud", "'provider:openai'", "'provider:anthropic'", "'provider:house'", "'model:gpt-4o'"]
SCOPES += ["'model:small'", "'agent:writer'", "'interaction:chat'", "'user:ada'", "'tag:nightly'"]
ENDS = ["deny", "local_only", "budget_mode", "cheaper", "alert"]
BUDGET = st.builds(
    "scope: {}, window: day, limit: {}, on_exceed: {}".format, *map(st.sampled_from, (SCOPES, [4, 9], ENDS))
)
ROUTING = st.sampled_from(
    [
        "",
        "routing: {aliases: {whatever: gpt-4o}}\n",
        "routing: {savings: [use_cheaper_models_for_simple_tasks]}\n",
        "routing: {strategy: cost_optimized, strategies: {cost_optimized: {cloud_budget_per_day: 5}}}\n",
        "routing: {rules: [{name: r, when: daily_cost > budget * 0.5, action: switch_to_fallback}]}\n",
    ]
)
SPENT = st.lists(st.tuples(st.sampled_from([CLOUD, OTHER_CLOUD, {}]), st.integers(1, 9)), max_size=3)
TARGETS = ["agent:writer", "agent:reviewer", "interaction:chat", "task:review", "gpt-4o", "small", "other", "auto"]
TARGETS += ["whatever"]
WHO = {"user": "ada", "agent": "writer", "interaction": "chat", "tags": ("nightly",)}


def ask_gateway(snapshot: Snapshot, request: ChatRequest, said: Said, books: Books) -> Decision | Refusal:
    """The decision about a real request."""

    def look() -> MoneyFacts:
        return look_at(books, snapshot, request.model, said)

    facts = gather_facts(snapshot, request, Circumstances(NO_POLICY, said, at_ms=NOW, money=look))
    return decide(snapshot, facts)


def ask_beforehand(snapshot: Snapshot, request: ChatRequest, said: Said, books: Books) -> Decision | Refusal:
    """The same about one that nobody has sent."""
    question = Question(
        target=request.model,
        agent=said.agent,
        task=dict(said.task or {}),
        given={"request.tokens_estimated": estimate_tokens(request)},
        money=look_at(books, snapshot, request.model, said),
        user=said.user,
        tags=said.tags,
    )
    return build_hypothesis(snapshot, question).decide()


def look_at(books: Books, snapshot: Snapshot, target: str, said: Said) -> MoneyFacts:
    caller = find_caller_of(snapshot, target, said)
    tags = (*said.tags, *(caller.tags if caller else ()))
    payer = name_payer(snapshot, target, caller, team=None, user=said.user, key_id=None, tags=tags)
    return books.spending.look(NOW, payer)


def decide_both_ways(
    path: Path, snapshot: Snapshot, outcomes: Sequence[Outcome], target: str, said: Said
) -> tuple[Decision | Refusal, Decision | Refusal]:
    body = b'{"model": "%b", "messages": [{"role": "user", "content": "Say hello."}]}' % target.encode()

    async def run(books: Books) -> tuple[Decision | Refusal, Decision | Refusal]:
        await books.spending.follow(snapshot, NOW)
        books.record(*outcomes)
        request = decode_request(body)
        return ask_gateway(snapshot, request, said, books), ask_beforehand(snapshot, request, said, books)

    return run_gateway(path / "pointsman.db", run)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(BUDGET, max_size=3, unique_by=lambda budget: budget.partition(",")[0]),
    ROUTING,
    SPENT,
    st.sampled_from(TARGETS),
    st.sampled_from([None, "writer"]),
    st.sampled_from([1, 5, 9]),
)
def test_the_gateway_does_what_it_tells_beforehand(
    budgets: list[str],
    more: str,
    spent: list[tuple[dict[str, object], int]],
    target: str,
    agent: str | None,
    complexity: int,
) -> None:
    snapshot = write_snapshot(*budgets, more=more)
    outcomes = [spend(usd, **WHO, **place) for place, usd in spent]
    said = Said(agent=agent, task={"complexity": complexity}, user="ada", tags=("nightly",))
    with TemporaryDirectory() as directory:
        does, tells = decide_both_ways(Path(directory), snapshot, outcomes, target, said)
    assert does == tells


@pytest.mark.parametrize("scope", ["total", "'provider:openai'", "'model:gpt-4o'"])
def test_a_spent_budget_alone_is_told_beforehand(tmp_path: Path, scope: str) -> None:
    snapshot = write_snapshot(f"scope: {scope}, window: day, limit: 5, on_exceed: local_only")
    for answer in decide_both_ways(tmp_path, snapshot, [spend(5, **CLOUD)], "agent:writer", Said()):
        assert isinstance(answer, Decision)
        assert [attempt.model.name for attempt in answer.attempts] == ["small"]


@pytest.mark.parametrize("scope", ["cloud", "'provider:openai'", "'model:gpt-4o'"])
@pytest.mark.parametrize("on_exceed", ["local_only", "deny"])
@pytest.mark.parametrize("target", ["agent:writer", "interaction:talk", "task:draft", "gpt-4o", "auto", "whatever"])
def test_a_spent_budget_over_candidates_holds_for_every_kind_of_target(
    tmp_path: Path, scope: str, on_exceed: str, target: str
) -> None:
    more = "  draft: {model: gpt-4o, fallback: [small]}\n"
    more += "routing: {aliases: {whatever: gpt-4o}}\n"
    snapshot = write_snapshot(f"scope: {scope}, window: day, limit: 5, on_exceed: {on_exceed}", more=more)
    for answer in decide_both_ways(tmp_path, snapshot, [spend(5, **CLOUD)], target, Said()):
        assert ("gpt-4o", "budget_spent") in [(drop.model, drop.code) for drop in answer.dropped]
        if target in ("gpt-4o", "whatever"):
            assert isinstance(answer, Refusal) and answer.code == "budget_exceeded"
            continue
        assert isinstance(answer, Decision)
        locations = {attempt.model.deployment.location for attempt in answer.attempts}
        assert "local" in locations
        if on_exceed == "local_only":
            assert locations == {"local"}
