"""Every fault, plain and streamed, as its bytes arrive; and that it heals."""

import json
from contextlib import closing

import pytest
from openai import APIError, OpenAI, RateLimitError

from pointsman.simulator.faults import FAULTS, HUGE_HEADER_BYTES
from simulator.running_simulator import Simulation, read_until_close

ERRORS = {
    "status_400": (400, "invalid_value"),
    "status_401": (401, "invalid_api_key"),
    "status_403": (403, "unsupported_country_region"),
    "status_404": (404, "model_not_found"),
    "status_429": (429, "rate_limit_exceeded"),
    "status_500": (500, None),
    "status_503": (503, "server_is_overloaded"),
    "status_529": (529, None),
}
TESTED_BELOW = {
    "status_502_html", "redirect_307", "refuse_before_headers", "garbage_bytes", "never_answer", "headers_then_close",
    "huge_header", "cut_after_tokens", "cut_inside_event", "stall_after_tokens", "error_event_before_content",
    "error_event_after_content", "malformed_chunk", "no_usage", "no_done",
}  # fmt: skip
BOTH = pytest.mark.parametrize("stream", [False, True])


def split_answer(received: bytes) -> tuple[int, bytes, bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), head, body


def count_content_events(body: bytes) -> int:
    return body.count(b'"delta":{"content":')


def test_every_fault_is_tested() -> None:
    assert set(FAULTS) == set(ERRORS) | TESTED_BELOW


@BOTH
@pytest.mark.parametrize("fault", ERRORS)
def test_error_statuses(simulation: Simulation, fault: str, stream: bool) -> None:
    simulation.behave(fault=fault)
    status, head, body = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    error = json.loads(body)["error"]
    assert (status, error["code"]) == ERRORS[fault]
    assert set(error) == {"message", "type", "param", "code"}
    assert (b"\r\nretry-after: 7" in head) == (fault == "status_429")
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["fault"], call["status"]) == ("fault", fault, status)


@BOTH
def test_html_and_redirect(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="status_502_html")
    status, head, body = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    assert status == 502
    assert b"content-type: text/html" in head
    assert body.startswith(b"<html>")
    simulation.behave(fault="redirect_307")
    status, head, _ = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    assert status == 307
    assert b"\r\nlocation: /v1/moved/chat/completions" in head


@BOTH
def test_nothing_or_nonsense_instead_of_a_head(simulation: Simulation, stream: bool) -> None:
    body = simulation.encode_request(stream=stream)
    simulation.behave(fault="refuse_before_headers")
    assert simulation.read_raw(body) == b""
    simulation.behave(fault="garbage_bytes")
    assert simulation.read_raw(body).startswith(bytes(range(256)))
    assert simulation.await_call(lambda call: call["ended"])["status"] is None


@BOTH
def test_headers_then_close(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="headers_then_close")
    status, head, body = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    assert (status, body) == (200, b"")
    assert (b"chunked" in head) == stream


@BOTH
def test_huge_header(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="huge_header")
    _, head, body = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    assert len(head) > HUGE_HEADER_BYTES
    assert body


@BOTH
def test_never_answer_ends_with_the_client(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="never_answer")
    with closing(simulation.send_raw(simulation.encode_request(stream=stream))) as client:
        simulation.await_call(lambda call: call["fault"])
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(1)
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["status"]) == ("client_disconnected", None)


@pytest.mark.parametrize("after_tokens", [0, 1, 5])
def test_cut_after_tokens(simulation: Simulation, after_tokens: int) -> None:
    simulation.behave(fault="cut_after_tokens", after_tokens=after_tokens)
    _, _, body = split_answer(simulation.read_raw(simulation.encode_request(stream=True)))
    assert count_content_events(body) == after_tokens
    assert body.endswith(b"}\n\n\r\n")
    assert b"[DONE]" not in body
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["completion_tokens"]) == ("fault", after_tokens)


@pytest.mark.parametrize("fault", ["cut_after_tokens", "cut_inside_event"])
def test_a_plain_answer_is_cut_in_the_middle(simulation: Simulation, fault: str) -> None:
    simulation.behave(fault=fault)
    status, head, body = split_answer(simulation.read_raw(simulation.encode_request()))
    announced = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
    assert status == 200
    assert len(body) == announced // 2


