"""A running simulator as a test sees it: its control surface, its recorded calls, and its bytes."""

import json
import socket
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.request import Request, urlopen

DEADLINE_S = 10.0


class Simulation:
    """A running simulator seen from one test."""

    def __init__(self, url: str, model: str) -> None:
        self.url = url
        self.model = model
        self.port = int(url.rpartition(":")[2])

    def control(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(f"{self.url}{path}", data, method=method), timeout=DEADLINE_S) as response:
            return json.load(response)

    def behave(self, **fields: object) -> None:
        self.control("PUT", "/simulator/behaviour", {"model": self.model, **fields})

    def list_calls(self) -> list[dict[str, Any]]:
        calls = self.control("GET", "/simulator/calls")["calls"]
        return [call for call in calls if call["model"] == self.model]

    def await_call(self, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The test's last call, once it has reached what is asked of it."""
        deadline_s = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline_s:
            for call in self.list_calls()[-1:]:
                if reached(call):
                    return call
            time.sleep(0.01)
        raise AssertionError(f"not reached within {DEADLINE_S} s: {self.list_calls()[-1:]}")

    def encode_request(self, **fields: object) -> bytes:
        body = {"model": self.model, "messages": [{"role": "user", "content": "Plan a trip to Lyon"}], **fields}
        return json.dumps(body).encode()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_S)

    def send_raw(self, body: bytes) -> socket.socket:
        """Send a request over a bare socket; the caller reads the answer and closes."""
        client = self.connect()
        head = (
            "POST /v1/chat/completions HTTP/1.1\r\nhost: simulator\r\ncontent-type: application/json\r\n"
            f"connection: close\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        client.sendall(head.encode() + body)
        return client

    def read_raw(self, body: bytes) -> bytes:
        """All bytes that come back before the connection closes."""
        with closing(self.send_raw(body)) as client:
            return read_until_close(client)


def read_until_close(client: socket.socket) -> bytes:
    received = bytearray()
    while data := client.recv(65_536):
        received += data
    return bytes(received)
