"""Splits a text into the files that are printed in it one behind another, each under a comment that names it.

Only a text that could not be read otherwise is split: one that has a key twice. Lines keep their numbers.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from posixpath import basename, dirname, splitext

from pointsman.core.config.source import Source

ENVIRONMENTS = "environments"
MOST_FILES = 100

_NAMES_FILE = re.compile(rb"#[ \t]*(?:\./)?((?:[\w.-]{1,100}/){0,8}[\w.-]{1,100}\.ya?ml)[ \t]*\r?\n?")
_TOP_KEY = re.compile(
    rb"(?:\"([^\"\n]{1,100})\"|'([^'\n]{1,100})'|([^\s#\"'{}\[\],&*!|>%@`-][^\n:]{0,100}?))[ \t]*:(?=\s|\Z)"
)


def split_printed_files(source: Source) -> tuple[Source, ...]:
    """The files of a text, in order, or the text itself when it is one file.

    A part under `environments/NAME.yaml` is the overlay of that environment.
    """
    lines = source.content.splitlines(keepends=True)
    starts = [at for at, line in enumerate(lines) if _NAMES_FILE.fullmatch(line)]
    if not starts or len(starts) > MOST_FILES or not _has_key_twice(lines):
        return (source,)
    bounds = [*([0] if _holds_keys(lines[: starts[0]]) else []), *starts, len(lines)]
    return tuple(_cut(source, lines, first, end) for first, end in pairwise(bounds))


def _cut(source: Source, lines: Sequence[bytes], first: int, end: int) -> Source:
    """One part, with an empty line for each line before it."""
    content = b"\n" * first + b"".join(lines[first:end])
    named = _NAMES_FILE.fullmatch(lines[first])
    if named is None:
        return replace(source, content=content)
    name = named[1].decode("ascii", "replace")
    is_overlay = basename(dirname(name)) == ENVIRONMENTS
    environment = splitext(basename(name))[0] if is_overlay else source.environment
    return replace(source, content=content, environment=environment)


def _has_key_twice(lines: Sequence[bytes]) -> bool:
    found = Counter(key for line in lines if (key := _read_top_key(line)))
    return any(count > 1 for count in found.values())


def _holds_keys(lines: Sequence[bytes]) -> bool:
    return any(_read_top_key(line) for line in lines)


def _read_top_key(line: bytes) -> bytes | None:
    match = _TOP_KEY.match(line)
    return None if match is None else next(filter(None, match.groups()))
