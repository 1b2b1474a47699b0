"""Conversations byte by byte, one per way in which a connection can go off the common path."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from running import RunningGateway
from simulator.running_simulator import Simulation

BODY = b'{"model":"small","max_tokens":3,"messages":[{"role":"user","content":"hi"}]}'


@contextmanager
def connect(gateway: RunningGateway) -> Iterator[socket.socket]:
    address = urlsplit(gateway.url)
    with socket.create_connection((address.hostname, address.port), timeout=15) as connection:
        yield connection


def head(
    gateway: RunningGateway, *fields: str, body: bytes = BODY, version: str = "1.1", key: str | None = None
) -> bytes:
    lines = [
        f"POST /v1/chat/completions HTTP/{version}",
        "host: x",
        "content-type: application/json",
        f"authorization: Bearer {gateway.api_key if key is None else key}",
        *(fields or (f"content-length: {len(body)}",)),
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def read_until(connection: socket.socket, *marks: bytes) -> bytes:
    """What comes until all marks have, or the server closes."""
    received = b""
    while not all(mark in received for mark in marks):
        data = connection.recv(65_536)
        if not data:
            break
        received += data
    return received


def test_pipelined_requests_are_answered_in_order(gateway: RunningGateway) -> None:
    models = (
        b"GET /v1/models/small HTTP/1.1\r\nhost: x\r\nauthorization: Bearer " + gateway.api_key.encode() + b"\r\n\r\n"
    )
    with connect(gateway) as connection:
        connection.sendall((head(gateway) + BODY) * 2 + models)
        received = read_until(connection, b'"owned_by"')
    assert received.count(b"HTTP/1.1 200") == 3
    assert received.index(b"chat.completion") < received.index(b'"owned_by"')


@pytest.mark.parametrize("size", [10, 300_000])
def test_a_client_that_leaves_is_noticed_whatever_the_size_of_its_body(
    gateway: RunningGateway, simulator: str, size: int
) -> None:
    model = Simulation(simulator, "simulated-small")
    model.behave(latency_ms=60_000)
    body = BODY.replace(b"hi", b"x" * size)
    try:
        with connect(gateway) as connection:
            connection.sendall(head(gateway, body=body) + body)
            model.await_call(lambda call: call["ended"] is None)
        assert model.await_call(lambda call: call["ended"] is not None)["ended"] == "client_disconnected"
    finally:
        model.control("DELETE", "/simulator/behaviour")


def test_a_refused_request_leaves_no_connection_open_for_its_body(gateway: RunningGateway) -> None:
    with connect(gateway) as connection:
        connection.sendall(head(gateway, "content-length: 1000", key="pm_wrong") + b"{")
        received = read_until(connection, b"never")
    assert received.startswith(b"HTTP/1.1 401") and b"connection: close" in received


def test_trailers_are_no_headers(gateway: RunningGateway) -> None:
    chunked = b"%x\r\n%b\r\n0\r\nauthorization: Bearer %b\r\n\r\n" % (len(BODY), BODY, gateway.api_key.encode())
    request = head(gateway, "transfer-encoding: chunked", key="")
    with connect(gateway) as connection:
        connection.sendall(request + chunked)
        assert read_until(connection, b"missing_api_key").startswith(b"HTTP/1.1 401")


def test_an_upgrade_is_refused_in_our_words(gateway: RunningGateway) -> None:
    fields = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", f"content-length: {len(BODY)}")
    with connect(gateway) as connection:
        connection.sendall(head(gateway, *fields) + BODY)
        assert b"upgrade_not_supported" in read_until(connection, b"never")


@pytest.mark.parametrize("stream", [False, True])
def test_http_1_0_gets_no_chunks_and_a_close(gateway: RunningGateway, stream: bool) -> None:
    body = json.dumps(json.loads(BODY) | {"stream": stream}).encode()
    with connect(gateway) as connection:
        connection.sendall(head(gateway, body=body, version="1.0") + body)
        answer_head, _, answer = read_until(connection, b"never").partition(b"\r\n\r\n")
    assert b"chunked" not in answer_head and b"connection: close" in answer_head
    assert answer.endswith(b"data: [DONE]\n\n") if stream else json.loads(answer)["choices"]


def test_garbage_behind_a_running_stream_does_not_end_up_in_it(gateway: RunningGateway, simulator: str) -> None:
    model = Simulation(simulator, "simulated-small")
    model.behave(tokens_per_second=5)
    body = json.dumps(json.loads(BODY) | {"stream": True}).encode()
    try:
        with connect(gateway) as connection:
            connection.sendall(head(gateway, body=body) + body)
            read_until(connection, b"content")
            connection.sendall(b"\x00garbage\r\n\r\n")
            assert b"HTTP/1.1 400" not in read_until(connection, b"never")
    finally:
        model.control("DELETE", "/simulator/behaviour")


def test_the_admin_key_is_asked_for_before_a_body_is_read(gateway: RunningGateway) -> None:
    request = (
        b"POST /api/v1/keys HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 600000000\r\n"
    )
    with connect(gateway) as connection:
        connection.sendall(request + b"\r\n{")
        assert read_until(connection, b"never").startswith(b"HTTP/1.1 401")
    with connect(gateway) as connection:
        connection.sendall(request + f"authorization: Bearer {gateway.admin_key}\r\n\r\n".encode() + b" " * (2 * 2**20))
        assert read_until(connection, b"never").startswith(b"HTTP/1.1 413")


def test_every_answer_has_a_request_id(gateway: RunningGateway) -> None:
    for path in ("/health", "/nope", "/api/v1/keys", "/v1/nope", "/v1/chat/completions", "/metrics"):
        with connect(gateway) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode())
            assert b"\r\nx-request-id: " in read_until(connection, b"never"), path
