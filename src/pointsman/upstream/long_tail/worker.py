"""The thread that LiteLLM lives in, with its event loop; it begins with the first call that needs it."""

import asyncio
import logging
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Final, TypeVar

from pointsman.core.chat.failures import FailureKind, UpstreamFailure
from pointsman.upstream.long_tail.exchange import Exchange
from pointsman.upstream.long_tail.library import Library, load_library
from pointsman.upstream.long_tail.way_out import GuardedLoop

STOPPING_S: Final = 3.0

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class Worker:
    """A daemon, so that a library that hangs does not keep the process from ending."""

    def __init__(self) -> None:
        self._loaded: Future[Library] = Future()
        self._loop: GuardedLoop | None = None
        self._thread: threading.Thread | None = None
        self._is_closing = False

    async def load(self) -> Library:
        """The library, imported in the thread at the first call; may be cancelled without harm to others.

        Raises:
            UpstreamFailure: NOT_INSTALLED when it is missing or broken.
        """
        if self._is_closing:
            raise _shut_down()
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="litellm", daemon=True)
            self._thread.start()
        if self._loaded.done():
            return self._loaded.result()
        return await asyncio.shield(asyncio.wrap_future(self._loaded))

    async def run(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Run a coroutine in the thread; cancelling this cancels it there."""
        if self._loop is None or self._is_closing:
            work.close()
            raise _shut_down()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._shelter(work), self._loop))

    def abandon(self, exchange: Exchange) -> None:
        """Let a call go; does not wait."""
        if self._loop is not None:
            with suppress(RuntimeError):  # The loop has been closed, and every call with it.
                self._loop.call_soon_threadsafe(exchange.abandon)

    async def close(self) -> None:
        """Interrupt what is under way and end the thread, if it will."""
        self._is_closing = True
        if self._loop is None or self._thread is None:
            return
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.stop)
        await asyncio.to_thread(self._thread.join, 2 * STOPPING_S)

    async def _shelter(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        """The work; when the thread ends beneath it, whoever waits hears that and not that they were cancelled."""
        try:
            return await work
        except asyncio.CancelledError:
            if self._is_closing:
                raise _shut_down() from None
            raise

    def _work(self) -> None:
        try:
            library = load_library()
        except BaseException as error:  # Whatever it is, those who wait for the library must hear of it.
            if isinstance(error, UpstreamFailure):
                _log.error("providers called litellm/NAME cannot be reached: %s", error.detail)
            self._loaded.set_exception(error)
            return
        loop = self._loop = GuardedLoop()
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(_pass_over)
        self._loaded.set_result(library)
        try:
            loop.run_forever()
            loop.run_until_complete(_finish(library))
        finally:
            asyncio.set_event_loop(None)
            loop.close()


async def _finish(library: Library) -> None:
    """End every task, then the connections."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    with suppress(TimeoutError):
        async with asyncio.timeout(STOPPING_S):
            await asyncio.gather(*tasks, return_exceptions=True)
            await library.close()
            await asyncio.get_running_loop().shutdown_asyncgens()


def _pass_over(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What goes wrong in tasks of LiteLLM's own that nobody waits for; its words may quote a prompt."""
    error = context.get("exception")
    _log.debug("a task of LiteLLM failed: %s", type(error).__name__)


def _shut_down() -> UpstreamFailure:
    return UpstreamFailure(FailureKind.INTERRUPTED, "the gateway is shutting down", sent=True)
