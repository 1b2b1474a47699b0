"""Keeps the files of the configuration in force for the next start, off the loop and never out of order."""

import asyncio
import logging
from pathlib import Path

from pointsman.control.configuration import Loaded
from pointsman.control.last_good import keep_last_good

_log = logging.getLogger(__name__)


class LastGoodKeeper:
    """Writes down what came into force last; what comes meanwhile is written next, what it overtakes never.

    Args:
        home: the home directory, held by this process.
        path: the file or folder of the configuration.
    """

    def __init__(self, home: Path, path: Path) -> None:
        self._home = home
        self._path = path
        self._wanted: Loaded | None = None
        self._kept: Loaded | None = None
        self._task: asyncio.Task[None] | None = None

    def keep(self, loaded: Loaded) -> None:
        """Write the files of a configuration that is in force, soon."""
        if self._kept is not None and self._kept.files == loaded.files:
            self._wanted = None
            return
        self._wanted = loaded
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write(), name="keep the last good configuration")

    async def finish(self) -> None:
        """Wait until everything is written."""
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while (wanted := self._wanted) is not None:
            self._wanted = None
            self._kept = wanted
            try:
                await asyncio.to_thread(keep_last_good, self._home, self._path, wanted.environment, wanted.files)
            except OSError as error:  # A full disk costs the copy, not the change.
                self._kept = None
                _log.error("the configuration could not be kept for the next start: %s", error.strerror)
