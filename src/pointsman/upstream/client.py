"""The only way out for a prompt: one request over a pooled connection, and one free retry if that had gone stale."""

import asyncio
import time
from collections.abc import Callable

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.ports import Headers, Secrets
from pointsman.upstream.addresses import Resolver
from pointsman.upstream.auth.access_tokens import AccessTokens
from pointsman.upstream.connection import Connection, StaleConnection
from pointsman.upstream.deadlines import Sweeper
from pointsman.upstream.dial import Dialer
from pointsman.upstream.origin import Origin
from pointsman.upstream.pool import ConnectionCounts, Pool
from pointsman.upstream.response import HttpResponse
from pointsman.upstream.targets import Target, Targets


class HttpUpstream:
    """The port `Upstream` over HTTP/1.1; no proxies of the environment, no redirects, no compression.

    Args:
        secrets: where provider keys come from.
        resolver: turns names into addresses; the system's resolver unless a test brings its own.
    """

    def __init__(self, secrets: Secrets, resolver: Resolver | None = None) -> None:
        self._pool = Pool(Dialer(resolver or Resolver()))
        self._targets = Targets(secrets, self._pool)
        self._tokens = AccessTokens(self._pool)
        self._sweeper = Sweeper(self._pool.sweep)
        self._now_s: Callable[[], float] = time.monotonic

    def start(self) -> None:
        """Begin to accept requests; needs a running loop, and all requests must come from it."""
        # Kept, because asking which loop runs is a system call.
        self._now_s = asyncio.get_running_loop().time
        self._pool.start()
        self._sweeper.start()

    async def close(self) -> None:
        """Interrupt what is under way and close every connection."""
        self._sweeper.stop()
        await self._tokens.close()
        await self._pool.close()

    def list_descriptors(self) -> list[int]:
        """The file descriptors of all connections; a child that is forked off has a copy of each."""
        return self._pool.list_descriptors()

    def counts(self) -> dict[Origin, ConnectionCounts]:
        """Connections now, per origin."""
        return self._pool.count()

    async def send(
        self,
        deployment: Deployment,
        path: str,
        body: bytes,
        *,
        stream: bool,
        note_sending: Callable[[], None] | None = None,
        headers: Headers = (),
    ) -> HttpResponse:
        """POST `body` as JSON to the deployment and wait for the head of the answer, whatever its status.

        Cancelling the call aborts the connection at once.

        Args:
            deployment: where to; its identity is what the composed head is remembered by.
            path: what follows the base URL, such as `/chat/completions`.
            body: the request, already encoded.
            stream: whether an event stream was asked for; picks the total deadline.
            note_sending: called just before the first byte goes out.
            headers: of this call, beside the deployment's own; whoever gives them has looked for line breaks.

        Raises:
            UpstreamFailure: when no proper head arrived; `sent` tells whether the provider may have seen the request.
        """
        secret = self._targets.reveal(deployment)
        if secret is not None and deployment.auth == "google_oauth":
            secret = await self._tokens.find(deployment, secret)
        target = self._targets.find(deployment, path, secret)
        deadlines = deployment.deadlines
        total_ms = deadlines.stream_total_ms if stream else deadlines.total_ms
        due_s = self._now_s() + total_ms / 1000
        connection = target.lane.take_idle() or await _open(target, due_s)
        head = None if headers else target.plain
        if head is None:
            head = target.head.write(body, time.time(), headers)
        if note_sending is not None:
            note_sending()
        try:
            return await connection.carry(head, body, deployment, due_s)
        except StaleConnection:
            connection = await _open(target, due_s)
            return await connection.carry(head, body, deployment, due_s)


async def _open(target: Target, due_s: float) -> Connection:
    left_s = due_s - asyncio.get_running_loop().time()
    connect_s = target.deployment.deadlines.connect_ms / 1000
    try:
        return await target.lane.open(min(connect_s, left_s))
    except UpstreamFailure as failure:
        if failure.kind is FailureKind.CONNECT_TIMEOUT and left_s <= connect_s:
            raise UpstreamFailure(FailureKind.DEADLINE, "the time for the whole call is over", sent=False) from None
        raise
