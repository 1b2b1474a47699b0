"""Looks for private data in the text of a task, in the caller's own thread; a search that fails counts as a find."""

import logging
import time
from collections.abc import Sequence
from threading import Lock

from pointsman.core.chat.request import ChatRequest
from pointsman.core.chat.request_texts import has_unsearchable, list_texts
from pointsman.core.config.snapshot import Settings
from pointsman.core.privacy.detect import detect
from pointsman.recognition.library import KINDS, Analyse, NamesUnavailable, load_analyser
from pointsman.recognition.passages import MOST_CHARACTERS, count_characters, cut_passages

_log = logging.getLogger(__name__)

MOST_BYTES = 16 * 1024 * 1024
"""A longer text is not searched, which counts as a find."""


class PrivateDataSearch:
    """Searches texts; any number of threads may ask. The library for names is loaded when it is first wanted."""

    def __init__(self) -> None:
        self._names = Lock()
        self._analyse: Analyse | None = None
        self._unavailable = ""

    def search(self, request: ChatRequest, settings: Settings) -> str:
        """What was found, or why nobody can say that there is nothing; `""` when nothing private is in it."""
        if has_unsearchable(request.fields):
            return "it holds images, audio or files, which cannot be searched"
        if len(request.body) > MOST_BYTES:
            return "it is too long to be searched for private data"
        try:
            return self._search(list(list_texts(request.fields)), settings)
        except (Exception, SystemExit) as error:
            # Whatever stopped the search, nobody knows now that there is nothing private. Its words may be.
            _log.error("the search for private data failed, which counts as a find: %s", type(error).__name__)
            return "the search for private data failed"

    def _search(self, texts: Sequence[str], settings: Settings) -> str:
        kinds: list[str] = [entity for entity, _ in detect(texts, frozenset(settings.detect_entities)).counts]
        if kinds or not settings.detect_names:
            return f"{', '.join(kinds)} found in it" if kinds else ""
        if count_characters(texts) > MOST_CHARACTERS:
            return "it is too long to be searched for names"
        with self._names:
            return self._search_names(texts, settings.detect_deadline_ms)

    def _search_names(self, texts: Sequence[str], deadline_ms: int) -> str:
        analyse = self._load()
        if analyse is None:
            return self._unavailable
        ends_s = time.monotonic() + deadline_ms / 1_000
        found: frozenset[str] = frozenset()
        for passage in cut_passages(texts):
            if time.monotonic() > ends_s:
                return "the search for names took too long"
            found |= analyse(passage)
            if found >= KINDS:
                break
        return f"{', '.join(sorted(found))} found in it" if found else ""

    def _load(self) -> Analyse | None:
        if self._analyse is None and not self._unavailable:
            try:
                self._analyse = load_analyser()
            except NamesUnavailable as missing:
                _log.error("names cannot be looked for, so each search counts as a find: %s", missing)
                self._unavailable = "names cannot be looked for on this machine"
        return self._analyse
