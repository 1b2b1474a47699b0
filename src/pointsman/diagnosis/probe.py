"""Asks a provider which models it has, through the gateway's own guard, name look-up and connections."""

import asyncio
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import msgspec

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.snapshot import Deployment
from pointsman.core.dialects.table import DIALECTS
from pointsman.upstream.addresses import Resolver, SocketAddress, look_up
from pointsman.upstream.dial import Dialer
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.pool import Pool
from pointsman.upstream.targets import compose_head

PROBE_S = 3.0
MOST_LIST_BYTES = 4 * 1024 * 1024
MODELS_PATH = "/models"
REFUSALS = (401, 403)


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
        models: the ids that it lists, or `None` when it does not list them.
    """

    fault: str = ""
    status: int | None = None
    models: frozenset[str] | None = None


class _Listed(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Listed]


async def ask_all(probes: Sequence[Probe]) -> list[Reply]:
    """Ask all of them at the same time; each has `PROBE_S` seconds."""
    pool = Pool(Dialer(Resolver(_look_up_in_time)))
    pool.start()
    try:
        return await asyncio.gather(*(_ask(probe, pool) for probe in probes))
    finally:
        await pool.close()


async def _ask(probe: Probe, pool: Pool) -> Reply:
    try:
        async with asyncio.timeout(PROBE_S):
            return await _ask_models(probe, pool)
    except TimeoutError:
        return Reply(f"no answer within {PROBE_S:g} s")
    except UpstreamFailure as failure:
        return Reply(failure.detail)


async def _ask_models(probe: Probe, pool: Pool) -> Reply:
    deployment = replace(probe.deployment, max_response_bytes=MOST_LIST_BYTES)
    if deployment.credential is not None and probe.key is None:
        lane = pool.find_lane(parse_origin(deployment))
        (await lane.open(PROBE_S)).abort()
        return Reply()
    status, body = await _exchange(deployment, "GET", MODELS_PATH, b"", probe.key, pool)
    if status in REFUSALS and probe.key is not None:
        # Some providers take a key in another header here than for chats. A chat without a model and without messages
        # is refused, and costs nothing; but its refusal tells whether the key was taken.
        path = DIALECTS[deployment.dialect].path
        status, body = await _exchange(deployment, "POST", path, b"{}", probe.key, pool)
        return Reply(status=status if status in REFUSALS else 200)
    return Reply(status=status, models=_read_models(body) if status == 200 else None)


async def _exchange(
    deployment: Deployment, method: str, path: str, body: bytes, key: str | None, pool: Pool
) -> tuple[int, bytes]:
    """Status and body of one request; the body of a refusal is of no interest."""
    origin = parse_origin(deployment)
    # The head of a call, but for its method: what is refused to a call is refused here.
    head = method.encode() + compose_head(deployment, origin, path, key).removeprefix(b"POST")
    lane = pool.find_lane(origin)
    connection = await lane.open(PROBE_S)
    due_s = asyncio.get_running_loop().time() + PROBE_S
    response = await connection.carry(head, body, deployment, due_s)
    try:
        return response.status, await response.read_all() if response.status == 200 else b""
    finally:
        response.close()


def _read_models(body: bytes) -> frozenset[str] | None:
    try:
        return frozenset(model.id for model in msgspec.json.decode(body, type=_Models).data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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

    threading.Thread(target=run, daemon=True, name="pointsman-doctor-names").start()
    try:
        return answer.result(PROBE_S)
    except TimeoutError:
        raise OSError(socket.EAI_AGAIN, "the name server does not answer") from None
