"""Looks for names beside the event loop: one thread, a bounded queue, a deadline; whatever fails counts as a find."""

import asyncio
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, Full, Queue

from pointsman.recognition.library import KINDS, Analyse
from pointsman.recognition.passages import MOST_CHARACTERS, cut_passages, is_too_long

MOST_WAITING = 64
"""Requests that may wait for the thread; what comes on top fails at once."""


class DetectorFailed(Exception):
    """Whether there is private data is not known; it counts as a find. The message never repeats a word of the text."""


@dataclass(slots=True)
class _Search:
    """One request's texts on their way through the thread.

    Attributes:
        passages: what to look through.
        answer: what the request waits for; belongs to `loop`.
        is_wanted: false once nobody waits any longer.
    """

    passages: Sequence[str]
    answer: asyncio.Future[frozenset[str]]
    loop: asyncio.AbstractEventLoop
    is_wanted: bool = True


class BackgroundNames:
    """Looks for names and addresses with a library that blocks; its `find` is what the relay asks.

    There is one thread only: the library holds Python's lock most of the time, so a second one would slow the gateway
    and hasten nothing. It is a daemon, so a library that hangs does not keep the process from ending.

    Attributes:
        deadline_ms: how long a request waits, the queue included; may be changed at any time.
    """

    def __init__(self, analyse: Analyse, *, deadline_ms: int = 2_000, most_waiting: int = MOST_WAITING) -> None:
        self.deadline_ms = deadline_ms
        self._analyse = analyse
        self._waiting: Queue[_Search | None] = Queue(maxsize=most_waiting)
        self._is_closed = False
        self._thread = threading.Thread(target=self._work, name="names", daemon=True)
        self._thread.start()

    async def find(self, texts: Sequence[str]) -> frozenset[str]:
        """The kinds of private data in the texts: `person`, `address`.

        Raises:
            DetectorFailed: when the answer is not known: too much text, too many waiting, too late, a failed library.
        """
        if is_too_long(texts):
            raise DetectorFailed(f"names are looked for in at most {MOST_CHARACTERS:,} characters, and these are more")
        passages = cut_passages(texts)
        if not passages:
            return frozenset()
        search = self._hand_over(passages)
        try:
            async with asyncio.timeout(self.deadline_ms / 1_000):
                return await search.answer
        except TimeoutError:
            raise DetectorFailed(
                f"looking for names took over {self.deadline_ms:,} ms; privacy.deadline says how long it may take"
            ) from None
        finally:
            search.is_wanted = False

    def close(self) -> None:
        """Stop looking; what still waits fails. Does not wait for the passage that is being looked through."""
        if self._is_closed:
            return
        self._is_closed = True
        with suppress(Empty):
            while True:
                _tell(self._waiting.get_nowait(), DetectorFailed("names are no longer looked for: we are stopping"))
        self._waiting.put_nowait(None)

    def _hand_over(self, passages: Sequence[str]) -> _Search:
        if self._is_closed:
            raise DetectorFailed("names are no longer looked for: we are stopping")
        loop = asyncio.get_running_loop()
        search = _Search(passages, loop.create_future(), loop)
        try:
            self._waiting.put_nowait(search)
        except Full:
            raise DetectorFailed(
                f"{self._waiting.maxsize} requests wait for names to be looked for; try again in a moment"
            ) from None
        return search

    def _work(self) -> None:
        while (search := self._waiting.get()) is not None:
            _tell(search, self._look_through(search))

    def _look_through(self, search: _Search) -> frozenset[str] | DetectorFailed:
        found: frozenset[str] = frozenset()
        try:
            for passage in search.passages:
                if not search.is_wanted or found >= KINDS:
                    break
                found |= self._analyse(passage)
        except BaseException as error:  # a library that calls exit() must not end the thread, its words may be private
            return DetectorFailed(f"looking for names failed with {type(error).__name__}")
        return found


def _tell(search: _Search | None, outcome: frozenset[str] | DetectorFailed) -> None:
    """Give the outcome to the waiting request, in the thread of its loop; nobody waits where that loop has closed."""
    if search is not None:
        with suppress(RuntimeError):
            search.loop.call_soon_threadsafe(_settle, search.answer, outcome)


def _settle(answer: asyncio.Future[frozenset[str]], outcome: frozenset[str] | DetectorFailed) -> None:
    if answer.done():
        return
    if isinstance(outcome, DetectorFailed):
        answer.set_exception(outcome)
    else:
        answer.set_result(outcome)
