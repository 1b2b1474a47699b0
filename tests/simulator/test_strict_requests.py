"""A request that the gateway rewrote wrongly is refused loudly, in OpenAI's error shape, naming the field."""

import json

import pytest

from pointsman.simulator.refusal import Refusal
from pointsman.simulator.request import read_chat_request
from simulator.running_simulator import Simulation

MESSAGES = [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"x_pointsman": 1}, "x_pointsman", "unknown_parameter"),
        ({"temperature": "warm"}, "temperature", "invalid_value"),
        ({"temperature": 2.5}, "temperature", "invalid_value"),
        ({"max_tokens": 0}, "max_tokens", "invalid_value"),
        ({"stream": "yes"}, "stream", "invalid_value"),
        ({"stream": True, "stream_options": {"usage": True}}, "stream_options.usage", "unknown_parameter"),
        ({"messages": []}, "messages", "invalid_value"),
        ({"messages": [{"role": "owner", "content": "x"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", None),
        ({"messages": [{"role": "tool", "content": "x", "tool_call_id": "?"}]}, "messages[0].role", None),
        ({"model": ""}, "model", "invalid_value"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop", "invalid_value"),
        ({"tool_choice": "required"}, "tool_choice", None),
        ({"stream_options": {"include_usage": True}}, "stream_options", None),
        ({"top_logprobs": 3}, "top_logprobs", None),
        ({"max_tokens": 5, "max_completion_tokens": 5}, "max_tokens", None),
    ],
)
def test_the_field_at_fault_is_named(fields: dict[str, object], param: str, code: str | None) -> None:
    body = json.dumps({"model": "simulated-large", "messages": MESSAGES, **fields}).encode()
    with pytest.raises(Refusal) as refused:
        read_chat_request(body)
    assert (refused.value.status, refused.value.param, refused.value.code) == (400, param, code)


def test_a_missing_field_is_named() -> None:
    with pytest.raises(Refusal) as refused:
        read_chat_request(b'{"messages": [{"role": "user", "content": "x"}]}')
    assert (refused.value.param, refused.value.code) == ("model", "missing_required_parameter")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff{}",
        b"[" * 100_000,
        b'{"model": "simulated-large", "model": "simulated-large", "messages": [{"role": "user", "content": "x"}]}',
        b'{"model": "simulated-large", "messages": [{"role": "user", "content": "x"}], "temperature": NaN}',
        b'{"model": "simulated-large", "messages": [{"role": "user", "content": "x"}]} {}',
    ],
)
def test_what_is_not_one_sound_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal) as refused:
        read_chat_request(body)
    assert refused.value.status == 400


def test_the_refusal_on_the_wire(simulation: Simulation) -> None:
    received = simulation.read_raw(simulation.encode_request(surprise=True))
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request")
    assert json.loads(body) == {
        "error": {
            "message": "Unknown parameter: 'surprise'.",
            "type": "invalid_request_error",
            "param": "surprise",
            "code": "unknown_parameter",
        }
    }
