"""Finds distinctive model names anywhere in a text, for those who ask for prose and comments too."""

import re
from collections.abc import Iterator

from pointsman.linting.findings import HARDCODED_MODEL, Find
from pointsman.linting.names import ModelNames

_WORD = re.compile(r"(?<![\w./:@-])[A-Za-z0-9][\w.:/@-]*", re.ASCII)


def find_mentions(text: str, names: ModelNames) -> Iterator[Find]:
    """Each word that is a distinctive name, without the punctuation behind it."""
    for number, line in enumerate(text.split("\n"), start=1):
        for word in _WORD.finditer(line):
            known = names.read(word[0].rstrip(".:/@-"))
            if known and known.is_distinctive:
                yield Find(number, word.start() + 1, HARDCODED_MODEL, known.text)
