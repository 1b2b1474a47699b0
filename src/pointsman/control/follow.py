"""Follows the files of a configuration: what is taken was found twice alike, or is vouched for by its digest.

Folders are watched and not files, because an editor's atomic rename puts another file in its place.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

from watchfiles import awatch

from pointsman.control.configuration import Loaded
from pointsman.control.found_file import Stamp, name_file
from pointsman.control.sources import Gathered, gather, has_changed, list_folders
from pointsman.core.config.problems import Problem
from pointsman.core.ports import StorageUnavailable

STEP_MS = 20
DEBOUNCE_MS = 60
HEARTBEAT_MS = 500
"""How often the files are looked at even without an event: some file systems send none, and a watch may start late."""

SETTLE_S = 0.2
MOST_READS = 25
"""Reads until two in a row are equal; files that change for longer are reported and waited for."""
RELOAD_WITHIN_S = 30.0

LONGEST_RETRY_S = 60.0
NEVER_OURS = (".db", "-wal", "-shm", "-journal", ".log")
"""What a database or a log beside the files is called: it changes ten times a second and says nothing."""

Take = Callable[[Gathered], Awaitable[Loaded]]

_log = logging.getLogger(__name__)


class Follower:
    """Looks at the files when they may have changed, or when told to, and hands on what it finds.

    One look at a time: what comes in meanwhile is answered by the next one.
    """

    def __init__(self, path: Path, take: Take) -> None:
        """Look at nothing yet.

        Args:
            path: the file or folder to follow.
            take: puts what was found to use, if it is good, and reports its problems; called with each new state, with
                an unchanged one when that is asked for, and with the problem `internal_error` after a fault of its own.
        """
        self._path = path
        self._take = take
        self._last: Gathered | None = None
        self._is_forced = True
        self._waiting: list[asyncio.Future[Loaded]] = []
        self._wake = asyncio.Event()
        self._faults = 0
        self._retry: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Follow until cancelled; begins with a look, and hands on what that finds."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._watch(), name="watch the configuration's folders")
                self._wake.set()
                while True:
                    await self._wake.wait()
                    self._wake.clear()
                    await self._look()
        finally:
            if self._retry is not None:
                self._retry.cancel()
            for waiting in self._waiting:
                waiting.cancel()

    def look_now(self) -> None:
        """Read everything anew soon, even if nothing seems to have changed; for a signal handler of the loop."""
        self._is_forced = True
        self._wake.set()

    async def reload(self) -> Loaded:
        """Read everything anew, and tell what came of it; its problems have been reported by then.

        Raises:
            TimeoutError: when the disk does not answer within 30 s, or nobody runs this follower.
            StorageUnavailable: when what they lead to cannot be stored for now.
            Exception: what `take` raised over a mere problem.
        """
        waiting: asyncio.Future[Loaded] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self.look_now()
        async with asyncio.timeout(RELOAD_WITHIN_S):
            try:
                return await waiting
            finally:
                self._waiting = [one for one in self._waiting if one is not waiting]

    async def _look(self) -> None:
        is_forced, self._is_forced = self._is_forced, False
        waiting, self._waiting = self._waiting, []
        last = self._last
        try:
            if not is_forced and last is not None and not await asyncio.to_thread(has_changed, last):
                return
            self._last = gathered = await read_settled(self._path)
            if not is_forced and last is not None and gathered.is_same(last):
                return
            _answer(waiting, await self._hand_on(gathered))
        except StorageUnavailable as error:
            # The files are looked at again by the clock, and when the store is back.
            self._retry_later()
            _log.error("files could not be taken over, trying again: %s", error)
            _answer(waiting, error)
        except Exception as error:  # A fault of ours must not end the following; it is tried again later.
            _log.exception("problems of the configuration could not be reported")
            _answer(waiting, error)
        finally:
            for unanswered in waiting:
                unanswered.cancel()

    async def _hand_on(self, gathered: Gathered) -> Loaded:
        try:
            loaded = await self._take(gathered)
        except StorageUnavailable:
            raise
        except Exception as error:  # A fault of ours is reported like any problem; the last good state stays.
            _log.exception("a configuration could not be taken over")
            self._retry_later()
            message = f"these files could not be taken over: {type(error).__name__}; this is a fault of Pointsman"
            problem = Problem(name_file(self._path), 1, 1, "", "internal_error", "error", message)
            return await self._take(Gathered(self._path, (), (problem,)))
        self._faults = 0
        return loaded

    def _retry_later(self) -> None:
        """What failed may work in a while, as when the database was busy; the pauses grow."""
        if self._retry is not None:
            self._retry.cancel()
        delay_s = min(2.0**self._faults, LONGEST_RETRY_S)
        self._faults = min(self._faults + 1, 10)
        self._retry = asyncio.get_running_loop().call_later(delay_s, self.look_now)

    async def _watch(self) -> None:
        """Wake the looking whenever something may have happened, and at every heartbeat."""
        while True:
            try:
                folders = await self._find_folders()
                async with aclosing(_watch_folders(folders)) as events:
                    async for _ in events:
                        self._wake.set()
                        if await self._find_folders() != folders:
                            break
            except Exception:  # A folder has just gone, or there are no more watches to be had: the heartbeat goes on.
                self._wake.set()
                await asyncio.sleep(HEARTBEAT_MS / 1_000)

    async def _find_folders(self) -> frozenset[tuple[Path, Stamp]]:
        return await asyncio.to_thread(list_folders, self._last or Gathered(self._path, ()))


async def read_settled(path: Path) -> Gathered:
    """Gather until two readings in a row are equal, or every file is vouched for; never a half-written file.

    Returns:
        What was found, or the problem `unstable_file` when the files do not come to rest within 5 s.
    """
    before = await asyncio.to_thread(gather, path)
    for _ in range(MOST_READS):
        if before.is_attested:
            return before
        await asyncio.sleep(SETTLE_S)
        gathered = await asyncio.to_thread(gather, path)
        if gathered.is_same(before) and not gathered.is_unstable:
            return gathered
        before = gathered
    if before.is_unstable:
        return before
    message = "the files keep changing; the next look will tell"
    problem = Problem(name_file(path), 1, 1, "", "unstable_file", "error", message)
    return Gathered(path, (), (problem,), before.stamps)


def _answer(waiting: list["asyncio.Future[Loaded]"], answer: Loaded | Exception) -> None:
    for future in waiting:
        if future.done():
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)


async def _watch_folders(folders: frozenset[tuple[Path, Stamp]]) -> AsyncGenerator[None, None]:
    if not folders:
        raise FileNotFoundError
    events = awatch(
        *(folder for folder, _ in folders),
        watch_filter=lambda _, path: not path.endswith(NEVER_OURS),
        step=STEP_MS,
        debounce=DEBOUNCE_MS,
        rust_timeout=HEARTBEAT_MS,
        yield_on_timeout=True,
        recursive=False,
    )
    async with aclosing(events):
        async for _ in events:
            yield
