"""What changes or is lost on the way into a format: told, refused where a caller's terms say so, and never a way in."""

import json

import pytest

from core.config.compiling import compile_good
from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from relay.reusing import House, header
from relay.scripted import Answer, NotingClient

DOCUMENT = """\
providers:
  far: {base_url: "https://far.example/v1", location: cloud, api_key: {env: XAI_API_KEY}, dialect: anthropic_messages}
  own:
    base_url: "http://localhost:8080/v1"
    quirks: [{name: cool, most: {temperature: 1}}]
models:
  big: {provider: far, price_per_1m_tokens: {input: "3", output: "15"}}
  small: {provider: own}
agents:
  lax: {model: big, policy: {on_loss: allow}}
  warned: {model: big}
  careful: {model: big, policy: {on_loss: refuse}}
  stern: {model: big, policy: {strict: true}}
  exact: {model: small, policy: {strict: true}}
  fallen: {model: small, fallback: [big], policy: {on_loss: refuse}}
"""
ANSWER = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "big",
    "content": [{"type": "text", "text": "hi"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "output_tokens": 1},
}
ASKED = {"messages": [{"role": "user", "content": "hi"}]}
LOSING = ASKED | {"logit_bias": {"1": 1}}
HOSTILE = "ssn 078-05-1120\r\nERROR forged \x7f \ud83d\ude00" + "x" * 10_000
CHAT = "/v1/chat/completions"


def answer(**headers: str) -> Answer:
    told = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Answer([json.dumps(ANSWER).encode()], headers=told)


def open_house(more: str = "") -> House:
    return House(compile_good(DOCUMENT + more))


def error_of(client: NotingClient) -> dict[str, object]:
    found = json.loads(client.body)["error"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("agent", "told"), [("lax", None), ("warned", "logit_bias")])
def test_a_loss_is_told_or_not(agent: str, told: str | None) -> None:
    client = open_house().post(CHAT, LOSING | {"model": f"agent:{agent}"}, answer())
    assert (client.status, header(client, "losses")) == (200, told)


@pytest.mark.parametrize("agent", ["careful", "stern"])
def test_a_loss_is_refused_before_anybody_is_asked(agent: str) -> None:
    house = open_house()
    client = house.post(CHAT, LOSING | {"model": f"agent:{agent}"}, answer())
    error = error_of(client)
    assert (client.status, error["code"], error["param"]) == (400, "loss_refused", "logit_bias")
    assert house.upstream.called == []
    outcome = house.outcomes[-1]
    assert (outcome.failure, outcome.cost_nusd, outcome.cost_status) == ("loss_refused", 0, "none")
    assert house.post(CHAT, ASKED | {"model": f"agent:{agent}"}, answer()).status == 200


def test_a_change_is_refused_where_a_caller_is_strict_and_counted_as_such() -> None:
    house = open_house()
    client = house.post(CHAT, ASKED | {"model": "agent:exact", "temperature": 1.5})
    error = error_of(client)
    assert (client.status, error["code"], error["param"]) == (400, "change_refused", "temperature")
    assert house.outcomes[-1].failure == "change_refused" and house.upstream.called == []
    plain = Answer([b'{"choices":[{"index":0,"message":{"content":"hi"},"finish_reason":"stop"}]}'])
    client = house.post(CHAT, ASKED | {"model": "small", "temperature": 1.5}, plain)
    assert (client.status, header(client, "changes")) == (200, "temperature=1")


def test_the_failure_of_a_model_that_was_asked_is_told_before_a_loss_on_the_way_to_the_next() -> None:
    house = open_house()
    overloaded = UpstreamFailure(FailureKind.OVERLOADED, "as scripted", sent=True)
    client = house.post(CHAT, LOSING | {"model": "agent:fallen"}, overloaded)
    error, outcome = error_of(client), house.outcomes[-1]
    assert house.upstream.called == ["small"]
    assert (client.status, error["code"]) == (503, "upstream_overloaded") and '"small"' in str(error["message"])
    assert (outcome.model, outcome.degraded, outcome.attempts) == ("small", "", 2)


def test_the_clients_own_words_never_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    client = open_house().post(CHAT, ASKED | {"model": "agent:careful", HOSTILE: 1})
    assert client.status == 400 and "ssn 078" in str(error_of(client)["message"]) and len(client.body) < 1_000
    assert "loss_refused, 1 members" in caplog.text
    assert "ssn" not in caplog.text and "forged" not in caplog.text


def test_a_header_holds_any_name_of_any_length() -> None:
    names = {f"{number}{HOSTILE}": 1 for number in range(40)}
    client = open_house().post(CHAT, ASKED | names | {"model": "agent:warned"}, answer())
    listed = client.headers[b"x-pointsman-losses"]
    assert client.status == 200
    assert listed.startswith(rb"0ssn 078-05-1120\r\nERROR forged \x7f \U0001f600xxx")
    assert len(listed) < 4_200 and all(0x20 <= byte < 0x7F for byte in listed)
    assert listed.count(b"ssn") + int(listed.rsplit(b" ", 2)[-2]) == 40 and listed.endswith(b" more")


@pytest.mark.parametrize("name", ["x_request_id", "request_id", "x_amzn_requestid"])
def test_the_providers_own_id_is_told_however_it_is_named(name: str) -> None:
    client = open_house().post(CHAT, ASKED | {"model": "big"}, answer(**{name: "req_7"}))
    assert header(client, "upstream-request-id") == "req_7"


def test_a_strict_caller_gets_nothing_that_a_lax_one_was_given() -> None:
    house = open_house("cache: {mode: exact, ttl: 1m}\n")
    of_big = LOSING | {"model": "big"}
    first = house.post(CHAT, of_big, answer(), words=((b"x-pointsman-agent", b"lax"),))
    again = house.post(CHAT, of_big, words=((b"x-pointsman-agent", b"lax"),))
    assert (header(first), header(again)) == ("miss", "hit")
    for agent in (b"careful", b"stern"):
        assert house.post(CHAT, of_big, words=((b"x-pointsman-agent", agent),)).status == 400


def test_a_header_that_the_provider_sees_makes_another_request() -> None:
    house = open_house("cache: {mode: exact, ttl: 1m}\n")
    body = ASKED | {"model": "agent:lax", "max_tokens": 9}
    trial = ((b"anthropic-beta", b"context-1m-2025-08-07"),)
    clients = [house.post("/v1/messages", body, answer(), passed=passed) for passed in ((), trial, (), trial)]
    assert [header(client) for client in clients] == ["miss", "miss", "hit", "hit"]
    assert house.upstream.headers == [(), trial]
