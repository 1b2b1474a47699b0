"""What routing makes of a configuration, observed on the real thing: decisions, calls, money, rate limits."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec.structs import replace
from observations import (
    ASKED,
    Document,
    NoteSending,
    NotingClient,
    NotingUpstream,
    Observation,
    ScriptedAnswer,
    compile_document,
)

from openai_door import DOOR
from pointsman.control.spending import Spending
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.limits.claims import Claim, Place, Shortage
from pointsman.core.limits.scopes import CostQuestion
from pointsman.core.ports import Headers
from pointsman.core.routing.decide import decide
from pointsman.core.routing.decision import Decision, Refusal
from pointsman.core.routing.facts import NOTHING_SEEN, Facts, LiveTarget
from pointsman.core.routing.money_facts import Payer
from pointsman.core.routing.outcome import AttemptCharge, Outcome
from pointsman.relay.call import Call, Progress, Relay
from pointsman.relay.hedge_pace import HedgePace
from pointsman.relay.repetition import find_wait_s
from pointsman.relay.serve import serve
from pointsman.telemetry.decision_trace import trace_decision
from pointsman.telemetry.log_lines import Event
from storage.usage_examples import EXAMPLE

PRIVATE = "Write to ada.lovelace@example.com"
TURNS = 500
"""How often a slow provider lets others go first."""


def chosen(target: str, live: dict[str, LiveTarget] | None = None, **facts: Any) -> Observation:
    """Which models serve a request of these facts, in order, which do not, and what settled that."""

    def observe(document: Document) -> object:
        decision = decide(compile_document(document), Facts(target, **facts), live or NOTHING_SEEN)
        dropped = [(drop.model, drop.code) for drop in decision.dropped]
        if isinstance(decision, Refusal):
            return decision.code, dropped
        order = [(attempt.model.name, attempt.degraded) for attempt in decision.attempts]
        return order, dropped, decision.decided_by, decision.check, decision.fired

    return observe


def told(target: str, **facts: Any) -> Observation:
    """What people are told of the choice."""

    def observe(document: Document) -> object:
        decision = decide(compile_document(document), Facts(target, **facts))
        if isinstance(decision, Refusal):
            return decision.message
        return decision.text, [drop.reason for drop in decision.dropped]

    return observe


def dealt(target: str, requests: Sequence[dict[str, Any]]) -> Observation:
    """The model of each of several requests."""

    def observe(document: Document) -> object:
        snapshot = compile_document(document)
        decisions = [decide(snapshot, Facts(target, **facts)) for facts in requests]
        return [one.attempts[0].model.name if isinstance(one, Decision) else one.code for one in decisions]

    return observe


class Slow(NotingUpstream):
    """Takes its time over the model m."""

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: NoteSending,
        headers: Headers = (),
    ) -> ScriptedAnswer:
        answer = await super().send(deployment, path, body, stream=stream, note_sending=note_sending)
        for _ in range(TURNS if deployment.model == "m" else 0):
            await asyncio.sleep(0)
        return answer


class Unreadable(NotingUpstream):
    """Answers, and nobody can read it."""

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: NoteSending,
        headers: Headers = (),
    ) -> ScriptedAnswer:
        await super().send(deployment, path, body, stream=stream, note_sending=note_sending)
        return ScriptedAnswer(200, b"<html>")


@dataclass(frozen=True)
class Surroundings:
    """What a request comes into.

    Attributes:
        content: what it says.
        words: its headers that are meant for us.
        upstream: how providers answer.
        names: finds names in it.
        spent_nusd: on the cloud, shortly before.
    """

    content: str = "Hello"
    words: tuple[tuple[bytes, bytes], ...] = ()
    upstream: type[NotingUpstream] = NotingUpstream
    names: Callable[[Sequence[str]], Awaitable[frozenset[str]]] | None = None
    spent_nusd: int = 0


def asked(target: str, around: Surroundings = Surroundings()) -> Observation:
    """A request through the relay: who was asked, in order, and what the client got."""

    def observe(document: Document) -> object:
        return asyncio.run(_ask(document, target, around))

    return observe


async def _ask(document: Document, target: str, around: Surroundings) -> object:
    snapshot = compile_document(document)
    upstream, client = around.upstream(200), NotingClient()
    spending = Spending(NoRows())
    await spending.follow(snapshot, NOW_MS)
    spending.record(spend(around.spent_nusd, NOW_MS))
    outcomes: list[Outcome] = []
    relay = Relay(
        upstream,
        outcomes.append,
        lambda: 1.0,
        look_at_money=spending.look,
        find_names=around.names or _find_nothing,
        hedging=HedgePace(0.0, 0.0),
    )
    body = json.dumps(ASKED | {"model": target, "messages": [{"role": "user", "content": around.content}]}).encode()
    await serve(relay, snapshot, Call("req_1", *DOOR, body, "key_1", around.words, NOW_MS, 0.0, "shown-1"), client)
    assert outcomes[0].failure != "internal_error"
    return list_asked(upstream), client.status, outcomes[0].failure


async def _find_nothing(texts: Sequence[str]) -> frozenset[str]:
    return frozenset()


async def find_a_name(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(("name",))


async def find_nothing_slowly(texts: Sequence[str]) -> frozenset[str]:
    await asyncio.sleep(0.02)
    return frozenset()


NOW_MS = int(datetime.fromisoformat("2026-11-21T23:30:00+00:00").timestamp() * 1_000)
EARLIER_MS = NOW_MS - 20 * 3_600_000
"""The same day in London and the day before in Tokyo."""


class NoRows:
    """The store of a gateway that has just been set up."""

    async def is_written(self, request_id: str) -> bool:
        return True

    async def sum_costs(
        self, questions: Sequence[CostQuestion], last_request_id: str | None
    ) -> Sequence[dict[str, int]]:
        return [{} for _ in questions]


def spend(cost_nusd: int, at_ms: int) -> Outcome:
    """A request of the agent a that went to the cloud."""
    charge = AttemptCharge(1, "m", "own", "m", "cloud", "answer", None, cost_nusd, "actual")
    spent = replace(EXAMPLE, at_ms=at_ms, agent="a", model="m", provider="own", location="cloud", cost_nusd=cost_nusd)
    return replace(spent, charges=(charge,))


def counted(document: Document) -> object:
    """What rules may know of money for the agent a, which spent ten dollars twenty hours ago."""

    async def observe() -> object:
        spending = Spending(NoRows())
        await spending.follow(compile_document(document), EARLIER_MS)
        spending.record(spend(10_000_000_000, EARLIER_MS))
        return spending.look(NOW_MS, Payer(agent="a"))

    return asyncio.run(observe())


def held_back(document: Document) -> object:
    """What three requests of the agent a are given that come at once, each of 90 tokens."""

    async def observe() -> object:
        spending = Spending(NoRows(), clock_ns=lambda: 0)
        await spending.follow(compile_document(document), NOW_MS)
        claim = Claim(Payer(agent="a"), Place("m", "own", "cloud"), NOW_MS, 0, 1, 90)
        answers = [spending.hold(claim) for _ in range(3)]
        return [answer if isinstance(answer, Shortage) else answer is not None for answer in answers]

    return asyncio.run(observe())


def limited(document: Document) -> object:
    """Who is asked by five requests within a minute; each of the first four has 1,500 tokens on record."""

    async def observe() -> list[str]:
        snapshot, upstream = compile_document(document), NotingUpstream(200)
        relay = Relay(upstream, lambda outcome: None, lambda: 1.0)
        relay.live.follow(snapshot, snapshot.provider_limits)
        body = json.dumps(ASKED | {"model": "agent:a"}).encode()
        for number in range(5):
            call = Call(f"req_{number}", *DOOR, body, "key_1", (), NOW_MS, 0.0, "shown-1")
            await serve(relay, snapshot, call, NotingClient())
        return list_asked(upstream)

    return asyncio.run(observe())


def traced(document: Document) -> object:
    """What the log tells of the decision about a request."""

    async def observe() -> list[Event]:
        snapshot, events = compile_document(document), list[Event]()

        def trace(request_id: str, revision: str, facts: Facts, answer: Decision | Refusal) -> None:
            events.append(trace_decision(request_id, "", facts, answer))

        relay = Relay(NotingUpstream(200), lambda outcome: None, lambda: 1.0, trace=trace)
        body = json.dumps(ASKED | {"model": "agent:a"}).encode()
        await serve(relay, snapshot, Call("req_1", *DOOR, body, "key_1", (), NOW_MS, 0.0, "shown-1"), NotingClient())
        return events

    return asyncio.run(observe())


def list_asked(upstream: NotingUpstream) -> list[str]:
    """The models that were called, in order."""
    return [json.loads(body)["model"] for _, body, *_ in upstream.sent]  # type: ignore[misc]


def waits(document: Document) -> object:
    """How long it takes until a model that nothing stands in for is asked again, and again."""
    snapshot, failure = compile_document(document), UpstreamFailure(FailureKind.SERVER_ERROR, "it failed", sent=True)
    decision = decide(snapshot, Facts("m"))
    assert isinstance(decision, Decision)
    call = Call("req_1", *DOOR, b"", "key_1", (), 0, 0.0, "shown-1")
    relay = Relay(NotingUpstream(200), lambda outcome: None, lambda: 0.0)
    return [find_wait_s(relay, Progress(call, snapshot, attempts=tried), decision, failure) for tried in (1, 2)]


def hedges(target: str) -> Observation:
    """Who is asked when the first model is slow."""
    return asked(target, Surroundings(upstream=Slow))


def repeats(target: str) -> Observation:
    """How often a model is asked whose answers cannot be read."""
    return asked(target, Surroundings(upstream=Unreadable))


def searched(target: str) -> Observation:
    """Where a request goes that holds personal data."""
    return asked(target, Surroundings(content=PRIVATE))