def test_cut_inside_event(simulation: Simulation) -> None:
    simulation.behave(fault="cut_inside_event", after_tokens=2)
    _, _, body = split_answer(simulation.read_raw(simulation.encode_request(stream=True)))
    frames, _, torn = body.rpartition(b"\r\ndata: ")
    announced = int(frames.rpartition(b"\r\n")[2], 16)
    assert len(b"data: " + torn) == announced // 2
    assert torn.startswith(b'{"id":')


@BOTH
def test_stall_after_tokens(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="stall_after_tokens", after_tokens=2)
    with closing(simulation.send_raw(simulation.encode_request(stream=stream))) as client:
        received = b""
        while count_content_events(received) < 2 if stream else b'"content":' not in received:
            received += client.recv(65_536)
        assert simulation.list_calls()[-1]["ended"] is None
    call = simulation.await_call(lambda call: call["ended"])
    assert (call["ended"], call["status"]) == ("client_disconnected", 200)
    assert call["completion_tokens"] == (2 if stream else 0)


@pytest.mark.parametrize(("place", "tokens"), [("before", 0), ("after", 3)])
def test_error_events(client: OpenAI, simulation: Simulation, place: str, tokens: int) -> None:
    simulation.behave(fault=f"error_event_{place}_content")
    messages = [{"role": "user", "content": "Plan a trip to Lyon"}]
    received: list[str] = []
    with pytest.raises(APIError, match="had an error"):
        for chunk in client.chat.completions.create(model=simulation.model, messages=messages, stream=True):
            received += [choice.delta.content for choice in chunk.choices if choice.delta.content]
    assert len(received) == tokens
    status, _, body = split_answer(simulation.read_raw(simulation.encode_request()))
    assert status == 200
    assert json.loads(body)["error"]["type"] == "server_error"


@BOTH
def test_malformed_chunk(simulation: Simulation, stream: bool) -> None:
    simulation.behave(fault="malformed_chunk")
    _, _, body = split_answer(simulation.read_raw(simulation.encode_request(stream=stream)))
    if not stream:
        with pytest.raises(json.JSONDecodeError):
            json.loads(body)
        return
    events = [line.removeprefix(b"data: ") for line in body.split(b"\n") if line.startswith(b"data: {")]
    malformed = [event for event in events if not event.endswith(b"}")]
    assert len(malformed) == 1
    assert body.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def test_no_usage(simulation: Simulation) -> None:
    simulation.behave(fault="no_usage")
    _, _, plain = split_answer(simulation.read_raw(simulation.encode_request()))
    assert "usage" not in json.loads(plain)
    asked = simulation.encode_request(stream=True, stream_options={"include_usage": True})
    _, _, streamed = split_answer(simulation.read_raw(asked))
    assert b'"usage":{' not in streamed
    assert b"[DONE]" in streamed


def test_no_done(simulation: Simulation) -> None:
    simulation.behave(fault="no_done")
    _, _, body = split_answer(simulation.read_raw(simulation.encode_request(stream=True)))
    assert b'"finish_reason":"stop"' in body
    assert b"[DONE]" not in body
    assert body.endswith(b"0\r\n\r\n")


def test_a_fault_heals_after_its_times(client: OpenAI, simulation: Simulation) -> None:
    simulation.behave(fault="status_429", times=2)

    def ask() -> str | None:
        messages = [{"role": "user", "content": "Reply with exactly: pong"}]
        return client.chat.completions.create(model=simulation.model, messages=messages).choices[0].message.content

    for _ in range(2):
        with pytest.raises(RateLimitError):
            ask()
    assert ask() == "pong"
    assert [call["ended"] for call in simulation.list_calls()] == ["fault", "fault", "completed"]


def test_a_fault_of_one_model_spares_the_others(simulation: Simulation) -> None:
    simulation.behave(fault="status_500")
    other = Simulation(simulation.url, f"{simulation.model}-other")
    assert split_answer(other.read_raw(other.encode_request()))[0] == 200


def test_the_connection_survives_an_error_status(simulation: Simulation) -> None:
    simulation.behave(fault="status_503", times=1)
    body = simulation.encode_request(max_tokens=1)
    head = f"POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n"
    with closing(simulation.send_raw(body)) as client:
        assert read_until_close(client).startswith(b"HTTP/1.1 503")
    simulation.behave(fault="status_503", times=1)
    with closing(simulation.connect()) as client:
        client.sendall(f"{head}\r\n".encode() + body + f"{head}connection: close\r\n\r\n".encode() + body)
        received = read_until_close(client)
    assert received.startswith(b"HTTP/1.1 503")
    assert received.count(b"HTTP/1.1 200 OK") == 1
