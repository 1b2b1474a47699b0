"""Scripts on a server of Redis or Valkey: each question has a deadline, and a server that is silent is left alone."""

import asyncio
import hashlib
import time
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal
from urllib.parse import urlsplit

from pointsman.core.limits.breaker import Breaker
from pointsman.core.money_ports import StoreUnavailable

CONNECT_MS = 500
ANSWER_MS = 1_000

ScriptName = Literal[
    "acquire",
    "begin",
    "finish",
    "give_back",
    "leave",
    "list_parts",
    "put",
    "renew",
    "report",
    "return_rates",
    "take_rates",
]


class UnusableAddress(Exception):
    """The server cannot be used as it is configured; the message says what to do."""


class ScriptServer:
    """Belongs to the event loop that uses it first.

    Args:
        url: such as `redis://user@host:6379/0`, `rediss://` with TLS or `unix://`.
        password: instead of one in the URL.

    Raises:
        UnusableAddress: when the driver is missing or the URL is none.
    """

    def __init__(self, url: str, password: str | None = None) -> None:
        try:
            from redis.asyncio import Redis
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.exceptions import NoScriptError, RedisError
        except ImportError:
            raise UnusableAddress(
                "redis.url is set, and its driver is not installed: pip install pointsman[redis]"
            ) from None
        try:
            self._client = Redis.from_url(
                url,
                password=password,
                socket_connect_timeout=CONNECT_MS / 1_000,
                socket_timeout=ANSWER_MS / 1_000,
                # A second try might do twice what the first one did unnoticed.
                retry=Retry(NoBackoff(), 0),
            )
            self._shown = _show_address(url)
        except ValueError:
            # Its text may repeat the URL, which may hold a password.
            raise UnusableAddress("redis.url is no URL of a server; write it as redis://host:6379/0") from None
        self._no_script = NoScriptError
        self._failures = (OSError, TimeoutError, RedisError)
        self._breaker = Breaker()

    async def run(self, script: ScriptName, keys: Sequence[str], values: Sequence[str | int]) -> list[str]:
        """Run a script; answers what it did, all as text.

        Raises:
            StoreUnavailable: when there is no answer in time, or the server is not asked after failures.
        """
        if not self._breaker.may_ask(_read_clock_ms()):
            raise StoreUnavailable(f"Redis at {self._shown} does not answer; it is asked again in a moment")
        text, sha = _read_script(script)
        try:
            async with asyncio.timeout(ANSWER_MS / 1_000):
                try:
                    answer = await self._client.evalsha(sha, len(keys), *keys, *values)
                except self._no_script:
                    answer = await self._client.eval(text, len(keys), *keys, *values)
        except self._failures as error:
            self._breaker.note_failure(_read_clock_ms())
            raise StoreUnavailable(
                f"Redis at {self._shown} does not answer ({type(error).__name__}); start it, or correct redis.url"
            ) from error
        self._breaker.note_answer()
        return [part.decode() if type(part) is bytes else str(part) for part in answer]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


@cache
def _read_script(name: ScriptName) -> tuple[str, str]:
    """A script and its hash, by which the server knows it."""
    folder = files("pointsman.valkey").joinpath("scripts")
    text = folder.joinpath("state.lua").read_text() + folder.joinpath(f"{name}.lua").read_text()
    return text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def _show_address(url: str) -> str:
    """Host and port, or the socket, for messages."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path


def _read_clock_ms() -> int:
    return time.monotonic_ns() // 1_000_000
