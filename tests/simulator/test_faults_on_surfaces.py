"""Every fault on every chat surface of OpenAI and Anthropic: the dialect's own shape, at the same places."""

import json
from typing import Any

import pytest

from simulator.running_simulator import Simulation
from simulator.surface_requests import PLAIN, send

SURFACES = pytest.mark.parametrize("name", PLAIN)
ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    503: "api_error",
    529: "overloaded_error",
}


def stream(simulation: Simulation, name: str) -> bytes:
    return send(simulation, name, **PLAIN[name].stream)[2]


def read_error(name: str, document: Any) -> Any:
    if name == "anthropic_messages":
        assert set(document) == {"type", "error", "request_id"}
        assert document["type"] == "error"
        assert set(document["error"]) == {"type", "message"}
    else:
        assert set(document) == {"error"}
        assert set(document["error"]) == {"message", "type", "param", "code"}
    return document["error"]


@SURFACES
@pytest.mark.parametrize("status", ANTHROPIC_TYPES)
def test_error_statuses(simulation: Simulation, name: str, status: int) -> None:
    simulation.behave(fault=f"status_{status}")
    answered, head, body = send(simulation, name)
    error = read_error(name, json.loads(body))
    assert answered == status
    if name == "anthropic_messages":
        assert error["type"] == ANTHROPIC_TYPES[status]
        assert b"\r\nrequest-id: req_" in head
    assert (b"\r\nretry-after: 7" in head) == (status == 429)


@SURFACES
def test_a_whole_stream_ends_with_its_mark(simulation: Simulation, name: str) -> None:
    body = stream(simulation, name)
    assert body.count(PLAIN[name].content_event) > 10
    assert body.count(PLAIN[name].end_event) == 1
    assert simulation.await_call(lambda call: call["ended"])["ended"] == "completed"


@SURFACES
@pytest.mark.parametrize("after_tokens", [0, 4])
def test_cut_after_tokens(simulation: Simulation, name: str, after_tokens: int) -> None:
    simulation.behave(fault="cut_after_tokens", after_tokens=after_tokens)
    body = stream(simulation, name)
    assert body.count(PLAIN[name].content_event) == after_tokens
    assert PLAIN[name].end_event not in body
    assert body.endswith(b"}\n\n\r\n")
    assert simulation.await_call(lambda call: call["ended"])["completion_tokens"] == after_tokens


@SURFACES
@pytest.mark.parametrize(("fault", "tokens"), [("error_event_before_content", 0), ("error_event_after_content", 3)])
def test_error_events(simulation: Simulation, name: str, fault: str, tokens: int) -> None:
    simulation.behave(fault=fault)
    body = stream(simulation, name)
    assert body.count(PLAIN[name].content_event) == tokens
    assert PLAIN[name].end_event not in body
    last = body.removesuffix(b"\r\n0\r\n\r\n").rstrip().rpartition(b"\r\n")[2]
    named, _, data = last.rpartition(b"data: ")
    document = json.loads(data)
    if name == "openai_responses":
        assert (named, document["type"]) == (b"event: error\n", "error")
        assert set(document) == {"type", "code", "message", "param", "sequence_number"}
    else:
        assert named == (b"event: error\n" if name == "anthropic_messages" else b"")
        assert "had an error" in read_error(name, document)["message"]
    assert send(simulation, name)[0] == 200


@SURFACES
def test_malformed_and_torn_events(simulation: Simulation, name: str) -> None:
    simulation.behave(fault="malformed_chunk")
    lines = [line for line in stream(simulation, name).split(b"\n") if line.startswith(b"data: {")]
    assert sum(not line.endswith(b"}") for line in lines) == 1
    simulation.behave(fault="cut_inside_event")
    assert not stream(simulation, name).rstrip(b"\r\n").endswith(b"}")
    simulation.behave(fault="cut_after_tokens")
    _, head, body = send(simulation, name)
    assert len(body) == int(head.split(b"content-length: ")[1].split(b"\r\n")[0]) // 2


@SURFACES
def test_usage_and_end_can_be_missing(simulation: Simulation, name: str) -> None:
    simulation.behave(fault="no_usage")
    assert "usage" not in json.loads(send(simulation, name)[2])
    body = stream(simulation, name)
    assert b'"usage":{' not in body
    assert PLAIN[name].end_event in body
    simulation.behave(fault="no_done")
    body = stream(simulation, name)
    assert PLAIN[name].end_event not in body
    assert body.endswith(b"0\r\n\r\n")


@SURFACES
@pytest.mark.parametrize(
    ("fault", "status"),
    [("status_502_html", 502), ("redirect_307", 307), ("refuse_before_headers", 0), ("garbage_bytes", 0)],
)
def test_what_is_no_answer_of_the_dialect(simulation: Simulation, name: str, fault: str, status: int) -> None:
    simulation.behave(fault=fault, times=1)
    assert send(simulation, name)[0] == status
    assert send(simulation, name)[0] == 200


@SURFACES
def test_a_high_rate_puts_several_tokens_into_an_event(simulation: Simulation, name: str) -> None:
    simulation.behave(tokens_per_second=2_000, reply="one two three four five six seven eight nine ten")
    assert stream(simulation, name).count(PLAIN[name].content_event) == 1
