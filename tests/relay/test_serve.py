"""Conversations with a scripted upstream: what the client sees, who was called, and the one outcome."""

import asyncio
import json

import pytest

from pointsman.core.chat.failures import POLICIES, FailureKind, UpstreamFailure
from pointsman.core.chat.usage import Usage
from relay.scripted import Answer, Conversation, NotingClient, ScriptedUpstream

PLAIN = b'{"choices":[{"index":0}],"usage":{"prompt_tokens":10,"completion_tokens":3}}'
FIRST = b'data: {"choices":[{"index":0,"delta":{"content":"Hello"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":3}}\n\n'
DONE = b"data: [DONE]\n\n"


def ask(model: str, **fields: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}], **fields}).encode()


def converse(body: bytes, *script: Answer | UpstreamFailure, agent: str | None = None) -> Conversation:
    conversation = Conversation(ScriptedUpstream(list(script)))
    asyncio.run(conversation.run(body, agent))
    return conversation


def failing(kind: FailureKind) -> UpstreamFailure:
    return UpstreamFailure(kind, "as scripted", sent=True)


def test_a_plain_call() -> None:
    answer = Answer([PLAIN])
    conversation = converse(ask("agent:pair"), answer)
    (outcome,) = conversation.outcomes
    assert conversation.client.body == PLAIN and conversation.client.ended
    assert answer.ended == "closed"
    assert (outcome.agent, outcome.model, outcome.upstream_model) == ("pair", "one", "up-one")
    assert (outcome.usage, outcome.cost_nusd, outcome.cost_status) == (Usage(10, 3), 16_000, "actual")
    assert (outcome.status, outcome.failure, outcome.attempts, outcome.tags) == (200, "", 1, ("t",))
    assert outcome.latency_ms == 500 and outcome.first_content_ms is None
    assert conversation.client.headers[b"x-pointsman-cost-usd"] == b"0.000016"


def test_a_streamed_call() -> None:
    answer = Answer([FIRST + LAST, USAGE + DONE])
    conversation = converse(ask("agent:pair", stream=True), answer)
    (outcome,) = conversation.outcomes
    assert conversation.client.body == FIRST + LAST + DONE
    assert answer.ended == "released"
    assert (outcome.usage, outcome.cost_status, outcome.first_content_ms) == (Usage(10, 3), "actual", 500)


def test_an_unknown_price_is_unknown_and_not_zero() -> None:
    conversation = converse(ask("unpriced"), Answer([PLAIN]))
    (outcome,) = conversation.outcomes
    assert (outcome.cost_nusd, outcome.cost_status) == (None, "unknown")
    assert b"x-pointsman-cost-usd" not in conversation.client.headers


