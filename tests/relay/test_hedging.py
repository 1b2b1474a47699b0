"""A second model beside a slow first one: who answers, what is aborted, what is charged, and that nothing is left."""

import asyncio
from dataclasses import dataclass, field

import pytest

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers
from pointsman.relay.hedge_pace import CREDITS_AT_START, CREDITS_PER_HEDGE, LEAST_SAMPLES, MOST_MODELS, HedgePace
from relay.scripted import Answer, Conversation, NoteSending, ScriptedUpstream, model
from relay.test_serve import DONE, FIRST, LAST, PLAIN, USAGE, ask

STREAM = FIRST + LAST + USAGE + DONE


@dataclass
class Silent(Answer):
    """Its head has come, and then nothing, until `go` is set."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> bytes:
        await self.go.wait()
        return await super().read()


@dataclass
class Mute(ScriptedUpstream):
    """Calls of the models named never get a head, or not even a connection; it is noted how they end."""

    mute: tuple[str, ...] = ()
    connecting: tuple[str, ...] = ()
    aborted: list[str] = field(default_factory=list)

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: NoteSending,
        headers: Headers = (),
    ) -> Answer:
        if deployment.model not in (*self.mute, *self.connecting):
            return await super().send(deployment, path, body, stream=stream, note_sending=note_sending)
        self.called.append(deployment.model)
        if note_sending and deployment.model not in self.connecting:
            note_sending()
        try:
            await asyncio.Event().wait()
            raise AssertionError
        except asyncio.CancelledError:
            self.aborted.append(deployment.model)
            raise


def failing(kind: FailureKind) -> UpstreamFailure:
    return UpstreamFailure(kind, "as scripted", sent=True)


def hedge(
    *script: Answer | UpstreamFailure,
    stream: bool = False,
    mute: tuple[str, ...] = (),
    connecting: tuple[str, ...] = (),
) -> Conversation:
    conversation = Conversation(Mute(list(script), mute=mute, connecting=connecting), hedging=HedgePace(0.0, 0.0))

    async def run() -> None:
        await conversation.run(ask("agent:hedged", stream=stream))
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}, "a call leaves no task behind"

    asyncio.run(run())
    return conversation


@pytest.mark.parametrize("stream", [False, True])
def test_the_second_answers_where_the_first_is_silent(stream: bool) -> None:
    silent = Silent()
    conversation = hedge(silent, Answer([STREAM if stream else PLAIN]), stream=stream)
    (outcome,) = conversation.outcomes
    assert conversation.upstream.called == ["one", "two"]
    assert silent.ended == "closed"
    assert (outcome.status, outcome.model, outcome.attempts) == (200, "two", 2)
    assert conversation.client.headers[b"x-pointsman-model"] == b"two"
    assert conversation.client.headers[b"x-pointsman-degraded"] == b"fallback"


def test_a_first_call_without_even_a_head_is_aborted_at_once() -> None:
    conversation = hedge(Answer([PLAIN]), mute=("one",))
    assert conversation.upstream.aborted == ["one"]  # type: ignore[attr-defined]
    assert conversation.outcomes[0].model == "two"


def test_the_loser_is_charged_by_estimate() -> None:
    body = ask("agent:hedged", stream=False)
    (outcome,) = hedge(Silent(), Answer([PLAIN])).outcomes
    prompt = -(-len(body) // 4)
    assert outcome.cost_status == "estimated"
    assert outcome.usage == Usage(10 + prompt, 3)
    assert outcome.cost_nusd == 16_000 + prompt * 1_000


def test_a_loser_that_answered_as_well_is_charged_by_what_it_said() -> None:
    conversation = Conversation(ScriptedUpstream([]), hedging=HedgePace(0.0, 0.0))
    first, second = Silent([PLAIN]), Silent([PLAIN])
    conversation.upstream.script = [first, second]

    async def run() -> None:
        task = asyncio.create_task(conversation.run(ask("agent:hedged")))
        while len(conversation.upstream.called) < 2:
            await asyncio.sleep(0)
        first.go.set()
        second.go.set()
        await task

    asyncio.run(run())
    (outcome,) = conversation.outcomes
    assert (outcome.model, outcome.attempts, outcome.cost_status) == ("one", 2, "actual")
    assert (outcome.usage, outcome.cost_nusd) == (Usage(20, 6), 32_000)
    assert first.ended == second.ended == "closed"
    assert b"x-pointsman-degraded" not in conversation.client.headers


def test_a_first_model_that_is_quick_has_no_second() -> None:
    conversation = Conversation(ScriptedUpstream([Answer([PLAIN])]), hedging=HedgePace(60.0, 60.0))
    asyncio.run(conversation.run(ask("agent:hedged")))
    assert conversation.upstream.called == ["one"]


def test_a_first_failure_falls_back_in_order_and_a_second_one_goes_on() -> None:
    broken = failing(FailureKind.SERVER_ERROR)
    conversation = Conversation(ScriptedUpstream([broken, broken, Answer([PLAIN])]), hedging=HedgePace(60.0, 60.0))
    asyncio.run(conversation.run(ask("agent:hedged")))
    assert conversation.upstream.called == ["one", "two", "three"]
    assert conversation.outcomes[0].attempts == 3


def test_where_the_second_fails_the_first_is_still_waited_for() -> None:
    conversation = Conversation(ScriptedUpstream([]), hedging=HedgePace(0.0, 0.0))
    first = Silent([PLAIN])
    conversation.upstream.script = [first, failing(FailureKind.INVALID_REQUEST)]

    async def run() -> None:
        task = asyncio.create_task(conversation.run(ask("agent:hedged")))
        while len(conversation.upstream.called) < 2:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        first.go.set()
        await task

    asyncio.run(run())
    assert (conversation.outcomes[0].model, conversation.outcomes[0].attempts) == ("one", 2)


def test_a_mistake_of_the_clients_that_the_first_finds_ends_both() -> None:
    conversation = Conversation(Mute([], mute=("two",)), hedging=HedgePace(0.0, 0.0))
    first = Silent(status=400)
    conversation.upstream.script = [first]

    async def run() -> None:
        task = asyncio.create_task(conversation.run(ask("agent:hedged")))
        while len(conversation.upstream.called) < 2:
            await asyncio.sleep(0)
        first.go.set()
        await task
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(run())
    assert conversation.client.status == 400
    assert conversation.upstream.aborted == ["two"]  # type: ignore[attr-defined]
    assert (conversation.outcomes[0].model, conversation.outcomes[0].cost_status) == ("one", "estimated")


@pytest.mark.parametrize("mute", [("one",), ("one", "two")])
def test_a_client_that_leaves_takes_both_calls_with_it(mute: tuple[str, ...]) -> None:
    conversation = Conversation(Mute([Silent()], mute=mute), hedging=HedgePace(0.0, 0.0))
    body = ask("agent:hedged")

    async def leave() -> None:
        task = asyncio.create_task(conversation.run(body))
        while len(conversation.upstream.called) < 2:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(leave())
    (outcome,) = conversation.outcomes
    assert conversation.upstream.aborted == list(mute)  # type: ignore[attr-defined]
    assert (outcome.failure, outcome.attempts, outcome.cost_status) == ("client_disconnected", 2, "estimated")
    assert outcome.usage == Usage(2 * -(-len(body) // 4), 0)


def test_at_most_one_in_twenty_requests_is_hedged() -> None:
    pace = HedgePace()
    taken = 0
    for _ in range(10_000):
        pace.count_request()
        taken += pace.take()
    assert taken == (10_000 + CREDITS_AT_START) // CREDITS_PER_HEDGE


def test_the_delay_follows_what_was_seen() -> None:
    pace, slow = HedgePace(), model("slow")
    assert pace.find_delay_s(slow, True, 0) == 2.0
    for place in range(LEAST_SAMPLES):
        pace.note(slow, True, float(place), 0)
    assert pace.find_delay_s(slow, True, 0) == 18.0
    assert pace.find_delay_s(slow, False, 0) == 2.0, "whole answers take another time"
    assert pace.find_delay_s(slow, True, 301) == 2.0, "what was seen long ago says nothing"
    for _ in range(100):
        pace.note(slow, True, 0.01, 400)
    assert pace.find_delay_s(slow, True, 400) == 1.0, "never sooner than the least delay"


def test_memory_of_delays_is_bounded() -> None:
    pace = HedgePace()
    for place in range(MOST_MODELS + 10):
        pace.note(model(f"m{place}"), True, 1.0, 0)
    assert len(pace._samples) == MOST_MODELS
