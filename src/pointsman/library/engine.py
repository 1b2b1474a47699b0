"""`Engine("pointsman.yaml").post("/v1/chat/completions", body)`: what a gateway would answer, in this process.

One thread with an event loop of its own runs the relay; it starts with the first request, and anew after a fork.
"""

import asyncio
import os
from collections.abc import Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import msgspec

from pointsman.assembly.in_process import Wanted, open_in_process
from pointsman.config_loader import ConfigurationError
from pointsman.control.home import HomeRefused
from pointsman.control.startup import ConfigurationRefused
from pointsman.core.chat.client_json import ClientError
from pointsman.core.config.layers import Layer
from pointsman.core.config.problems import Problem
from pointsman.core.config.snapshot import Snapshot
from pointsman.core.routing.key_policy import NO_POLICY
from pointsman.core.routing.outcome import Outcome
from pointsman.library.added_models import AddedModels
from pointsman.library.calls import build_call, find_path
from pointsman.library.configuration import Configuration, find_configuration, read_configuration
from pointsman.library.delivery import Delivery
from pointsman.library.desk import Desk, Listener, Listeners, close_with
from pointsman.library.errors import EngineClosed, MissingKey, PointsmanError, RequestTimedOut
from pointsman.library.exchange import AsyncStreamedExchange, Exchange, StreamedExchange, collect
from pointsman.library.gateway_engine import GatewayEngine
from pointsman.library.lifetimes import watch_over
from pointsman.library.loop_thread import CLOSING, LoopThread, await_result
from pointsman.library.mailbox import Mailbox
from pointsman.library.missing_key import find_missing_key
from pointsman.library.token_tracker import token_tracker
from pointsman.server.models import show_models
from pointsman.server.request_ids import new_request_id
from pointsman.server.routes import find_client
from pointsman.telemetry.metrics import TokenReport

NO_HEADERS: Mapping[str, str] = {}
_JSON = (("content-type", "application/json"),)


