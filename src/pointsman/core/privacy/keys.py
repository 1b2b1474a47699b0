"""Finds keys by their shape; what is slow is only done where a text has a word as long as a key."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from pointsman.core.privacy.boundaries import is_inside_word
from pointsman.core.privacy.key_shapes import KEY_SHAPES, KeyShape

_LETTERS = bytes(range(0x41, 0x5B)) + bytes(range(0x61, 0x7B))
_DIGITS = b"0123456789"
_LONG = b"x" * 16
_WORD = bytes(0x78 if byte in _LETTERS + _DIGITS + b"_-" else 0x20 for byte in range(256))
_BEFORE_WORD = _LETTERS + _DIGITS + b".:"
_MOST_BEFORE = 32
"""Characters of a key that may stand before its first long word, as in `SG.`"""

_PART = re.compile(rb"(?<=[_-])[A-Za-z0-9]")
_RANDOM_PART = re.compile(rb"[A-Za-z0-9]{8,}")
_RISE = re.compile(rb"[a-z][A-Z]")
_BEARER = re.compile(r"\bbearer {1,4}[a-z0-9._~+/-]{16,}")


def _join(shapes: Iterator[KeyShape]) -> bytes:
    return "|".join(shape.pattern for shape in shapes).encode()


# A shape that is surely a key comes before one that names look like: sk-ant- before sk-.
_SHAPED = re.compile(
    b"(?:%s)|(?P<plain>%s)"
    % tuple(
        _join(shape for shape in KEY_SHAPES if shape.is_plain is plain and not shape.sign) for plain in (False, True)
    )
)
_SIGNED = tuple((shape.sign, re.compile(shape.pattern.encode())) for shape in KEY_SHAPES if shape.sign)


class Key(NamedTuple):
    """Where a key stands, and whether a name in a program might look like it."""

    start: int
    end: int
    is_plain: bool


def find_keys(raw: bytes) -> Iterator[Key]:
    """What has the shape of a key, in ASCII text; random or not."""
    for sign, shape in _SIGNED:
        if sign in raw:
            yield from (Key(*found.span(), False) for found in shape.finditer(raw))
    words = raw.translate(_WORD)
    start = words.find(_LONG)
    while start >= 0:
        end = words.find(b" ", start)
        end = len(words) if end < 0 else end
        key = _find_in_word(raw, start, end)
        if key is not None:
            yield key
            end = max(end, key.end)
        start = words.find(_LONG, end)


def _find_in_word(raw: bytes, start: int, end: int) -> Key | None:
    """The first key that begins with a long word, before it, or with a part of it."""
    before = raw[max(0, start - _MOST_BEFORE) : start]
    early = start - len(before) + len(before.rstrip(_BEFORE_WORD))
    # The word as it stands, with what may stand before it, and both without the n of a line end that is written out.
    for begin in (start, early, start + 1, early + 1):
        found = _match_at(raw, begin)
        if found is not None:
            return found
    for part in _PART.finditer(raw, start, end):
        found = _match_at(raw, part.start())
        if found is not None:
            return found
    return None


def _match_at(raw: bytes, start: int) -> Key | None:
    found = _SHAPED.match(raw, start)
    if found is None or (is_inside_word(raw, start) and raw[start - 1 : start] != b"_"):
        return None
    return Key(start, found.end(), found["plain"] is not None)


def holds_key(text: str) -> bool:
    """Whether some part of a text has the shape of a key, random or not, or follows the word `Bearer`."""
    if next(find_keys(text.encode("ascii", "replace")), None) is not None:
        return True
    lower = text.lower()
    return "bearer " in lower and _BEARER.search(lower) is not None


def looks_random(value: bytes) -> bool:
    """Whether a part between separators mixes letters and digits or cases, or is longer than words get."""
    return any(
        len(part) >= 24 or (has_letter(part) and has_digit(part)) or _mixes_cases(part)
        for part in _RANDOM_PART.findall(value)
    )


def _mixes_cases(part: bytes) -> bool:
    """Whether large letters follow small ones more often than in namesOfPrograms."""
    return len(part) >= 16 and len(_RISE.findall(part)) * 6 >= len(part)


def has_letter(value: bytes) -> bool:
    """Whether there is an ASCII letter."""
    return len(value.translate(None, _LETTERS)) < len(value)


def has_digit(value: bytes) -> bool:
    """Whether there is an ASCII digit."""
    return len(value.translate(None, _DIGITS)) < len(value)
