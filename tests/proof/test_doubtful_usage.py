"""What a provider says of usage and cannot be believed, or does not say (F43 to F47), through the whole gateway."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Event, Thread
from typing import Any

import pytest
from booked import new_marker, read_entries, read_row

from running import RunningGateway, run_gateway
from upstream.scripted_provider import CHUNKED_HEAD, Peer, ScriptedProvider

DOCUMENT = """\
version: 1
providers:
  odd: {{base_url: "http://127.0.0.1:{port}/v1", location: local}}
models:
  odd: {{provider: odd, model_id: odd, context_window: 10000, price_per_1m_tokens: {{input: "3", output: "15"}}}}
"""

Reported = dict[str, Any] | None

ONE, OTHER = {"prompt_tokens": 40, "completion_tokens": 7}, {"prompt_tokens": 50, "completion_tokens": 3}
NOTHING = {"prompt_tokens": 0, "completion_tokens": 0}


def cost(prompt: int, completion: int) -> int:
    return prompt * 3_000 + completion * 15_000


@dataclass(frozen=True)
class Case:
    """What is said in turn, and what it is booked as.

    Attributes:
        reports: the usage of one chunk after the other; the last one is that of a plain answer.
        cost_nusd: what it comes to, or `None` for an estimate.
        shown: what a client that asked for usage is told at last, or `None` for nothing.
    """

    reports: tuple[Reported, ...]
    cost_nusd: int | None
    shown: Reported = None


STREAMS = {
    "F43 missing": Case((), None),
    "F44 null but in the last": Case((None, None, None, ONE), cost(40, 7), ONE),
    "F44 in every chunk and growing": Case(
        ({"prompt_tokens": 40, "completion_tokens": 1}, {"prompt_tokens": 40, "completion_tokens": 4}, ONE),
        cost(40, 7),
        ONE,
    ),
    "F45 two that differ": Case((ONE, OTHER), cost(50, 7), OTHER),
    "F46 explicitly nothing": Case((NOTHING,), 0, NOTHING),
    "F47 negative": Case(({"prompt_tokens": -1, "completion_tokens": 7},), None),
    "F47 far too much": Case(({"prompt_tokens": 40, "completion_tokens": 10**9},), None),
    "F47 broken numbers": Case(({"prompt_tokens": 40.5, "completion_tokens": 7},), None),
    "F47 words": Case(({"prompt_tokens": "40", "completion_tokens": 7},), None),
    "F47 more than it can read": Case(({"prompt_tokens": 11_001, "completion_tokens": 7},), None),
}

PLAIN = {name: case for name, case in STREAMS.items() if len(case.reports) < 2}


async def answer(peer: Peer) -> None:
    """What the prompt names, as a stream or a document."""
    while True:
        try:
            _, body = await peer.request()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        request = json.loads(body)
        reports = STREAMS[request["messages"][0]["content"]].reports
        if request.get("stream"):
            await _stream(peer, reports)
        else:
            await _answer_plainly(peer, reports)


async def _stream(peer: Peer, reports: tuple[Reported, ...]) -> None:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "odd"}
    pieces = [{**chunk, "choices": [{"index": 0, "delta": {"content": "word "}, "finish_reason": None}]}]
    pieces += [{**chunk, "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}]
    pieces += [{**chunk, "choices": [], "usage": usage} for usage in reports]
    lines = [json.dumps(piece).encode() for piece in pieces] + [b"[DONE]"]
    text = b"".join(b"data: %b\n\n" % line for line in lines)
    await peer.send(CHUNKED_HEAD + b"%x\r\n%b\r\n0\r\n\r\n" % (len(text), text))


async def _answer_plainly(peer: Peer, reports: tuple[Reported, ...]) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "word"}, "finish_reason": "stop"}
    document: dict[str, Any] = {"id": "c", "object": "chat.completion", "created": 1, "model": "odd"}
    document |= {"choices": [choice]} | ({"usage": reports[-1]} if reports else {})
    text = json.dumps(document).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    await peer.send(head % len(text) + text)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of the odd provider, which runs beside the tests."""
    ready, ports, stop = Event(), list[int](), list[Any]()

    async def serve() -> None:
        ended = asyncio.Event()
        async with ScriptedProvider(answer) as provider:
            ports.append(provider.port)
            loop = asyncio.get_running_loop()
            stop.append(lambda: loop.call_soon_threadsafe(ended.set))
            ready.set()
            await ended.wait()

    thread = Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(10)
    yield ports[0]
    stop[0]()
    thread.join(10)


@pytest.fixture(scope="module")
def gateway(port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    with run_gateway(tmp_path_factory.mktemp("doubtful"), DOCUMENT.format(port=port)) as running:
        yield running


def ask(gateway: RunningGateway, name: str, **fields: Any) -> tuple[str, bytes]:
    """The marker of a call, and its answer."""
    marker = new_marker()
    body = {"model": "odd", "messages": [{"role": "user", "content": name}], **fields}
    status, _, text = gateway.post("/v1/chat/completions", json.dumps(body).encode(), x_pointsman_session=marker)
    assert status == 200, text
    return marker, text


def check_booked(gateway: RunningGateway, marker: str, case: Case) -> None:
    _, _, attempts, cost_nusd, status = read_row(gateway, marker)
    (entry,) = read_entries(gateway, marker)
    assert attempts == 1 and entry[:4] == (1, "charge", "answer", "") and entry[4:] == (status, cost_nusd)
    if case.cost_nusd is None:
        # Of so short an answer: neither nothing nor anything near what was claimed.
        assert status == "estimated" and 0 < cost_nusd < 1_000_000
    else:
        assert (cost_nusd, status) == (case.cost_nusd, "actual")


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("asks", [False, True], ids=["unasked", "asked"])
def test_a_stream_with_doubtful_usage(gateway: RunningGateway, name: str, asks: bool) -> None:
    options = {"stream_options": {"include_usage": True}} if asks else {}
    marker, text = ask(gateway, name, stream=True, **options)
    check_booked(gateway, marker, STREAMS[name])
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith(b"data: {")]
    shown = [event["usage"] for event in events if event.get("usage")]
    if not asks:
        assert shown == []
    elif STREAMS[name].shown is not None:
        assert shown[-1] == STREAMS[name].shown


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_answer_with_doubtful_usage(gateway: RunningGateway, name: str) -> None:
    marker, _ = ask(gateway, name)
    check_booked(gateway, marker, PLAIN[name])
