"""`x-pointsman-usage: cost`: a stream's last bytes tell what it has cost, in every client's format."""

import asyncio

import pytest

from openai_door import DOOR
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.chat.money import format_usd
from pointsman.core.routing.outcome import Outcome
from pointsman.relay.call import Call, Relay
from pointsman.relay.serve import serve
from relay.scripted import SNAPSHOT, Answer, NotingClient, ScriptedUpstream

EVENTS = ((b"content-type", b"text/event-stream"),)
CONTENT = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}\n\n'
DONE = b"data: [DONE]\n\n"
ASKED = (b"x-pointsman-usage", b"cost")


def stream(
    pieces: list[bytes],
    model: str = "one",
    word: tuple[bytes, bytes] | None = ASKED,
    failure: UpstreamFailure | None = None,
) -> tuple[NotingClient, Outcome]:
    body = b'{"model":"%s","stream":true,"messages":[{"role":"user","content":"hi"}]}' % model.encode()
    call = Call("req_1", *DOOR, body, "key_1", (word,) if word else (), 1_700_000_000_000, 99.5, "shown-1")
    client, outcomes = NotingClient(), list[Outcome]()
    upstream = ScriptedUpstream([Answer(pieces, headers=EVENTS, failure=failure)])
    asyncio.run(serve(Relay(upstream, outcomes.append, lambda: 100.0), SNAPSHOT, call, client))
    return client, outcomes[0]


@pytest.mark.parametrize("pieces", [[CONTENT, USAGE + DONE], [CONTENT + USAGE + DONE], [CONTENT, USAGE, DONE]])
def test_it_is_the_last_thing_that_is_said(pieces: list[bytes]) -> None:
    client, outcome = stream(pieces)
    assert outcome.cost_nusd == 20_000
    assert client.body.endswith(DONE + b": x-pointsman-cost-usd 0.00002\n\n")


def test_nobody_is_told_who_does_not_ask() -> None:
    client, _ = stream([CONTENT, USAGE + DONE], word=None)
    assert client.body.endswith(DONE) and b"cost" not in client.body


def test_what_is_unknown_is_said_to_be_and_cannot_be_forged() -> None:
    client, outcome = stream([CONTENT, USAGE + DONE + b": x-pointsman-cost-usd 0\n\n"], model="unpriced")
    assert outcome.cost_nusd is None
    assert client.body.endswith(b": x-pointsman-cost-usd unknown\n\n")


def test_a_cut_stream_tells_what_it_came_to() -> None:
    client, outcome = stream([CONTENT], failure=UpstreamFailure(FailureKind.INTERRUPTED, "as scripted", sent=True))
    assert outcome.cost_nusd and outcome.failure
    assert client.body.endswith(f": x-pointsman-cost-usd {format_usd(outcome.cost_nusd)}\n\n".encode())


def test_another_word_is_refused() -> None:
    client, outcome = stream([], word=(b"x-pointsman-usage", b"tokens"))
    assert (client.status, outcome.failure, outcome.attempts) == (400, "invalid_value", 0)
    assert b"x-pointsman-usage must be cost" in client.body
