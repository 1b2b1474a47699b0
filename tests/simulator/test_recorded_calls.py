"""The control surface: pace and behaviour are settable, calls are recorded, disconnects are noticed at once."""

import hashlib
import json
import time
from contextlib import closing
from urllib.error import HTTPError

import pytest
from openai import OpenAI

from simulator.running_simulator import DEADLINE_S, Simulation, read_until_close


def test_a_call_is_recorded_as_it_came(simulation: Simulation) -> None:
    body = (
        b' {"messages": [{"content": "Reply with only pong","role":"user"}],\n"model": "%b"}'
        % simulation.model.encode()
    )
    simulation.read_raw(body)
    call = simulation.await_call(lambda call: call["ended"])
    assert call["body"] == body.decode()
    assert (call["body_bytes"], call["body_sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert (call["method"], call["path"], call["status"]) == ("POST", "/v1/chat/completions", 200)
    assert (call["ended"], call["stream"], call["completion_tokens"]) == ("completed", False, 1)
    assert call["prompt_tokens"] == 3 + 3 + 1 + 4
    assert call["received_at_s"] <= call["ended_at_s"]
    assert abs(call["received_epoch_s"] - time.time()) < 600
    assert ["content-type", "application/json"] in call["headers"]


def test_credentials_are_masked(client: OpenAI, simulation: Simulation) -> None:
    messages = [{"role": "user", "content": "hi"}]
    headers = {"x-api-key": "secret-two"}
    client.with_options(api_key="secret-one").chat.completions.create(
        model=simulation.model, messages=messages, extra_headers=headers
    )
    headers_seen = dict(simulation.list_calls()[-1]["headers"])
    assert headers_seen["authorization"] == "Bearer ***"
    assert headers_seen["x-api-key"] == "***"


def test_calls_are_listed_after_a_sequence(simulation: Simulation) -> None:
    for _ in range(2):
        simulation.read_raw(simulation.encode_request())
    first, second = (call["sequence"] for call in simulation.list_calls())
    later = simulation.control("GET", f"/simulator/calls?after={first}")["calls"]
    assert [call["sequence"] for call in later if call["model"] == simulation.model] == [second]
    with pytest.raises(HTTPError) as refused:
        simulation.control("GET", "/simulator/calls?after=x")
    with closing(refused.value):
        assert refused.value.code == 400


@pytest.mark.parametrize("stream", [False, True])
def test_a_disconnect_before_the_first_token_is_noticed(simulation: Simulation, stream: bool) -> None:
    simulation.behave(latency_ms=60_000)
    with closing(simulation.send_raw(simulation.encode_request(stream=stream))):
        simulation.await_call(lambda call: call["prompt_tokens"])
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["status"], call["completion_tokens"]) == ("client_disconnected", None, 0)
    assert call["ended_at_s"] - call["received_at_s"] < DEADLINE_S


def test_a_disconnect_in_a_stream_is_noticed(simulation: Simulation) -> None:
    simulation.behave(tokens_per_second=20)
    with closing(simulation.send_raw(simulation.encode_request(stream=True))) as client:
        assert client.recv(65_536)
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["status"]) == ("client_disconnected", 200)
    assert call["completion_tokens"] < 20


def test_the_pace_is_kept(simulation: Simulation) -> None:
    simulation.behave(latency_ms=50, tokens_per_second=100)
    simulation.read_raw(simulation.encode_request(stream=True, max_tokens=11))
    call = simulation.await_call(lambda call: call["ended"])
    assert call["ended_at_s"] - call["received_at_s"] >= 0.05 + 0.1


def test_a_high_rate_puts_several_tokens_into_a_chunk(simulation: Simulation) -> None:
    simulation.behave(tokens_per_second=2_000)
    received = simulation.read_raw(simulation.encode_request(stream=True, max_tokens=50))
    assert received.count(b'"delta":{"content":') == 5
    assert simulation.await_call(lambda call: call["ended"])["completion_tokens"] == 50


def test_behaviours_are_shown_and_checked(simulation: Simulation) -> None:
    simulation.behave(fault="status_500", latency_ms=3)
    shown = simulation.control("GET", "/simulator/behaviour")
    [own] = [behaviour for behaviour in shown["behaviours"] if behaviour["model"] == simulation.model]
    assert (own["fault"], own["latency_ms"]) == ("status_500", 3)
    assert "cut_after_tokens" in shown["faults"]
    for wrong in ({"fault": "no_such"}, {"latency": 3}, {"times": 0}, {"latency_ms": -1}):
        with pytest.raises(HTTPError) as refused:
            simulation.behave(**wrong)
        with closing(refused.value):
            assert refused.value.code == 400
            assert json.load(refused.value)["error"]["message"]


def test_unknown_urls_and_broken_requests(simulation: Simulation) -> None:
    for path in ("/simulator/unknown", "/v1/unknown", "/"):
        with pytest.raises(HTTPError) as refused:
            simulation.control("GET", path)
        with closing(refused.value):
            assert refused.value.code == 404
    assert simulation.control("GET", "/health") == {"status": "ok"}
    with closing(simulation.connect()) as client:
        client.sendall(b"\x16\x03\x01 not http\r\n\r\n")
        assert read_until_close(client).startswith(b"HTTP/1.1 400")
