"""What goes on from an earlier answer goes to where its state lives, for the key that got it, and is never kept."""

import json

import pytest

from core.config.compiling import compile_good
from pointsman.relay.pins import MOST_PINS, Pins
from relay.reusing import House, header
from relay.scripted import Answer, NotingClient

DOCUMENT = """\
providers:
  far: {base_url: "https://far.example/v1", location: cloud, dialect: openai_responses}
  near: {base_url: "http://localhost:8080/v1", dialect: openai_responses}
  other: {base_url: "http://localhost:8081/v1"}
models:
  big: {provider: far}
  small: {provider: near}
  plain: {provider: other}
agents:
  a: {model: plain, fallback: [big, small]}
cache: {mode: exact, ttl: 1m}
"""
RESPONSES = "/v1/responses"


def answer(answer_id: object, text: str = "hi", **fields: object) -> bytes:
    content = [{"type": "output_text", "text": text, "annotations": []}]
    message = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": content}
    body = {**fields, "object": "response", "id": answer_id, "status": "completed", "output": [message]}
    return json.dumps(body).encode()


def stream(answer_id: str) -> bytes:
    created = {"instructions": "x" * 10_000, "id": answer_id, "object": "response", "status": "in_progress"}
    events: list[dict[str, object]] = [
        {"type": "response.created", "response": created},
        {"type": "response.output_text.delta", "item_id": "m", "output_index": 0, "content_index": 0, "delta": "hi"},
        {"type": "response.completed", "response": json.loads(answer(answer_id))},
    ]
    told = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events]
    return (": hello\n\n" + "".join(told)).encode()


def go_on(house: House, state: str, *script: Answer, key: str = "key_1", model: str = "agent:a") -> NotingClient:
    body = {"model": model, "input": "and then?", "previous_response_id": state}
    return house.post(RESPONSES, body, *script, key=key)


@pytest.mark.parametrize("streams", [False, True])
def test_a_pin_is_respected(streams: bool) -> None:
    house = House(compile_good(DOCUMENT))
    first = Answer([stream("resp_1") if streams else answer("resp_1")])
    assert house.post(RESPONSES, {"model": "small", "input": "hi", "stream": streams}, first).status == 200
    assert go_on(house, "resp_1", Answer([answer("resp_2")])).status == 200
    assert house.upstream.called == ["small", "small"], "neither the first choice nor the first that speaks alike"


def test_what_nobody_remembers_goes_to_whoever_speaks_alike() -> None:
    house = House(compile_good(DOCUMENT))
    assert go_on(house, "resp_unknown", Answer([answer("resp_2")])).status == 200
    assert house.upstream.called == ["big"]
    client = go_on(house, "resp_unknown", model="plain")
    assert (client.status, json.loads(client.body)["error"]["code"]) == (400, "state_not_portable")


def test_another_key_finds_no_such_answer_and_a_pin_binds_to_its_model() -> None:
    house = House(compile_good(DOCUMENT))
    house.post(RESPONSES, {"model": "small", "input": "hi"}, Answer([answer("resp_1")]))
    client = go_on(house, "resp_1", key="key_2")
    assert (client.status, json.loads(client.body)["error"]["code"]) == (404, "state_not_found")
    client = go_on(house, "resp_1", model="big")
    assert (client.status, json.loads(client.body)["error"]["code"]) == (400, "state_not_portable")
    assert house.upstream.called == ["small"]


def test_a_pin_of_another_key_is_never_taken_over() -> None:
    house = House(compile_good(DOCUMENT))
    house.post(RESPONSES, {"model": "small", "input": "hi"}, Answer([answer("resp_1")]))
    said = answer("resp_2", metadata={"id": "resp_1"}, previous_response_id="resp_1")
    for taken in (said, answer("resp_1")):
        house.post(RESPONSES, {"model": "big", "input": "hi"}, Answer([taken]), key="key_2")
    assert go_on(house, "resp_1", key="key_2").status == 404
    assert go_on(house, "resp_1", Answer([answer("resp_3")])).status == 200
    assert go_on(house, "resp_2", Answer([answer("resp_4")]), key="key_2").status == 200
    assert house.upstream.called[-2:] == ["small", "big"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"data: {",
        b"data: [1]\n\n",
        b'data: {"response":{"id":["resp_1"]}}\n\n',
        b"\xff\xff",
        b'{"id":7}',
        b'{"output":[{"id":"resp_1"}]}',
        answer("resp 1"),
        answer("x" * 201),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_names_no_answer_is_not_remembered(body: bytes) -> None:
    pins = Pins()
    pins.remember(body, "key_1", "p/m")
    assert len(pins) == 0


def test_the_oldest_are_forgotten_first() -> None:
    pins = Pins()
    for number in range(MOST_PINS + 5):
        pins.remember(b'{"id":"resp_%d"}' % number, "key_1", "p/m")
    assert len(pins) == MOST_PINS


@pytest.mark.parametrize(
    "state",
    [
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"conversation": {"id": "conv_1"}},
        {"prompt": {"id": "pmpt_1"}},
        {"input": [{"type": "item_reference", "id": "msg_1"}]},
    ],
    ids=str,
)
def test_what_goes_on_from_kept_state_is_answered_anew_each_time(state: dict[str, object]) -> None:
    house = House(compile_good(DOCUMENT))
    body = {"model": "big", "input": "next"} | state
    clients = [house.post(RESPONSES, body, Answer([answer(f"resp_{number}")])) for number in (8, 9)]
    assert [(client.status, header(client)) for client in clients] == [(200, None)] * 2
    assert len(house.upstream.called) == 2 and len(house.relay.answers) == 0
    plain = {"model": "big", "input": "next"}
    assert [header(house.post(RESPONSES, plain, Answer([answer("resp_5")]))) for _ in range(2)] == ["miss", "hit"]
