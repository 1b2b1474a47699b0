"""Calls that are cut short: each upstream call is charged once if its provider may have seen it, else not at all."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Settings
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.hedge_pace import HedgePace
from pointsman.secrets.environment import EnvironmentSecrets
from pointsman.upstream.client import HttpUpstream
from relay.scripted import SNAPSHOT, Answer, Conversation, ScriptedUpstream
from relay.test_hedging import Mute, Silent, hedge
from relay.test_serve import PLAIN, ask

BODY = ask("agent:hedged")
PROMPT = -(-len(BODY) // 4)
LEFT: tuple[str, ...] = ()
"""The client has gone; the server gives a reason when it cuts a call itself."""
SHUTDOWN = ("the server ends",)


def cut(
    conversation: Conversation,
    is_time: Callable[[], bool],
    body: bytes = BODY,
    turns: int = 3,
    reason: tuple[str, ...] = LEFT,
) -> Outcome:
    """Cut a call short, so many turns of the loop after a moment."""

    async def run() -> None:
        task = asyncio.create_task(conversation.run(body))
        async with asyncio.timeout(10):
            while not is_time():
                await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel(*reason)
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    (outcome,) = conversation.outcomes
    return outcome


def test_a_call_that_is_cut_as_its_first_model_answers_is_charged_once() -> None:
    seen: set[tuple[int, Usage | None]] = set()
    for turns in range(12):
        first = Silent([PLAIN])
        conversation = Conversation(Mute([first], mute=("two",)), hedging=HedgePace(0.0, 0.0))

        def is_time(conversation: Conversation = conversation, first: Silent = first) -> bool:
            if len(conversation.upstream.called) == 2:
                first.go.set()
            return first.go.is_set()

        outcome = cut(conversation, is_time, turns=turns)
        seen.add((outcome.status, outcome.usage))
    assert seen == {(499, Usage(10 + PROMPT, 3)), (200, Usage(10 + PROMPT, 3))}


def test_nothing_is_charged_while_the_next_try_is_waited_for_after_one_that_never_went_out() -> None:
    unreachable = UpstreamFailure(FailureKind.UNREACHABLE, "as scripted", sent=False, retry_after_s=5.0)
    snapshot = replace(SNAPSHOT, settings=Settings(back_off_ms=(5_000, 5_000)))
    conversation = Conversation(ScriptedUpstream([unreachable]), snapshot=snapshot)
    outcome = cut(conversation, lambda: bool(conversation.upstream.called), ask("agent:alone"))
    assert (outcome.status, outcome.failure) == (499, "client_disconnected")
    assert (outcome.usage, outcome.cost_nusd, outcome.cost_status) == (None, 0, "none")


def test_one_that_failed_after_it_went_out_is_charged_as_its_failure_says() -> None:
    overloaded = UpstreamFailure(FailureKind.OVERLOADED, "as scripted", sent=True, retry_after_s=5.0)
    conversation = Conversation(ScriptedUpstream([overloaded]))
    outcome = cut(conversation, lambda: bool(conversation.upstream.called), ask("agent:alone"))
    assert (outcome.status, outcome.cost_status) == (499, "none")


def test_a_loser_that_is_still_connecting_costs_nothing() -> None:
    conversation = hedge(Answer([PLAIN]), connecting=("one",))
    (outcome,) = conversation.outcomes
    assert conversation.upstream.called == ["one", "two"]
    assert (outcome.model, outcome.usage, outcome.cost_status) == ("two", Usage(10, 3), "actual")
    assert [(each.attempt, each.part, each.cost_nusd, each.status) for each in outcome.charges] == [
        (1, "replaced", 0, "none"),
        (2, "answer", outcome.cost_nusd, "actual"),
    ]


@pytest.mark.parametrize("reason", [LEFT, SHUTDOWN])
@pytest.mark.parametrize(("connecting", "charged"), [((), 2), (("one",), 1), (("two",), 1), (("one", "two"), 0)])
def test_of_two_calls_each_that_went_out_is_charged(
    connecting: tuple[str, ...], charged: int, reason: tuple[str, ...]
) -> None:
    upstream = Mute([], mute=("one", "two"), connecting=connecting)
    conversation = Conversation(upstream, hedging=HedgePace(0.0, 0.0))
    outcome = cut(conversation, lambda: len(upstream.called) == 2, reason=reason)
    assert outcome.failure == ("shutting_down" if reason else "client_disconnected")
    assert outcome.cost_nusd == charged * PROMPT * 1_000
    assert outcome.usage == (Usage(charged * PROMPT, 0) if charged else None)
    costs = {each.model: each.cost_nusd for each in outcome.charges}
    assert costs == {name: 0 if name in connecting else PROMPT * 1_000 for name in ("one", "two")}


def test_what_a_loser_cost_is_kept_beside_the_rest() -> None:
    (outcome,) = hedge(Silent(), Answer([PLAIN])).outcomes
    prompt = -(-len(ask("agent:hedged", stream=False)) // 4)
    loser, winner = outcome.charges
    assert (loser.attempt, loser.model, loser.part, loser.cost_nusd) == (1, "one", "replaced", prompt * 1_000)
    assert (winner.attempt, winner.model, winner.part) == (2, "two", "answer")
    assert loser.cost_nusd + (winner.cost_nusd or 0) == outcome.cost_nusd


@pytest.mark.parametrize(("scheme", "charged"), [("https", 0), ("http", 1)])
def test_over_a_real_connection_only_what_went_out_is_charged(scheme: str, charged: int) -> None:
    """The provider takes the connection and never says a word: with TLS nothing of a request can go out to it."""
    accepted = asyncio.Event()

    async def run() -> Outcome:
        writers: list[asyncio.StreamWriter] = []

        async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            await reader.read(1)
            accepted.set()

        server = await asyncio.start_server(keep_silent, "127.0.0.1", 0)
        upstream = HttpUpstream(EnvironmentSecrets({}))
        upstream.start()
        one = SNAPSHOT.models["one"]
        address = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        served = replace(one, deployment=replace(one.deployment, base_url=address))
        conversation = Conversation(upstream, snapshot=replace(SNAPSHOT, models={"one": served}))  # type: ignore[arg-type]
        task = asyncio.create_task(conversation.run(ask("agent:alone")))
        async with asyncio.timeout(10):
            await accepted.wait()
        task.cancel()
        await asyncio.wait([task])
        await upstream.close()
        for writer in writers:
            writer.close()
        server.close()
        return conversation.outcomes[0]

    outcome = asyncio.run(run())
    assert (outcome.status, outcome.cost_status) == (499, "estimated" if charged else "none")
    assert bool(outcome.cost_nusd) == bool(charged)
