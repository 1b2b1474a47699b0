"""Asks a provider which models it has, through the gateway's own guard, name look-up and connections.

What it answers is hostile: ids are taken in within bounds, and nothing else of it goes any further than its status.
"""

import asyncio
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.dialects.dialect import ProviderSide
from pointsman.core.dialects.table import DIALECTS
from pointsman.upstream.addresses import Resolver, SocketAddress, look_up
from pointsman.upstream.auth.access_tokens import AccessTokens
from pointsman.upstream.dial import Dialer
from pointsman.upstream.head import compose_head
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.pool import Pool

PROBE_S = 3.0
MOST_LIST_BYTES = 4 * 1024 * 1024
MOST_PAGES = 20
MOST_MODELS = 10_000
LONGEST_ID = 256
REFUSALS = (401, 403)
UNDERSTOOD = (400, 413, 422)
"""What is answered to a chat without messages by whoever reads it, once the key has been taken."""

UNREACHED = "LiteLLM knows the way to it, and nobody else; it cannot be asked"


@dataclass(frozen=True, slots=True)
class Probe:
    """Whom to ask, and with which key."""

    deployment: Deployment
    key: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of asking.

    Attributes:
        fault: why there was no answer, for people; `""` when there was one.
        status: of the answer, or `None` when nothing was asked because the key is missing.
        models: the ids that it lists in its order, or `None` when it does not list them.
        latency_ms: how long it took.
        lists_models: whether providers of its format have a list at all.
        to_chat: whether it was asked for a chat that it must refuse, and not for its models.
    """

    fault: str = ""
    status: int | None = None
    models: tuple[str, ...] | None = None
    latency_ms: int = 0
    lists_models: bool = True
    to_chat: bool = False

    @property
    def is_good(self) -> bool:
        """Whether the provider answered as only one of its format does, and took the key where there is one."""
        if self.to_chat:
            return self.status in UNDERSTOOD
        return self.status == 200 and self.models is not None

    @property
    def may_recover(self) -> bool:
        """Whether it is there and cannot say now: it asks for patience, or fails."""
        return self.status is not None and (self.status == 429 or self.status >= 500)


async def ask_all(probes: Sequence[Probe], wait_s: float | None = None) -> list[Reply]:
    """Ask all of them at the same time; each has `PROBE_S` seconds unless said otherwise."""
    pool = Pool(Dialer(Resolver(_look_up_in_time)))
    pool.start()
    tokens = AccessTokens(pool)
    try:
        return await asyncio.gather(*(_Asking(pool, tokens, wait_s or PROBE_S).ask(probe) for probe in probes))
    finally:
        await tokens.close()
        await pool.close()


@dataclass(frozen=True, slots=True)
class _Asking:
    """The way to a provider, and how long all of it may take."""

    pool: Pool
    tokens: AccessTokens
    wait_s: float

    async def ask(self, probe: Probe) -> Reply:
        """One provider; never raises for what it does."""
        side = DIALECTS[probe.deployment.dialect].provider
        assert side is not None, "the document's schema names providers' formats only"
        lists = bool(side.models_path)
        if not probe.deployment.base_url:
            return Reply(UNREACHED, lists_models=False)
        began_s = time.monotonic()
        try:
            async with asyncio.timeout(self.wait_s):
                reply = await self._ask_models(probe, side)
        except TimeoutError:
            reply = Reply(f"no answer within {self.wait_s:g} s")
        except UpstreamFailure as failure:
            reply = Reply(failure.detail)
        return replace(reply, latency_ms=round((time.monotonic() - began_s) * 1_000), lists_models=lists)

    async def _ask_models(self, probe: Probe, side: ProviderSide) -> Reply:
        deployment = replace(probe.deployment, max_response_bytes=MOST_LIST_BYTES)
        if deployment.credential is not None and probe.key is None:
            lane = self.pool.find_lane(parse_origin(deployment))
            (await lane.open(self.wait_s)).abort()
            return Reply()
        key = probe.key
        if key is not None and deployment.auth == "google_oauth":
            key = await self.tokens.find(deployment, key)
        if side.models_path:
            status, models = await self._read_pages(deployment, side, key)
            if status not in REFUSALS or key is None:
                return Reply(status=status, models=models)
        # There may be no list, or it takes a key in another way than chats. A chat without messages is refused, and
        # costs nothing; but its refusal tells whether the key was taken.
        path = side.find_path(deployment.upstream_model, False)
        status, _ = await self._exchange(deployment, "POST", path, b"{}", key)
        return Reply(status=status, to_chat=True)

    async def _read_pages(
        self, deployment: Deployment, side: ProviderSide, key: str | None
    ) -> tuple[int, tuple[str, ...] | None]:
        """The status of the first page, and the ids of all of them; `None` when one cannot be read."""
        found: dict[str, None] = {}
        path, status = side.models_path, 0
        for _ in range(MOST_PAGES):
            status, body = await self._exchange(deployment, "GET", path, b"", key)
            listed = _read_models(side, body) if status == 200 else None
            if listed is None:
                # What came before an unreadable page is no whole list.
                return status, None
            found |= dict.fromkeys(listed)
            following = side.find_next_models(body) if side.find_next_models is not None else ""
            if not following or len(found) >= MOST_MODELS:
                break
            path = following
        return status, tuple(found)[:MOST_MODELS]

    async def _exchange(
        self, deployment: Deployment, method: str, path: str, body: bytes, key: str | None
    ) -> tuple[int, bytes]:
        """Status and body of one request; the body of a refusal is of no interest."""
        origin = parse_origin(deployment)
        # The head of a call, but for its method: what is refused to a call is refused here.
        head = compose_head(deployment, origin, path, key, method).write(body, time.time())
        lane = self.pool.find_lane(origin)
        connection = await lane.open(self.wait_s)
        due_s = asyncio.get_running_loop().time() + self.wait_s
        response = await connection.carry(head, body, deployment, due_s)
        try:
            return response.status, await response.read_all() if response.status == 200 else b""
        finally:
            response.close()


def _read_models(side: ProviderSide, body: bytes) -> list[str] | None:
    if side.read_models is None:
        return None
    try:
        ids = side.read_models(body)
    except ValueError:
        return None
    return [id for id in ids if 0 < len(id) <= LONGEST_ID and id.isprintable()]


def _look_up_in_time(host: str, port: int) -> list[SocketAddress]:
    """As the gateway looks names up, in a thread that the end of the process does not wait for.

    Raises:
        OSError: when the name has no address, or nobody says so in time.
    """
    answer: Future[list[SocketAddress]] = Future()

    def run() -> None:
        try:
            answer.set_result(look_up(host, port))
        except BaseException as error:  # It is handed on, to the thread that asked.
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True, name="pointsman-discovery-names").start()
    try:
        return answer.result(PROBE_S)
    except TimeoutError:
        raise OSError(socket.EAI_AGAIN, "the name server does not answer") from None