class Engine:
    """The relay in this process; any number of threads and event loops may use one.

    Args:
        config: a file or folder in any form that Pointsman reads, or a document as a mapping; by default what
            `ConfigLoader()` would find.
        home: where usage, budgets and decisions are kept as a gateway keeps them; by default nothing is written.

    Raises:
        FileNotFoundError: when there is no configuration.
        ConfigurationError: when it cannot be used.
        PointsmanError: when the home directory cannot be had, such as while a gateway holds it.
    """

    def __init__(self, config: Configuration = None, *, home: str | Path | None = None) -> None:
        self._place = find_configuration(config)
        self._read = read_configuration(self._place, os.environ)
        self._upper: tuple[Layer, ...] = ()
        self._added = AddedModels()
        self._home = Path(home) if home is not None else None
        self._listeners = Listeners()
        self._listeners.add(token_tracker.record)
        self._is_closed = False
        self._lock = Lock()
        # One change of the configuration at a time; `_lock` is not held while one is waited for.
        self._turn = Lock()
        self._thread: LoopThread | None = None
        self._desk: Desk | None = None
        watch_over(self)
        if self._home is not None:
            self._start()

    @property
    def snapshot(self) -> Snapshot:
        """The configuration in force."""
        desk = self._desk
        return desk.inside.pin() if desk is not None else self._read.snapshot

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What should be looked at, though it keeps nothing from being used; such as a key that is not set."""
        return self._read.loaded.problems

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be posted any more."""
        return self._is_closed

    @property
    def revision(self) -> str:
        """Of the configuration in force; a gateway shows the same for the same files."""
        return self.snapshot.revision

    def reload(self) -> None:
        """Read the configuration anew; requests that are under way end as they began.

        Raises:
            FileNotFoundError, ConfigurationError: as at first; what was in force before stays.
        """
        with self._turn:
            self._take(self._upper)

    def name_model(self, provider: str, model_id: str) -> str:
        """Our name of a provider's model, to be asked for; one that the configuration lacks is added in memory.

        Raises:
            ConfigurationError: nobody knows the provider, or it needs more than its name, such as a base URL.
            PointsmanError: the configuration takes nothing beside its files.
        """
        name = self._added.find_or_add(provider, model_id, lambda: self.snapshot, self._lay_over)
        if name not in self.snapshot.models:
            message = f'"{model_id}" of "{provider}" is not in the configuration, and that takes nothing beside its'
            raise PointsmanError(f"{message} files (`source: file`); write it under `models`", code="model_not_found")
        return name

    def _lay_over(self, layer: Layer) -> None:
        if self._home is not None:
            raise PointsmanError("what is kept at home has layers of its own; write the model into the configuration")
        with self._turn:
            self._take((layer,))

    def _take(self, upper: tuple[Layer, ...]) -> None:
        """Read the files and put them and what lies over them in force; where they are refused, nothing changes."""
        read = read_configuration(self._place, os.environ, upper)
        with self._lock:
            thread, desk = self._thread, self._desk
            if thread is None or desk is None:
                self._read, self._upper = read, upper
                return
        rejected = await_result(thread.submit(desk.inside.take(read.gathered, read.loaded)))
        if rejected:
            raise ConfigurationError(read.gathered.path, rejected)
        self._read, self._upper = read, upper

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> Exchange:
        """Post to a path of the gateway, such as `/v1/chat/completions`, and wait for the whole answer.

        Args:
            path: with its query, if any.
            body: JSON.
            headers: such as `x-pointsman-agent`; no key is needed.
            timeout_s: how long to wait at most; the deadlines of the configuration hold all the same.

        Raises:
            RequestTimedOut: when it takes longer; the call is ended upstream.
            EngineClosed: when the engine is closed before it has answered.
        """
        mailbox, future = self._begin(path, body, headers, is_awaited=False)
        try:
            await_result(future, timeout_s)
        except TimeoutError:
            raise _describe_timeout(timeout_s) from None
        return collect(mailbox)

    async def post_async(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> Exchange:
        """The same in any event loop; cancelling it ends the call upstream at once."""
        mailbox, future = self._begin(path, body, headers, is_awaited=False)
        try:
            await asyncio.wait_for(asyncio.wrap_future(future), timeout_s)
        except TimeoutError:
            raise _describe_timeout(timeout_s) from None
        return collect(mailbox)

    def stream(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> StreamedExchange:
        """Post, and read the answer as it arrives; the call pauses while nobody reads.

        Args:
            path, body, headers: as for `post`.
            timeout_s: how long to wait for the head, and then for each next piece.
        """
        mailbox, future = self._begin(path, body, headers, is_awaited=True)
        return StreamedExchange(mailbox, future.cancel, timeout_s)

    def stream_async(
        self, path: str, body: bytes, headers: Mapping[str, str] = NO_HEADERS, *, timeout_s: float | None = None
    ) -> AsyncStreamedExchange:
        """The same for a task of any event loop."""
        mailbox, future = self._begin(path, body, headers, is_awaited=True)
        return AsyncStreamedExchange(mailbox, future.cancel, timeout_s)

    def get(self, path: str) -> Exchange:
        """`GET /v1/models` and `/v1/models/NAME`, as the gateway answers them."""
        try:
            shown = show_models(self.snapshot, path, False, NO_POLICY)
        except ClientError as error:
            return collect(_write_refusal(path, error))
        return Exchange(200, _JSON, msgspec.json.encode(shown))

    def usage(self) -> TokenReport:
        """Tokens, cost and calls per agent, as `GET /metrics/tokens` gives them: `per_agent`, `totals`, `timestamp`."""
        thread, desk = self._start()
        return await_result(thread.submit(desk.report()))

    def add_listener(self, listener: Listener) -> None:
        """Tell a function of the outcome of every request, before its caller sees the end of the answer.

        It runs in the engine's thread: it must not wait, and must not ask the engine anything. At most 64.
        """
        self._listeners.add(listener)

    def remove_listener(self, listener: Listener) -> None:
        """Tell it no more."""
        self._listeners.remove(listener)

    def record(self, outcome: Outcome) -> None:
        """Count a call that the program made by itself, past the relay; usage, books and listeners have it then."""
        thread, desk = self._start()
        await_result(thread.submit(desk.note(outcome)))

    def find_missing_key(self, model: str) -> MissingKey | None:
        """The key that a model's provider lacks, or `None` when it lacks none; asks nobody."""
        _, desk = self._start()
        return find_missing_key(self.snapshot, model, desk.inside.secrets.reveal)

    def close(self) -> None:
        """End every call and write down what is to be kept; idempotent. Nothing can be posted from then on."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        if thread is not None:
            thread.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(
        self, path: str, body: bytes, headers: Mapping[str, str], *, is_awaited: bool
    ) -> tuple[Mailbox, "Future[None]"]:
        try:
            route = find_path(path)
            call = build_call(route, body, headers)
        except ClientError as error:
            done: Future[None] = Future()
            done.set_result(None)
            return _write_refusal(path, error), done
        thread, desk = self._start()
        delivery = Delivery(thread.loop, route.client.encode_error, self.find_missing_key, is_awaited=is_awaited)
        future = thread.submit(desk.answer(call, delivery))
        close_with(future, delivery)
        return delivery.mailbox, future

    def _start(self) -> tuple[LoopThread, Desk]:
        """The thread and what answers in it, started if they are not running yet."""
        thread, desk = self._thread, self._desk
        if thread is None or desk is None:
            with self._lock:
                thread, desk = self._thread, self._desk
                if thread is None or desk is None:
                    self._refuse_closed()
                    thread, desk = self._start_thread()
        return thread, desk

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise EngineClosed(f"{CLOSING}; make another one")

    def _start_thread(self) -> tuple[LoopThread, Desk]:
        read = self._read
        wanted = Wanted(read.gathered, read.loaded, os.environ, self._home)
        try:
            thread = LoopThread(partial(open_in_process, wanted))
        except ConfigurationRefused as refused:
            raise ConfigurationError(read.gathered.path, refused.problems) from None
        except HomeRefused as refused:
            message = f"{refused}. A gateway that runs there can be asked itself: Pointsman(url=...)"
            raise PointsmanError(message, code="home_refused") from None
        self._thread, self._desk = thread, Desk(thread.inside, self._listeners)
        return self._thread, self._desk

    def begin_anew(self) -> None:
        """Begin without a thread, in the child after a fork: it has none of its parent's."""
        if self._thread is not None:
            self._thread.leave()
        self._lock = Lock()
        self._turn = Lock()
        self._added.begin_anew()
        self._thread = self._desk = None


AnyEngine = Engine | GatewayEngine

_engine: AnyEngine | None = None
_lock = Lock()


def get_engine() -> AnyEngine:
    """The engine of this process, made when it is first asked for.

    With `POINTSMAN_URL` set it is one that asks the gateway there, with the key in `POINTSMAN_API_KEY`.

    Raises:
        FileNotFoundError, ConfigurationError: as `Engine`.
    """
    global _engine
    with _lock:
        if _engine is None or _engine.is_closed:
            url = os.environ.get("POINTSMAN_URL", "").strip()
            _engine = GatewayEngine(url, os.environ.get("POINTSMAN_API_KEY", "")) if url else Engine()
        return _engine


def _write_refusal(path: str, error: ClientError) -> Mailbox:
    """The answer to what never became a call."""
    request_id = new_request_id()
    client = find_client(path.partition("?")[0].encode())
    mailbox = Mailbox()
    mailbox.put_head(error.status, (*_JSON, ("x-request-id", request_id)))
    mailbox.put(client.encode_error(error.status, error.code, error.message, error.param, request_id))
    mailbox.finish()
    return mailbox


def _describe_timeout(timeout_s: float | None) -> RequestTimedOut:
    return RequestTimedOut(f"there was no answer within {timeout_s:g} s; allow more time or ask for less")


def _forget_lock() -> None:
    """In the child after a fork, where the thread that held it may not be."""
    global _lock
    _lock = Lock()


os.register_at_fork(after_in_child=_forget_lock)
