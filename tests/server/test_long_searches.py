"""Long texts that are slow to search keep nobody waiting: others are answered meanwhile, and a stop ends the search."""

import http.client
import json
import random
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from pointsman.relay.search import MOST_BYTES
from running import RunningGateway, await_value, run_gateway

LONG_BYTES = 4 * 1024 * 1024
LONG_ONES = 20
SHORT_ONES = 40
DOCUMENT = """\
version: 1
providers:
  near: {{base_url: "{url}/v1", location: local}}
  far: {{base_url: "{url}/v1", location: cloud, allow_private: ["{address}"]}}
models:
  own: {{provider: near, model_id: simulated-small}}
  big: {{provider: far, model_id: simulated-large}}
agents:
  reader: {{model: own}}
  writer: {{model: own}}
  planner: {{model: own}}
  open: {{model: big, fallback: [own]}}
privacy: {{detect: always, deadline: {deadline}}}
"""
SHORT = ("agent:writer", "agent:planner", "own")


def write_digits(length: int) -> str:
    """What is slowest to search: digits in groups as of cards and phones, line after line."""
    dice = random.Random(length)
    return "".join(dice.choices("0123456789 -.", k=length))


def write_body(model: str, text: str) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": text}]}).encode()


@contextmanager
def run(folder: Path, simulator: str, deadline: str) -> Iterator[RunningGateway]:
    text = DOCUMENT.format(url=simulator, address=urlsplit(simulator).netloc, deadline=deadline)
    with run_gateway(folder, text) as gateway:
        yield gateway


def send(gateway: RunningGateway, body: bytes) -> socket.socket:
    """Send a request and do not wait for its answer."""
    connection = http.client.HTTPConnection(urlsplit(gateway.url).netloc, timeout=60)
    headers = {"authorization": f"Bearer {gateway.api_key}", "content-type": "application/json"}
    connection.request("POST", "/v1/chat/completions", body, headers)
    assert connection.sock is not None
    return connection.sock


def has_answer(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK))
    except BlockingIOError:
        return False


def test_others_are_answered_while_long_texts_are_searched(simulator: str, tmp_path: Path) -> None:
    with run(tmp_path, simulator, "60s") as gateway, ThreadPoolExecutor(LONG_ONES) as callers:
        long = write_body("agent:reader", write_digits(LONG_BYTES))
        connections = [sent.result() for sent in [callers.submit(send, gateway, long) for _ in range(LONG_ONES)]]
        try:
            for number in range(SHORT_ONES):
                status, headers, _ = gateway.post(
                    "/v1/chat/completions", write_body(SHORT[number % len(SHORT)], f"Say the number {number}.")
                )
                assert status == 200 and headers["x-pointsman-model"] == "own"
            assert [has_answer(connection) for connection in connections] == [False] * LONG_ONES
        finally:
            for connection in connections:
                connection.close()

        def list_left() -> list[str]:
            return [line["request_id"] for line in gateway.log if line.get("failure") == "client_disconnected"]

        await_value(lambda: True if len(list_left()) == LONG_ONES else None, 60)
        # Their threads have stopped in the middle of it: the next long text has them for itself.
        status, headers, _ = gateway.post("/v1/chat/completions", write_body("agent:open", "word " * 10_000))
        assert status == 200 and headers["x-pointsman-model"] == "big"


def test_what_cannot_be_searched_in_time_or_at_all_stays_at_home(simulator: str, tmp_path: Path) -> None:
    with run(tmp_path, simulator, "20ms") as gateway:
        slow = write_body("agent:open", write_digits(150_000))
        too_long = write_body("agent:open", "Say a word.") + b" " * MOST_BYTES
        for body in (slow, too_long):
            status, headers, _ = gateway.post("/v1/chat/completions", body)
            assert status == 200 and headers["x-pointsman-model"] == "own"
        assert gateway.chat("agent:open")[1]["x-pointsman-model"] == "big"
