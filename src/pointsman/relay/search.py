"""Searches requests for private data: a short one at once, a longer one in threads of its own behind a bounded queue.

A search that fails, takes too long or never begins counts as a find.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from threading import BoundedSemaphore

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Settings
from pointsman.core.dialects.searchable import holds_unsearchable, list_request_joints, list_request_texts
from pointsman.core.privacy.detect import detect_by_pieces
from pointsman.core.privacy.entities import ENTITIES, Entity
from pointsman.core.routing.gather_facts import Found

_log = logging.getLogger(__name__)

AT_ONCE_BYTES = 4 * 1024
"""A longer body is searched in a thread: this much takes a millisecond, and everybody else waits meanwhile."""

MOST_BYTES = 8 * 1024 * 1024
"""A longer body is not searched, which counts as a find; ordinary text of this size takes longer than it may."""

THREADS = 2
"""Searches at a time. They share one processor with everybody else, so more would hasten nothing."""

MOST_WAITING = 64
"""Searches that may wait for a thread; what comes on top counts as a find."""

NOT_READABLE = "it holds images, audio or files, which cannot be searched"
TOO_LONG = "it is too long to be searched for private data"
TOO_LATE = "the search for private data took too long"
TOO_MANY = "too many other requests are being searched for private data"
FAILED = "the search for private data failed"

FindNames = Callable[[Sequence[str]], Awaitable[frozenset[str]]]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search came to.

    Attributes:
        because: what was found, or why nobody can say that there is nothing; `""` when it found nothing.
        texts: what there is to look for names in, where that is wanted and nothing was found so far.
    """

    because: str = ""
    texts: Sequence[str] = ()


def search_request(request: ChatRequest, settings: Settings, goes_on: Callable[[], bool]) -> Searched:
    """Look for private data in everything of a request that a model would read, in the caller's own thread.

    Args:
        request: what is searched.
        settings: what counts as private.
        goes_on: asked after each piece of text; what is not wanted any more ends as too late.
    """
    if holds_unsearchable(request):
        return Searched(NOT_READABLE)
    if len(request.body) > MOST_BYTES:
        return Searched(TOO_LONG)
    texts: list[str] = []
    listed = _keep_texts(request, texts) if settings.detect_names else list_request_texts(request)
    found: set[Entity] = set()
    for kinds in detect_by_pieces(chain(listed, list_request_joints(request)), frozenset(settings.detect_entities)):
        found.update(kinds)
        if not goes_on():
            return Searched(TOO_LATE)
    if found:
        return Searched(describe_find(entity for entity in ENTITIES if entity in found))
    return Searched(texts=texts)


def describe_find(kinds: Iterable[str]) -> str:
    """What is said of a find; which kinds, and never what it was."""
    return f"{', '.join(kinds)} found in it"


def _keep_texts(request: ChatRequest, texts: list[str]) -> Iterator[str]:
    """The texts of a request, taken once for the detectors and for names."""
    for text in list_request_texts(request):
        texts.append(text)
        yield text


@dataclass(slots=True)
class _Waiting:
    """A request on its way through a thread; `None` once nobody waits for it any longer, which also lets go of it."""

    request: ChatRequest | None


class BackgroundSearch:
    """Searches beside the event loop; its threads are only started once there is something for them.

    Nothing else runs in these threads, so searches that take their time keep nobody else's work waiting.
    """

    def __init__(self, *, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._threads = ThreadPoolExecutor(threads, "search for private data")
        self._places = BoundedSemaphore(threads + most_waiting)
        self._is_closed = False

    async def find(self, request: ChatRequest, settings: Settings, find_names: FindNames) -> Found:
        """What is private in a request, within `settings.detect_deadline_ms`."""
        try:
            async with asyncio.timeout(settings.detect_deadline_ms / 1_000):
                if len(request.body) <= AT_ONCE_BYTES:
                    searched = search_request(request, settings, _always)
                else:
                    searched = await self._search_beside(request, settings)
                if searched.because or not settings.detect_names:
                    return Found(searched.because)
                names = await find_names(searched.texts)
                return Found(describe_find(sorted(names)) if names else "")
        except TimeoutError:
            _log.error("the search for private data took longer than %d ms: a find", settings.detect_deadline_ms)
            return Found(TOO_LATE)
        except Exception as error:  # Whatever stopped the search, nobody knows now that there is nothing private.
            _log.error("the search for private data failed, which counts as a find: %s", type(error).__name__)
            return Found(FAILED)

    def close(self) -> None:
        """Stop searching: what is under way ends with the piece that is being read, and what waits is not begun."""
        self._is_closed = True
        self._threads.shutdown(wait=False)

    async def _search_beside(self, request: ChatRequest, settings: Settings) -> Searched:
        if len(request.body) > MOST_BYTES:
            return Searched(TOO_LONG)
        if not self._places.acquire(blocking=False):
            _log.error("too many requests wait to be searched for private data: a find")
            return Searched(TOO_MANY)
        waiting = _Waiting(request)
        try:
            searching = self._threads.submit(self._work, waiting, settings)
        except BaseException:
            self._places.release()
            raise
        try:
            # Shielded: a place in the queue is taken until a thread has come to it, whether or not somebody waits.
            return await asyncio.shield(asyncio.wrap_future(searching))
        finally:
            waiting.request = None

    def _work(self, waiting: _Waiting, settings: Settings) -> Searched:
        def goes_on() -> bool:
            return waiting.request is not None and not self._is_closed

        try:
            request = waiting.request
            if request is None or self._is_closed:
                return Searched(TOO_LATE)
            return search_request(request, settings, goes_on)
        except Exception as error:  # Nobody may wait for it any more, so it is told here; its words may be private.
            _log.error("the search for private data failed, which counts as a find: %s", type(error).__name__)
            return Searched(FAILED)
        finally:
            self._places.release()


def _always() -> bool:
    return True
