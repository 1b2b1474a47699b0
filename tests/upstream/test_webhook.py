"""A webhook is told over a real socket, within its deadline, and never anything of its URL but the host is repeated."""

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest

from pointsman.upstream.webhook import Told, tell_webhook

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


async def _tell(answer: Answer, path: str, body: bytes, wait_s: float = 5.0) -> tuple[Told, list[bytes]]:
    """Tell a server that answers like this; what it was asked beside."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        asked.append(head + await reader.readexactly(length))
        await answer(head, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        return await tell_webhook(f"http://127.0.0.1:{port}{path}", body, wait_s), asked
    finally:
        server.close()
        await server.wait_closed()


def answer(text: bytes) -> Answer:
    async def write(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return write


OK = b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n"


def test_it_is_posted_as_json_with_path_and_query() -> None:
    body = json.dumps({"text": "hello"}).encode()
    told, asked = asyncio.run(_tell(answer(OK), "/hooks/T0/abc?token=secret", body))
    assert told == Told(status=204)
    (request,) = asked
    assert request.startswith(b"POST /hooks/T0/abc?token=secret HTTP/1.1\r\n")
    assert b"\r\ncontent-type: application/json\r\n" in request
    assert request.endswith(b"\r\n\r\n" + body)


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_any_other_answer_takes_it_not_and_nobody_is_followed(status: int) -> None:
    text = b"HTTP/1.1 %d No\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 2\r\n\r\nno" % status
    told, asked = asyncio.run(_tell(answer(text), "/", b"{}"))
    assert told == Told(f"it answered {status}", status) and len(asked) == 1


def test_silence_ends_with_the_deadline() -> None:
    async def run() -> Told:
        async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hold, "127.0.0.1", 0)
        try:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/token"
            return await tell_webhook(url, b"{}", 0.05)
        finally:
            server.close()

    assert asyncio.run(run()) == Told("no answer within 0.05 s")


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example/secret",
        "ftp://hooks.example/secret",
        "https://user:secret@hooks.example/",
        "https://hooks.example/secret#part",
        "http://169.254.169.254/secret",
        "https://metadata.google.internal/secret",
        "secret",
        "https://hooks.example:22/secret",
        "https://exa mple/secret",
    ],
)
def test_what_may_not_be_called_is_not(url: str) -> None:
    told = asyncio.run(tell_webhook(url, b"{}", 0.2))
    assert told.fault and told.status is None
    assert "secret" not in told.fault


def test_nobody_there() -> None:
    told = asyncio.run(tell_webhook("http://127.0.0.1:9/secret", b"{}", 2.0))
    assert told.fault.startswith("no connection to http://127.0.0.1:9") and "secret" not in told.fault
