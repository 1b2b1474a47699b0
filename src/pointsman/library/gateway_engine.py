"""The engine's interface over a gateway elsewhere, with the standard library's HTTP client in threads."""

import asyncio
import http.client
import os
import ssl
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import NoReturn, Self
from urllib.parse import urlsplit
from weakref import WeakSet

import msgspec

from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.said import TELL_COST
from pointsman.library.errors import EngineClosed, MissingKey, PointsmanError, RequestTimedOut
from pointsman.library.exchange import AsyncStreamedExchange, Exchange, StreamedExchange, collect
from pointsman.library.journey import WANTS_COST, Journey, Letter
from pointsman.library.lifetimes import watch_over
from pointsman.telemetry.metrics import TokenReport

NO_HEADERS: Mapping[str, str] = {}
MOST_AT_ONCE = 256
"""Calls at a time; each has a thread."""

CHAT = "/v1/chat/completions"
"""Where a stream is asked to tell its cost; readers of other formats are the SDKs' own and need not know comments."""

SILENCE_SECONDS = 600.0
"""How long the gateway may say nothing; its own deadlines are shorter as a rule."""


class GatewayEngine:
    """What `Engine` does, asked of a gateway.

    Args:
        url: of the gateway, such as `http://127.0.0.1:4100`.
        api_key: a virtual key, `pm_...`.

    Raises:
        ValueError: when the URL is none.
    """

    def __init__(self, url: str, api_key: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            raise ValueError("the URL of a gateway is like http://127.0.0.1:4100; its key stands in POINTSMAN_API_KEY")
        self.url = url.rstrip("/")
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._api_key = api_key
        self._is_closed = False
        self.begin_anew()
        watch_over(self)

    def __repr__(self) -> str:
        return f"GatewayEngine({self.url!r})"

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be posted any more."""
        return self._is_closed

    @property
    def snapshot(self) -> Snapshot:
        """A gateway keeps its configuration to itself.

        Raises:
            PointsmanError: always; `get("/v1/models")` lists what may be asked for.
        """
        self._refuse('the configuration lies with the gateway; get("/v1/models") lists what may be asked for')

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """None: what is wrong with its configuration, a gateway tells its operator."""
        return ()

    @property
    def revision(self) -> str:
        """Of the configuration in force there."""
        return self.get("/v1/models").header("x-pointsman-revision")

    def reload(self) -> None:
        """A gateway follows its files by itself.

        Raises:
            PointsmanError: always.
        """
        self._refuse("a gateway follows its files by itself; `pointsman config history` shows what it found")

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> Exchange:
        """Post to a path of the gateway and wait for the whole answer.

        Args:
            path: with its query, if any.
            body: JSON.
            headers: such as `x-pointsman-agent`.
            timeout_s: how long to wait at most.

        Raises:
            GatewayUnreachable: when nobody answers there.
            RequestTimedOut: when it takes longer; the call is ended upstream.
        """
        journey = self._begin("POST", path, body, headers, is_awaited=False)
        return _await_whole(journey, timeout_s)

    async def post_async(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> Exchange:
        """The same in any event loop; cancelling it ends the call upstream at once."""
        journey = self._begin("POST", path, body, headers, is_awaited=False)
        try:
            await asyncio.wait_for(asyncio.wrap_future(journey.arrived), timeout_s)
        except TimeoutError:
            journey.end()
            raise _describe_timeout(timeout_s) from None
        except BaseException:
            journey.end()
            raise
        return collect(journey.mailbox)

    def stream(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> StreamedExchange:
        """Post, and read the answer as it arrives; arguments as of `Engine.stream`."""
        journey = self._begin("POST", path, body, headers, is_awaited=True)
        return StreamedExchange(journey.mailbox, journey.end, timeout_s)

    def stream_async(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> AsyncStreamedExchange:
        """The same for a task of any event loop."""
        journey = self._begin("POST", path, body, headers, is_awaited=True)
        return AsyncStreamedExchange(journey.mailbox, journey.end, timeout_s)

    def get(self, path: str) -> Exchange:
        """The answer to a GET, such as of `/v1/models`. Raises as `post`."""
        return _await_whole(self._begin("GET", path, b"", NO_HEADERS, is_awaited=False), None)

    def usage(self) -> TokenReport:
        """Tokens, cost and calls per agent, of everybody who calls through the gateway.

        Raises:
            PointsmanError: when the gateway shows them to its operator alone; `POINTSMAN_ADMIN_KEY` holds their key.
        """
        admin_key = os.environ.get("POINTSMAN_ADMIN_KEY", "")
        headers = {"authorization": f"Bearer {admin_key}"} if admin_key else NO_HEADERS
        answer = _await_whole(self._begin("GET", "/metrics/tokens", b"", headers, is_awaited=False), None)
        if answer.status != 200:
            message = "the gateway shows its numbers to its operator alone; set POINTSMAN_ADMIN_KEY to their key"
            raise PointsmanError(message, status=answer.status, code="admin_key_needed")
        return msgspec.json.decode(answer.body, type=TokenReport)

    def add_listener(self, listener: object) -> None:
        """A gateway tells nobody of outcomes.

        Raises:
            PointsmanError: always.
        """
        self._refuse("a gateway does not tell of each request; `usage()` gives its numbers")

    def remove_listener(self, listener: object) -> None:
        """There is none."""

    def find_missing_key(self, model: str) -> MissingKey | None:
        """`None`: which keys a gateway lacks, it tells its operator."""
        return None

    def close(self) -> None:
        """End every call; idempotent. Nothing can be posted from then on."""
        self._is_closed = True
        for journey in tuple(self._journeys):
            journey.end()

    def begin_anew(self) -> None:
        """Begin without a call: at first, and in the child after a fork, where none of its parent's threads live."""
        self._journeys: WeakSet[Journey] = WeakSet()
        self._places = threading.BoundedSemaphore(MOST_AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, method: str, path: str, body: bytes, headers: Mapping[str, str], *, is_awaited: bool) -> Journey:
        if self._is_closed:
            raise EngineClosed("the engine was closed; make another one")
        own = {"content-type": "application/json"}
        if self._api_key:
            own["authorization"] = f"Bearer {self._api_key}"
        asks_cost = is_awaited and path == CHAT
        if asks_cost:
            own[WANTS_COST] = TELL_COST
        # What the caller's own values can break is done before a place is taken.
        letter = Letter(method, self._prefix + path, body, own | dict(headers))
        connection = self._connect()
        places = self._places
        if not places.acquire(blocking=False):
            raise PointsmanError(f"{MOST_AT_ONCE} calls are under way; wait for some of them", code="too_many_calls")
        try:
            journey = Journey(self.url, places.release, is_awaited=is_awaited, asks_cost=asks_cost)
            self._journeys.add(journey)
            journey.begin(connection, letter)
        except RuntimeError:  # No thread could be started; such as while the interpreter ends.
            places.release()
            raise
        return journey

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=SILENCE_SECONDS)
        return http.client.HTTPSConnection(self._host, self._port, timeout=SILENCE_SECONDS, context=self._tls)

    def _refuse(self, message: str) -> NoReturn:
        raise PointsmanError(message, code="not_of_a_gateway")


def _await_whole(journey: Journey, timeout_s: float | None) -> Exchange:
    try:
        journey.arrived.result(timeout_s)
    except TimeoutError:
        journey.end()
        raise _describe_timeout(timeout_s) from None
    except BaseException:
        journey.end()
        raise
    return collect(journey.mailbox)


def _describe_timeout(timeout_s: float | None) -> RequestTimedOut:
    return RequestTimedOut(f"there was no answer within {timeout_s:g} s; allow more time or ask for less")
