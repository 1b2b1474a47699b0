"""A model that nothing stands in for is asked again where that can help, and only so often."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.compiling import compile_good
from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Settings
from pointsman.relay.repetition_budget import MOST_AT_ONCE, MOST_TARGETS, PER_SECOND, RepetitionBudget
from relay.scripted import SNAPSHOT, Answer, Conversation, ScriptedUpstream
from relay.test_serve import PLAIN, ask


def converse(agent: str, *script: Answer | UpstreamFailure, settings: Settings | None = None) -> Conversation:
    snapshot = replace(SNAPSHOT, settings=settings) if settings else SNAPSHOT
    conversation = Conversation(ScriptedUpstream(list(script)), snapshot=snapshot)
    asyncio.run(conversation.run(ask(f"agent:{agent}")))
    return conversation


def failing(kind: FailureKind, retry_after_s: float | None = 0.0, sent: bool = True) -> UpstreamFailure:
    return UpstreamFailure(kind, "as scripted", sent=sent, retry_after_s=retry_after_s)


@pytest.mark.parametrize("kind", FailureKind)
def test_each_failure_is_repeated_or_not_as_its_policy_says(kind: FailureKind) -> None:
    policy = POLICIES[kind]
    again = policy.try_again and not policy.maybe_billed
    calls = converse("alone", *[failing(kind)] * 2, Answer([PLAIN])).upstream.called
    assert len(calls) == (3 if again else 1)


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if POLICIES[kind].maybe_billed])
def test_work_that_may_be_billed_is_repeated_only_where_that_is_wanted(kind: FailureKind) -> None:
    conversation = converse("insistent", failing(kind), Answer([PLAIN]))
    assert len(conversation.upstream.called) == (2 if POLICIES[kind].try_again else 1)


def test_what_never_reached_the_provider_cannot_be_billed() -> None:
    assert converse("alone", failing(FailureKind.INTERRUPTED, sent=False), Answer([PLAIN])).client.status == 200


def test_a_repetition_counts_as_an_attempt_and_degrades_nothing() -> None:
    conversation = converse("alone", failing(FailureKind.SERVER_ERROR), Answer([PLAIN]))
    assert conversation.outcomes[0].attempts == 2
    assert b"x-pointsman-degraded" not in conversation.client.headers


@pytest.mark.parametrize("attempts", [1, 2, 5])
def test_no_more_attempts_than_are_set(attempts: int) -> None:
    settings = Settings(attempts=attempts, back_off_ms=(0, 0))
    conversation = converse("alone", *[failing(FailureKind.OVERLOADED)] * attempts, settings=settings)
    assert len(conversation.upstream.called) == conversation.outcomes[0].attempts == attempts


def test_where_others_stand_in_nothing_is_repeated() -> None:
    broken = failing(FailureKind.SERVER_ERROR)
    assert converse("pair", broken, broken).upstream.called == ["one", "two"]


def test_a_provider_that_asks_for_a_long_wait_is_not_waited_for() -> None:
    assert len(converse("alone", failing(FailureKind.RATE_LIMITED, 5.1)).upstream.called) == 1


def test_no_wait_goes_beyond_the_callers_time() -> None:
    upstream = ScriptedUpstream([failing(FailureKind.OVERLOADED, 4.9)])
    conversation = Conversation(upstream, now_s=99.5 + 600 - 4)
    asyncio.run(conversation.run(ask("agent:alone")))
    assert conversation.client.status == 503 and len(upstream.called) == 1


def test_a_client_that_leaves_during_the_wait_is_settled_at_once() -> None:
    settings = Settings(back_off_ms=(60_000, 60_000))
    upstream = ScriptedUpstream([failing(FailureKind.SERVER_ERROR, None)])
    conversation = Conversation(upstream, snapshot=replace(SNAPSHOT, settings=settings))

    async def leave() -> None:
        task = asyncio.create_task(conversation.run(ask("agent:alone")))
        while not upstream.called:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(leave())
    assert conversation.outcomes[0].failure == "client_disconnected" and len(upstream.called) == 1


@given(st.lists(st.floats(0, 5), max_size=200))
def test_a_target_gets_a_few_repetitions_at_once_and_then_a_trickle(pauses_s: list[float]) -> None:
    budget, now_s, granted = RepetitionBudget(), 1_000.0, 0
    for pause_s in pauses_s:
        now_s += pause_s
        granted += budget.take("p/m", now_s)
    assert granted <= MOST_AT_ONCE + (now_s - 1_000) * PER_SECOND + 1e-6


def test_the_budget_of_one_target_is_not_anothers_and_memory_is_bounded() -> None:
    budget = RepetitionBudget()
    assert [budget.take("a", 0) for _ in range(MOST_AT_ONCE + 1)].count(True) == MOST_AT_ONCE
    assert budget.take("b", 0) and not budget.take("a", 0)
    for place in range(2 * MOST_TARGETS):
        budget.take(f"p/{place}", 0)
    assert len(budget._buckets) == MOST_TARGETS


def test_a_document_says_how_long_to_wait_and_who_may_be_billed_twice() -> None:
    snapshot = compile_good(
        """\
providers: {near: {base_url: "http://localhost:8080/v1"}}
models: {own: {provider: near}}
agents:
  heir: {model: own}
  shy: {model: own, policy: {retry_after_send: false}}
policy: {retry_after_send: true}
routing: {back_off: {initial: 20ms, max: 1s}}
"""
    )
    assert snapshot.settings.back_off_ms == (20, 1_000)
    assert [snapshot.agents[name].retries_after_send for name in ("heir", "shy")] == [True, False]
