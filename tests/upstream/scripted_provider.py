"""A provider whose every byte the test writes itself, and the client under test beside it."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import TracebackType

from pointsman.core.config.snapshot import Deadlines, Deployment, Location
from pointsman.upstream.addresses import Resolver
from pointsman.upstream.client import HttpUpstream
from pointsman.upstream.pool import ConnectionCounts

PATIENCE_S = 10.0
PLAIN = b'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 11\r\n\r\n{"ok":true}'
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Peer:
    """One accepted connection, seen from the provider's side."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.place = 0

    async def request(self) -> tuple[bytes, bytes]:
        """The next request: its head and its body."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        return head, await self.reader.readexactly(size)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def hang_up(self) -> None:
        """Wait until the other side has gone, however it went."""
        try:
            while await self.reader.read(65536):
                continue
        except ConnectionError:
            return

    def reset(self) -> None:
        """Leave with RST instead of FIN."""
        raw: socket.socket = self.writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


class ScriptedProvider:
    """Listens on a port of its own; each connection runs the script and is closed after it."""

    def __init__(self, script: Script, *, tls: ssl.SSLContext | None = None) -> None:
        self.connection_count = 0
        self._script = script
        self._tls = tls
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "ScriptedProvider":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connection_count += 1
        peer = Peer(reader, writer)
        peer.place = self.connection_count
        try:
            await self._script(peer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        else:
            writer.close()


class Keys:
    """The port `Secrets` over a dictionary."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def reveal(self, reference: str) -> str | None:
        return self.values.get(reference.removeprefix("env:"))


def deploy(
    port: int,
    *,
    deadlines: Deadlines | None = None,
    location: Location = "local",
    base_url: str = "",
    credential: str | None = None,
    max_response_bytes: int = 1024 * 1024,
) -> Deployment:
    """A deployment at the scripted provider."""
    return Deployment(
        id="scripted/model",
        provider="scripted",
        model="model",
        upstream_model="model",
        dialect="openai_chat",
        base_url=base_url or f"http://127.0.0.1:{port}/v1",
        location=location,
        credential=credential,
        deadlines=deadlines or Deadlines(connect_ms=5_000, first_byte_ms=5_000, idle_ms=5_000, total_ms=9_000),
        max_response_bytes=max_response_bytes,
    )


@asynccontextmanager
async def open_upstream(keys: Keys | None = None, resolver: Resolver | None = None) -> AsyncIterator[HttpUpstream]:
    """A started client that must be without connections once it is closed."""
    upstream = HttpUpstream(keys or Keys(), resolver)
    upstream.start()
    try:
        yield upstream
    finally:
        await upstream.close()
        assert count(upstream) == ConnectionCounts(idle=0, active=0)


def count(upstream: HttpUpstream) -> ConnectionCounts:
    """The client's connections to all origins together."""
    counts = upstream.counts().values()
    return ConnectionCounts(sum(each.idle for each in counts), sum(each.active for each in counts))


async def until(condition: Callable[[], bool]) -> None:
    """Poll until the condition holds; fail after `PATIENCE_S`."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.005)


async def post(upstream: HttpUpstream, deployment: Deployment, body: bytes = b"{}", *, stream: bool = False) -> bytes:
    """One call from start to end."""
    response = await upstream.send(deployment, "/chat/completions", body, stream=stream)
    return await response.read_all()


def chunk(data: bytes) -> bytes:
    """One chunk as `transfer-encoding: chunked` frames it."""
    return b"%x\r\n%b\r\n" % (len(data), data)
