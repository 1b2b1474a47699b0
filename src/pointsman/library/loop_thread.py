"""An event loop in a thread of its own, with a relay in it; everything that happens to either goes through here."""

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

from pointsman.assembly.in_process import InProcess
from pointsman.library.errors import EngineClosed

T = TypeVar("T")

_left_behind: list[object] = []
"""Loops of a parent, in its child: taking one apart there would disturb what the two still share."""

CLOSING = "the engine was closed"
STOP_SECONDS = 30.0
"""How long closing may take, with a full disk or a provider that does not hang up."""


class LoopThread:
    """Runs coroutines beside a relay until it is stopped.

    Args:
        open_relay: opens the relay, in the thread.

    Raises:
        Exception: whatever keeps the relay from being opened.
    """

    def __init__(self, open_relay: Callable[[], AbstractAsyncContextManager[InProcess]]) -> None:
        self._open_relay = open_relay
        self._lock = threading.Lock()
        self._is_stopped = False
        self._calls: set[asyncio.Task[Any]] = set()
        self._opened: Future[InProcess] = Future()
        self.loop = _make_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="pointsman", daemon=True)
        self._thread.start()
        self.inside = self._opened.result()

    def is_current(self) -> bool:
        """Whether the caller runs in this very thread, where waiting for it would take forever."""
        return threading.current_thread() is self._thread

    def submit(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine in the loop; cancelling the future cancels it.

        Raises:
            EngineClosed: after `stop`.
        """
        with self._lock:
            if not self._is_stopped:
                return asyncio.run_coroutine_threadsafe(self._follow(work), self.loop)
        work.close()
        raise EngineClosed(f"{CLOSING}; make another one")

    def stop(self) -> None:
        """End every call, close the relay and wait for both; idempotent."""
        with self._lock:
            if not self._is_stopped:
                self._is_stopped = True
                self.loop.call_soon_threadsafe(self._stop.set)
        if not self.is_current():
            self._thread.join(STOP_SECONDS)

    def leave(self) -> None:
        """In the child after a fork: keep what is the parent's from being taken apart, and do not hold it open.

        As long as the child had a copy of a connection, a provider would not see the parent hang up. The numbers stay
        taken, so that whoever closes them at last closes nothing else.
        """
        _left_behind.append(self)
        nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        for number in self.inside.list_descriptors():
            os.dup2(nothing, number, inheritable=False)
        os.close(nothing)

    async def _follow(self, work: Coroutine[Any, Any, T]) -> T:
        task = asyncio.current_task()
        assert task is not None, "it was submitted"
        self._calls.add(task)
        try:
            return await work
        finally:
            self._calls.discard(task)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
                runner.run(self._live())
        except BaseException as error:  # It is raised where the engine was to be started.
            if self._opened.done():
                raise
            self._is_stopped = True
            self._opened.set_exception(error)

    async def _live(self) -> None:
        async with self._open_relay() as inside:
            self._opened.set_result(inside)
            await self._stop.wait()
            # What was submitted last takes its first step before it is ended, so that it can say how it ended.
            await asyncio.sleep(0)
            calls = tuple(self._calls)
            for call in calls:
                call.cancel(CLOSING)
            if calls:
                await asyncio.wait(calls)


def await_result(future: "Future[T]", timeout_s: float | None = None) -> T:
    """Wait for what was submitted; whoever stops waiting, by Ctrl-C for example, ends it.

    Raises:
        EngineClosed: when it was ended by `stop`.
        TimeoutError: when it takes longer.
    """
    try:
        return future.result(timeout_s)
    except CancelledError:
        raise EngineClosed(CLOSING) from None
    except BaseException:
        future.cancel()
        raise


def _make_loop() -> asyncio.AbstractEventLoop:
    """The gateway's own kind of loop where there is one."""
    try:
        import uvloop
    except ImportError:  # There is none for Windows.
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
