"""Tells a URL of the operator's something as JSON, through the guard that calls to providers pass; follows nobody.

The URL may hold a token, so nothing here ever repeats more of it than its host.
"""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from pointsman.core.chat.failures import UpstreamFailure
from pointsman.core.config.base_url import ForbiddenUrl, read_base_url
from pointsman.core.config.snapshot import Deployment
from pointsman.upstream.addresses import Resolver, look_up
from pointsman.upstream.dial import Dialer
from pointsman.upstream.head import compose_head
from pointsman.upstream.origin import parse_origin
from pointsman.upstream.pool import Pool

NAME = "alerts.webhook"

MOST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it.

    Attributes:
        fault: why it was not taken, for people; `""` when it was.
        status: of the answer, or `None` when there was none.
    """

    fault: str = ""
    status: int | None = None


async def tell_webhook(url: str, body: bytes, wait_s: float) -> Told:
    """POST a body; any answer of 200 to 299 takes it. Never raises for what the other end does.

    Args:
        url: of this machine or a private network as its spelling says, or public and then https.
        body: JSON.
        wait_s: how long all of it may take.
    """
    try:
        deployment, path = _read_url(url)
    except ForbiddenUrl as forbidden:
        return Told(f"it may not be called: {forbidden}")
    pool = Pool(Dialer(Resolver(look_up)))
    pool.start()
    try:
        async with asyncio.timeout(wait_s):
            return await _post(pool, deployment, path, body, wait_s)
    except TimeoutError:
        return Told(f"no answer within {wait_s:g} s")
    except UpstreamFailure as failure:
        return Told(failure.detail)
    finally:
        await pool.close()


def _read_url(url: str) -> tuple[Deployment, str]:
    """Where it leads as the guard and connections know it, and what is asked for there.

    Raises:
        ForbiddenUrl: when it may not be called.
    """
    bare, question, query = url.partition("?")
    if "#" in url:
        raise ForbiddenUrl("it may have no fragment")
    read = read_base_url(bare)
    if read.reach == "public" and not read.encrypted:
        raise ForbiddenUrl("it must begin with https://")
    parts = urlsplit(bare)
    deployment = Deployment(
        id=NAME,
        provider=NAME,
        model=NAME,
        upstream_model=NAME,
        dialect="openai_chat",
        base_url=f"{parts.scheme}://{parts.netloc}",
        location="cloud" if read.reach == "public" else "local",
        max_response_bytes=MOST_ANSWER_BYTES,
    )
    return deployment, f"{parts.path or '/'}{question}{query}"


async def _post(pool: Pool, deployment: Deployment, path: str, body: bytes, wait_s: float) -> Told:
    origin = parse_origin(deployment)
    head = compose_head(deployment, origin, path, None).write(body, time.time())
    connection = await pool.find_lane(origin).open(wait_s)
    response = await connection.carry(head, body, deployment, asyncio.get_running_loop().time() + wait_s)
    try:
        status = response.status
    finally:
        response.close()
    return Told(status=status) if 200 <= status < 300 else Told(f"it answered {status}", status)
