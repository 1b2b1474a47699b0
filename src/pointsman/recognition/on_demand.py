"""The library for names, loaded once a configuration asks for it; until it is there, every search fails.

A search that fails counts as a find, so nothing leaves that might hold a name.
"""

import asyncio
import logging
from collections.abc import Sequence

from pointsman.recognition.background import BackgroundNames, DetectorFailed
from pointsman.recognition.library import NamesUnavailable, load_analyser

_log = logging.getLogger(__name__)


class NamesOnDemand:
    """Names and addresses, for whoever asks once they are wanted; belongs to one event loop."""

    def __init__(self) -> None:
        self._names: BackgroundNames | None = None
        self._loading: asyncio.Task[None] | None = None

    async def load(self, deadline_ms: int) -> None:
        """Load the library, which takes a second or two; later only the deadline is taken over.

        Raises:
            NamesUnavailable: the library or its model is missing; the message says what to run.
        """
        if self._names is None:
            self._names = BackgroundNames(await asyncio.to_thread(load_analyser), deadline_ms=deadline_ms)
        self._names.deadline_ms = deadline_ms

    def follow(self, is_wanted: bool, deadline_ms: int) -> None:
        """Load the library beside the requests when a new configuration wants it; returns at once."""
        if is_wanted and (self._loading is None or self._loading.done()):
            self._loading = asyncio.create_task(self._load_quietly(deadline_ms), name="load names")

    async def find(self, texts: Sequence[str]) -> frozenset[str]:
        """The kinds found in the texts, `person` and `address`.

        Raises:
            DetectorFailed: when the answer is not known.
        """
        if self._names is None:
            raise DetectorFailed("the library for names is not loaded")
        return await self._names.find(texts)

    async def close(self) -> None:
        """Stop looking."""
        if self._loading is not None:
            self._loading.cancel()
            await asyncio.wait([self._loading])
        if self._names is not None:
            self._names.close()

    async def _load_quietly(self, deadline_ms: int) -> None:
        try:
            await self.load(deadline_ms)
        except NamesUnavailable as missing:
            _log.error("names cannot be looked for, so each search counts as a find: %s", missing)
