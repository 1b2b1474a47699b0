"""Looks for private data in the text of a task, in the caller's own thread; a search that fails counts as a find."""

import logging
import time
from collections.abc import Sequence
from threading import Lock

from pointsman.core.chat.request import ChatRequest
from pointsman.core.config.snapshot import Settings
from pointsman.recognition.library import KINDS, Analyse, NamesUnavailable, load_analyser
from pointsman.recognition.passages import cut_passages, is_too_long
from pointsman.relay.search import FAILED, TOO_LATE, describe_find, search_request

_log = logging.getLogger(__name__)


class PrivateDataSearch:
    """Searches texts; any number of threads may ask. The library for names is loaded when it is first wanted."""

    def __init__(self) -> None:
        self._names = Lock()
        self._analyse: Analyse | None = None
        self._unavailable = ""

    def search(self, request: ChatRequest, settings: Settings) -> str:
        """What was found, or why nobody can say that there is nothing; `""` when nothing private is in it."""
        ends_s = time.monotonic() + settings.detect_deadline_ms / 1_000
        try:
            searched = search_request(request, settings, lambda: time.monotonic() < ends_s)
            if searched.because or not settings.detect_names:
                return searched.because
            if is_too_long(searched.texts):
                return "it is too long to be searched for names"
            with self._names:
                return self._search_names(searched.texts, settings.detect_deadline_ms)
        except (Exception, SystemExit) as error:
            # Whatever stopped the search, nobody knows now that there is nothing private. Its words may be.
            _log.error("the search for private data failed, which counts as a find: %s", type(error).__name__)
            return FAILED

    def _search_names(self, texts: Sequence[str], deadline_ms: int) -> str:
        analyse = self._load()
        if analyse is None:
            return self._unavailable
        ends_s = time.monotonic() + deadline_ms / 1_000
        found: frozenset[str] = frozenset()
        for passage in cut_passages(texts):
            if time.monotonic() > ends_s:
                return TOO_LATE
            found |= analyse(passage)
            if found >= KINDS:
                break
        return describe_find(sorted(found)) if found else ""

    def _load(self) -> Analyse | None:
        if self._analyse is None and not self._unavailable:
            try:
                self._analyse = load_analyser()
            except NamesUnavailable as missing:
                _log.error("names cannot be looked for, so each search counts as a find: %s", missing)
                self._unavailable = "names cannot be looked for on this machine"
        return self._analyse
