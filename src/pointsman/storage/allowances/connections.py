"""A few connections for short questions: each has a deadline that holds whatever the server does.

A connection that did not answer in time is cut off, never waited for: its transaction ends with it.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from pointsman.core.limits.breaker import Breaker
from pointsman.core.money_ports import ReplicaForgotten, StoreUnavailable
from pointsman.storage.postgres_address import PostgresAddress
from pointsman.storage.postgres_faults import TO_DO_AGAIN, explain, find_code, is_passing
from pointsman.storage.schema import UnusableDatabase

T = TypeVar("T")

CONNECT_MS = 500
ANSWER_MS = 1_000
MOST_CONNECTIONS = 4
MOST_ATTEMPTS = 4
"""Of a statement that the server asks to be done again."""
LONGEST_PAUSE_MS = 20
FOREIGN_KEY = "23503"
OLDEST_S = 1_800.0
"""Of a connection: after it another one is made, which finds the servers of a cluster as they are then."""


class Connection(Protocol):
    """As much of the driver's connection as is used."""

    async def fetch(self, query: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """The rows of a statement."""

    async def execute(self, query: str, *values: object) -> str:
        """Run a statement; answers what became of it."""

    def terminate(self) -> None:
        """Cut the connection off at once."""

    def is_closed(self) -> bool:
        """Whether it is of no use any more."""

    async def close(self) -> None:
        """Take leave of the server."""


class Connections:
    """Belongs to the event loop that uses it first.

    Args:
        address: where the server is.

    Raises:
        UnusableDatabase: when the driver is missing.
    """

    def __init__(self, address: PostgresAddress) -> None:
        try:
            import asyncpg  # type: ignore[import-untyped]  # it ships none
        except ImportError:
            raise UnusableDatabase(
                "storage.url names PostgreSQL, and its driver is not installed: pip install pointsman[postgres]"
            ) from None
        self._connect = asyncpg.connect
        self._failures = (
            OSError,
            TimeoutError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            asyncpg.InternalClientError,
        )
        self._address = address
        self._breaker = Breaker()
        self._idle: list[tuple[Connection, float]] = []
        self._free = asyncio.Semaphore(MOST_CONNECTIONS)

    async def ask(self, work: Callable[[Connection], Awaitable[T]], answer_ms: int = ANSWER_MS) -> T:
        """Do some work on a connection; it is done again when the server asks for that.

        Raises:
            StoreUnavailable: when that is not done in time, or the server is not asked after failures.
        """
        if not self._breaker.may_ask(_read_clock_ms()):
            raise StoreUnavailable(
                f"PostgreSQL at {self._address.shown} does not answer; it is asked again in a moment"
            )
        try:
            async with asyncio.timeout(answer_ms / 1_000):
                answer = await self._ask_patiently(work)
        except self._failures as error:
            if find_code(error) == FOREIGN_KEY:
                raise ReplicaForgotten("this replica was forgotten by the shared store; it joins anew") from error
            if is_passing(error):
                self._breaker.note_failure(_read_clock_ms())
            raise StoreUnavailable(explain(self._address, error)) from error
        self._breaker.note_answer()
        return answer

    async def close(self) -> None:
        """Close those that nobody uses."""
        while self._idle:
            connection, _ = self._idle.pop()
            try:
                async with asyncio.timeout(ANSWER_MS / 1_000):
                    await connection.close()
            except self._failures:
                connection.terminate()

    async def _ask_patiently(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        async with self._free:
            for attempts_left in reversed(range(MOST_ATTEMPTS)):
                try:
                    return await self._ask_once(work)
                except self._failures as error:
                    if find_code(error) not in TO_DO_AGAIN or not attempts_left:
                        raise
                await asyncio.sleep(random.uniform(0, LONGEST_PAUSE_MS) / 1_000)
            raise AssertionError("the last attempt answers or raises")

    async def _ask_once(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        connection, made_s = await self._open()
        try:
            answer = await work(connection)
        except BaseException:
            # Nobody knows what state it is in, and to ask would take time.
            connection.terminate()
            raise
        self._idle.append((connection, made_s))
        return answer

    async def _open(self) -> tuple[Connection, float]:
        now_s = time.monotonic()
        while self._idle:
            connection, made_s = self._idle.pop()
            if not connection.is_closed() and now_s - made_s < OLDEST_S:
                return connection, made_s
            connection.terminate()
        settings = {
            "application_name": "pointsman shared limits",
            "statement_timeout": str(ANSWER_MS),
            "idle_in_transaction_session_timeout": str(ANSWER_MS),
            # What was granted must be remembered, even by a server that is cut off.
            "synchronous_commit": "on",
        }
        connection = await self._connect(
            self._address.url,
            password=self._address.password,
            timeout=CONNECT_MS / 1_000,
            server_settings=settings,
        )
        return connection, now_s


def _read_clock_ms() -> int:
    return time.monotonic_ns() // 1_000_000
