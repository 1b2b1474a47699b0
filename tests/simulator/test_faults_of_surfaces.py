"""Every fault that has a shape, in the shapes of Gemini, Cohere and Bedrock, plain and streamed."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from simulator.event_stream import read_frames
from simulator.running_simulator import DEADLINE_S, Simulation, read_until_close

PROMPT = "Plan a trip to Lyon"
STATUSES = {
    "status_400": (400, "INVALID_ARGUMENT", "ValidationException"),
    "status_401": (401, "UNAUTHENTICATED", "UnrecognizedClientException"),
    "status_403": (403, "PERMISSION_DENIED", "AccessDeniedException"),
    "status_404": (404, "NOT_FOUND", "ResourceNotFoundException"),
    "status_429": (429, "RESOURCE_EXHAUSTED", "ThrottlingException"),
    "status_500": (500, "INTERNAL", "InternalServerException"),
    "status_503": (503, "UNAVAILABLE", "ServiceUnavailableException"),
    "status_529": (529, "UNAVAILABLE", "ServiceUnavailableException"),
}


@dataclass(frozen=True)
class Asking:
    """How one dialect is asked, and how its streams are read."""

    plain: str
    streamed: str
    body: Callable[[str, bool], dict[str, Any]]
    count_pieces: Callable[[bytes], int]

    def encode(self, model: str, *, stream: bool) -> tuple[str, bytes]:
        path = (self.streamed if stream else self.plain).format(model=model)
        return path, json.dumps(self.body(model, stream)).encode()


ASKINGS = {
    "gemini": Asking(
        "/v1beta/models/{model}:generateContent",
        "/v1beta/models/{model}:streamGenerateContent?alt=sse",
        lambda model, stream: {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]},
        lambda data: len(re.findall(rb'"parts":\[{"text":"[^"]', data)),
    ),
    "cohere": Asking(
        "/v2/chat",
        "/v2/chat",
        lambda model, stream: {
            "model": model,
            "stream": stream,
            "messages": [{"role": "user", "content": PROMPT}],
        },
        lambda data: data.count(b"event: content-delta\n"),
    ),
    "bedrock": Asking(
        "/model/{model}/converse",
        "/model/{model}/converse-stream",
        lambda model, stream: {"messages": [{"role": "user", "content": [{"text": PROMPT}]}]},
        lambda data: data.count(b'"delta":{"text":'),
    ),
}
EVERY_DIALECT = pytest.mark.parametrize("dialect", ASKINGS)
BOTH = pytest.mark.parametrize("stream", [False, True])


def ask(simulation: Simulation, dialect: str, *, stream: bool) -> httpx.Response:
    path, body = ASKINGS[dialect].encode(simulation.model, stream=stream)
    headers = {"content-type": "application/json"}
    return httpx.post(f"{simulation.url}{path}", content=body, headers=headers, timeout=DEADLINE_S)


def read_raw(simulation: Simulation, dialect: str, *, stream: bool) -> bytes:
    path, body = ASKINGS[dialect].encode(simulation.model, stream=stream)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: simulator\r\ncontent-type: application/json\r\n"
        f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with closing(simulation.connect()) as client:
        client.sendall(head.encode() + body)
        return read_until_close(client)


@EVERY_DIALECT
@pytest.mark.parametrize("fault", STATUSES)
def test_error_statuses(simulation: Simulation, dialect: str, fault: str) -> None:
    status, google_name, amazon_name = STATUSES[fault]
    simulation.behave(fault=fault)
    for stream in (False, True):
        answer = ask(simulation, dialect, stream=stream)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/json"
        document = answer.json()
        if dialect == "gemini":
            assert (document["error"]["code"], document["error"]["status"]) == (status, google_name)
        else:
            assert document["message"]
        named = answer.headers.get("x-amzn-errortype", "")
        assert named.partition(":")[0] == (amazon_name if dialect == "bedrock" else "")


@EVERY_DIALECT
@pytest.mark.parametrize(("place", "pieces"), [("before", 0), ("after", 3)])
def test_error_events(simulation: Simulation, dialect: str, place: str, pieces: int) -> None:
    simulation.behave(fault=f"error_event_{place}_content")
    answer = ask(simulation, dialect, stream=True)
    assert answer.status_code == 200
    assert ASKINGS[dialect].count_pieces(answer.content) == pieces
    if dialect == "bedrock":
        headers, error = read_frames(answer.content)[-1]
        assert headers[":message-type"] == "exception"
        assert headers[":exception-type"] == "internalServerException"
        assert "had an error" in error["message"]
        return
    last = json.loads(answer.content.strip().split(b"\n")[-1].removeprefix(b"data: "))
    if dialect == "cohere":
        assert (last["type"], last["delta"]["finish_reason"]) == ("message-end", "ERROR")
    else:
        assert last["error"]["status"] == "INTERNAL"


@EVERY_DIALECT
@BOTH
def test_cut_inside_an_event(simulation: Simulation, dialect: str, stream: bool) -> None:
    simulation.behave(fault="cut_inside_event", after_tokens=2)
    received = read_raw(simulation, dialect, stream=stream)
    _, _, body = received.partition(b"\r\n\r\n")
    assert body
    assert not body.endswith((b"0\r\n\r\n", b"}"))
    if stream:
        announced, _, torn = body.rpartition(b"\r\n")
        size = int(announced.rpartition(b"\r\n")[2], 16)
        assert len(torn) == size // 2


@EVERY_DIALECT
def test_cut_and_unfinished_streams(simulation: Simulation, dialect: str) -> None:
    simulation.behave(fault="cut_after_tokens", after_tokens=4)
    body = read_raw(simulation, dialect, stream=True)
    assert ASKINGS[dialect].count_pieces(body) == 4
    assert not body.endswith(b"0\r\n\r\n")
    simulation.behave(fault="no_done")
    content = ask(simulation, dialect, stream=True).content
    assert ASKINGS[dialect].count_pieces(content) > 4
    assert not any(end in content for end in (b"finishReason", b"message-end", b"messageStop"))


@EVERY_DIALECT
def test_no_usage(simulation: Simulation, dialect: str) -> None:
    simulation.behave(fault="no_usage")
    for stream in (False, True):
        answer = ask(simulation, dialect, stream=stream)
        assert b'"usage' not in answer.content
        assert any(end in answer.content for end in (b"finishReason", b"finish_reason", b"stopReason"))


@EVERY_DIALECT
def test_a_broken_event_in_the_middle(simulation: Simulation, dialect: str) -> None:
    whole = ask(simulation, dialect, stream=True).content
    simulation.behave(fault="malformed_chunk", after_tokens=2)
    broken = ask(simulation, dialect, stream=True).content
    assert len(broken) > len(whole)
    if dialect == "bedrock":
        with pytest.raises((AssertionError, ValueError)):
            read_frames(broken)
        return
    lines = [line.removeprefix(b"data: ").strip() for line in broken.split(b"\n") if line.startswith(b"data: ")]
    assert sum(not line.endswith(b"}") for line in lines) == 1


@EVERY_DIALECT
def test_a_fault_heals(simulation: Simulation, dialect: str) -> None:
    simulation.behave(fault="status_503", times=1)
    assert [ask(simulation, dialect, stream=False).status_code for _ in range(2)] == [503, 200]
    assert [call["fault"] for call in simulation.list_calls()] == ["status_503", None]
