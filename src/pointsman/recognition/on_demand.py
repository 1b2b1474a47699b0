"""The library for names, loaded once a configuration asks for it; until it is there, every search fails.

A search that fails counts as a find, so nothing leaves that might hold a name.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from pointsman.recognition.background import BackgroundNames, DetectorFailed
from pointsman.recognition.library import Analyse, NamesUnavailable, load_analyser

_log = logging.getLogger(__name__)

FIRST_PAUSE_S = 15.0
"""How long after a load that failed the next one begins; twice as long after each further one."""

LONGEST_PAUSE_S = 600.0


class NamesOnDemand:
    """Names and addresses, for whoever asks once they are wanted; belongs to one event loop.

    Args:
        load: loads the library; called in a thread.
        pause: waits for some seconds before another try.
    """

    def __init__(
        self,
        load: Callable[[], Analyse] = load_analyser,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._load_analyser = load
        self._pause = pause
        self._names: BackgroundNames | None = None
        self._loading: asyncio.Task[None] | None = None
        self._is_pausing = False
        self._is_wanted = False
        self._deadline_ms = 0

    async def load(self, deadline_ms: int) -> None:
        """Load the library, which takes a second or two.

        Raises:
            NamesUnavailable: the library or its model is missing or broken; the message says what to run.
        """
        self._is_wanted, self._deadline_ms = True, deadline_ms
        await self._load()

    def follow(self, is_wanted: bool, deadline_ms: int) -> None:
        """Take over what a new configuration wants, and load the library beside the requests; returns at once."""
        self._is_wanted, self._deadline_ms = is_wanted, deadline_ms
        if self._names is not None:
            self._names.deadline_ms = deadline_ms
        elif is_wanted:
            self._load_anew()

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

    def _load_anew(self) -> None:
        """Begin to load at once, unless that is under way; a pause before the next try is over now."""
        if self._loading is not None and not self._loading.done():
            if not self._is_pausing:
                return
            self._loading.cancel()
            self._is_pausing = False
        self._loading = asyncio.create_task(self._load_until_there(), name="load names")

    async def _load_until_there(self) -> None:
        """Try until the library is there or nobody wants it any more."""
        pause_s = FIRST_PAUSE_S
        while self._is_wanted:
            try:
                await self._load()
                return
            except Exception as error:  # Nobody waits for this task: what is not told and tried again here never is.
                _log.error(
                    "names cannot be looked for, so each search counts as a find; the next try is in %d s: %s",
                    pause_s,
                    error if isinstance(error, NamesUnavailable) else type(error).__name__,
                )
            self._is_pausing = True
            await self._pause(pause_s)
            self._is_pausing = False
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _load(self) -> None:
        if self._names is None:
            analyse = await asyncio.to_thread(self._load_safely)
            # What is wanted may have changed while the library was loading.
            self._names = BackgroundNames(analyse, deadline_ms=self._deadline_ms)

    def _load_safely(self) -> Analyse:
        """The library, or `NamesUnavailable` for whatever it raises; one that calls exit() must not end the gateway."""
        try:
            return self._load_analyser()
        except NamesUnavailable:
            raise
        except (Exception, SystemExit) as error:
            raise NamesUnavailable(
                f"the library for names failed while it was loaded ({type(error).__name__}: {str(error)[:200]}); "
                "install it anew with `pip install --force-reinstall 'pointsman[pii]'`, or set privacy.names to false"
            ) from None