def test_usage_that_did_not_come_is_estimated() -> None:
    body = ask("one")
    answer = b'{"choices":[{"index":0,"message":{"content":"' + b"x" * 400 + b'"}}]}'
    (outcome,) = converse(body, Answer([answer])).outcomes
    assert outcome.cost_status == "estimated"
    assert outcome.usage == Usage(-(-len(body) // 4), -(-len(answer) // 4))


@pytest.mark.parametrize("kind", FailureKind)
def test_each_failure_falls_back_or_does_not_as_its_policy_says(kind: FailureKind) -> None:
    conversation = converse(ask("agent:pair"), failing(kind), Answer([PLAIN]))
    (outcome,) = conversation.outcomes
    if POLICIES[kind].try_next:
        assert conversation.upstream.called == ["one", "two"]
        assert (outcome.status, outcome.model, outcome.attempts) == (200, "two", 2)
        assert conversation.client.headers[b"x-pointsman-degraded"] == b"fallback"
        assert (outcome.degraded, outcome.location) == ("fallback", "local")
    else:
        assert conversation.upstream.called == ["one"]
        assert (conversation.client.status, outcome.failure) == (POLICIES[kind].status, POLICIES[kind].code)


@pytest.mark.parametrize("kind", FailureKind)
def test_each_failure_has_a_proper_answer_and_never_blames_the_clients_key(kind: FailureKind) -> None:
    conversation = converse(ask("agent:alone"), *[failing(kind)] * 3)
    (outcome,) = conversation.outcomes
    error = json.loads(conversation.client.body)["error"]
    policy = POLICIES[FailureKind.BAD_RESPONSE if kind is FailureKind.INTERRUPTED else kind]
    assert conversation.client.status == outcome.status == policy.status not in (401, 403)
    assert (error["code"], error["request_id"]) == (policy.code, "shown-1")
    assert policy.words in error["message"] and "as scripted" not in error["message"]
    assert (outcome.cost_nusd, outcome.cost_status) == ((None, "unknown") if policy.maybe_billed else (0, "none"))


def test_three_models_are_tried_and_no_more() -> None:
    broken = failing(FailureKind.SERVER_ERROR)
    conversation = converse(ask("agent:chain"), broken, broken, failing(FailureKind.OVERLOADED))
    assert conversation.upstream.called == ["one", "two", "three"]
    assert conversation.client.status == 503
    assert conversation.client.headers[b"x-should-retry"] == b"false"


def test_a_model_asked_for_by_name_has_no_fallback() -> None:
    assert converse(ask("one"), failing(FailureKind.AUTHENTICATION)).upstream.called == ["one"]


def test_a_stream_falls_back_until_content_has_come_and_not_after() -> None:
    role = b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n'
    cut = failing(FailureKind.INTERRUPTED)
    before = converse(ask("agent:pair", stream=True), Answer([role], failure=cut), Answer([FIRST + LAST + DONE]))
    assert before.client.body == FIRST + LAST + DONE
    after = converse(ask("agent:pair", stream=True), Answer([role, FIRST], failure=cut))
    (outcome,) = after.outcomes
    assert after.upstream.called == ["one"]
    assert after.client.body.startswith(role + FIRST + b'data: {"error":') and b"[DONE]" not in after.client.body
    assert (outcome.status, outcome.failure) == (200, "upstream_stream_interrupted")
    assert outcome.cost_status == "estimated" and outcome.cost_nusd


@pytest.mark.parametrize("body", [b"<html>", b'{"error":{"message":"x"}}', b"[]", b'{"choices":null}'])
def test_a_200_that_is_no_answer_falls_back(body: bytes) -> None:
    assert converse(ask("agent:pair"), Answer([body]), Answer([PLAIN])).upstream.called == ["one", "two"]


def test_a_stream_that_is_none_falls_back() -> None:
    html = Answer([b"<html>"], headers=[(b"content-type", b"text/html")])
    assert converse(ask("agent:pair", stream=True), html, Answer([FIRST + LAST + DONE])).client.status == 200


def test_a_providers_words_on_the_clients_mistake_are_passed_on_without_keys() -> None:
    error = {"message": "bad sk-abcdefghijklmnop", "type": "invalid_request_error", "param": "tools", "code": "odd"}
    conversation = converse(ask("agent:pair"), Answer([json.dumps({"error": error}).encode()], status=400))
    shown = json.loads(conversation.client.body)["error"]
    assert (shown["message"], shown["param"], shown["code"]) == ("bad ***", "tools", "odd")
    assert conversation.client.status == 400


@pytest.mark.parametrize(
    ("value", "shown"),
    [(b"7", b"7"), (b"0.2", b"1"), (b"1000000", b"300"), (b"-1", None), (b"NaN", None), (b"Wed, 21 Oct 2015", None)],
)
def test_the_wait_that_a_provider_asks_for_is_clamped(value: bytes, shown: bytes | None) -> None:
    limited = [Answer([b"{}"], status=429, headers=[(b"retry-after", value)]) for _ in range(3)]
    assert converse(ask("agent:alone"), *limited).client.headers.get(b"retry-after") == shown


def test_the_agent_header_names_the_agent_of_a_model_asked_for_by_name() -> None:
    (outcome,) = converse(ask("three"), Answer([PLAIN]), agent="pair").outcomes
    assert (outcome.agent, outcome.model) == ("pair", "three")


@pytest.mark.parametrize(("target", "agent"), [("nothing", None), ("agent:nobody", None), ("one", "nobody")])
def test_what_does_not_exist_is_not_found(target: str, agent: str | None) -> None:
    conversation = converse(ask(target), agent=agent)
    assert conversation.client.status == 404 and not conversation.upstream.called


def test_a_slow_client_is_waited_for_before_more_is_taken() -> None:
    class SlowClient(NotingClient):
        drained = 0

        def write(self, data: bytes) -> None:
            assert not self.is_behind, "nothing may be written before the client has caught up"
            super().write(data)
            self.is_behind = True

        async def drain(self) -> None:
            self.drained += 1
            self.is_behind = False

    client = SlowClient()
    conversation = Conversation(ScriptedUpstream([Answer([FIRST, FIRST, FIRST, LAST + DONE])]), client)
    asyncio.run(conversation.run(ask("one", stream=True)))
    assert client.body == FIRST * 3 + LAST + DONE
    assert client.drained == 3


@pytest.mark.parametrize("stream", [False, True])
def test_a_fault_of_our_own_is_said_counted_and_costs_one_call(stream: bool, caplog: pytest.LogCaptureFixture) -> None:
    class Faulty(Answer):
        async def read(self) -> bytes:
            if self.pieces:
                return await super().read()
            raise ZeroDivisionError

    conversation = converse(ask("agent:pair", stream=stream), Faulty([FIRST] if stream else []))
    (outcome,) = conversation.outcomes
    assert outcome.failure == "internal_error" and outcome.status == (200 if stream else 500)
    assert b'"internal_error"' in conversation.client.body and b"[DONE]" not in conversation.client.body
    assert "ZeroDivisionError at" in caplog.text


def test_a_shutdown_is_no_fault_of_the_clients() -> None:
    class Silent(Answer):
        async def read(self) -> bytes:
            if self.pieces:
                return await super().read()
            await asyncio.Event().wait()
            raise AssertionError

    conversation = Conversation(ScriptedUpstream([Silent([FIRST])]))

    async def shut_down() -> None:
        task = asyncio.create_task(conversation.run(ask("one", stream=True)))
        while not conversation.client.writes:
            await asyncio.sleep(0)
        task.cancel("the server ends")
        await asyncio.wait([task])

    asyncio.run(shut_down())
    (outcome,) = conversation.outcomes
    assert outcome.failure == "shutting_down" and outcome.cost_status == "estimated"
    assert b'"shutting_down"' in conversation.client.body and b"[DONE]" not in conversation.client.body


def test_a_client_that_leaves_is_settled_once_and_its_call_is_closed() -> None:
    class Silent(Answer):
        async def read(self) -> bytes:
            if self.pieces:
                return await super().read()
            await asyncio.Event().wait()
            raise AssertionError

    answer = Silent([FIRST])
    conversation = Conversation(ScriptedUpstream([answer]))

    async def leave() -> None:
        task = asyncio.create_task(conversation.run(ask("one", stream=True)))
        while not conversation.client.writes:
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(leave())
    (outcome,) = conversation.outcomes
    assert answer.ended == "closed"
    assert (outcome.failure, outcome.status, outcome.cost_status) == ("client_disconnected", 200, "estimated")
