"""A text as the detectors read it: what looks like an ASCII digit, sign or blank is one, what is invisible is gone."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pointsman.core.privacy.entities import Find

_ZEROS = (
    0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66, 0x0E50, 0x0ED0,
    0x0F20, 0x1040, 0x17E0, 0x1810, 0xFF10, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6,
)  # fmt: skip
"""The zero of each alphabet that has digits of its own and is written today; the nine others follow it."""

_INVISIBLE = "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\u20e3\ufe00-\ufe0f\ufeff"
_BLANKS = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_DASHES = "\u2010-\u2015\u2212\ufe58\ufe63"
_WIDE_SIGNS = "（）＋－．／：＝＠＿"
_TAGS = range(0xE0020, 0xE007F)
"""Invisible twins of the ASCII characters, which people do not see and models read."""

_LETTER = ord("a")
_CLASSES = bytes(
    0x30 if 0x30 <= byte <= 0x39 else _LETTER if chr(byte).isalpha() and byte < 0x80 else byte for byte in range(256)
)


def _list_twins() -> Iterator[tuple[str, str]]:
    for zero in _ZEROS:
        yield from ((chr(zero + digit), str(digit)) for digit in range(10))
    for first, last in ("AZ", "az"):
        yield from ((chr(code + 0xFEE0), chr(code)) for code in range(ord(first), ord(last) + 1))
    yield from ((sign, chr(ord(sign) - 0xFEE0)) for sign in _WIDE_SIGNS)
    yield from ((chr(code), chr(code - 0xE0000)) for code in _TAGS)
    for marks, plain in ((_BLANKS, " "), (_DASHES, "-")):
        yield from ((mark, plain) for mark in _expand(marks))
    yield from {"\ufe52": ".", "\ufe6b": "@", "\u2028": "\n", "\u2029": "\n"}.items()


def _expand(marks: str) -> Iterator[str]:
    """The characters of a class as regular expressions write it, such as `a-cx`."""
    for found in re.finditer("(.)-(.)|(.)", marks):
        first, last = (found[1], found[2]) if found[1] else (found[3], found[3])
        yield from map(chr, range(ord(first), ord(last) + 1))


_TWINS = dict(_list_twins())
_DROPPED = re.compile(f"[{_INVISIBLE}]")
# The far planes are written as ranges: one by one, each sign of a text would be compared with each of them.
_FAR = "\U0001d7ce-\U0001d7ff\U000e0020-\U000e007e"
_NEAR = re.escape("".join(twin for twin in _TWINS if ord(twin) < 0x10000))
_ODD = re.compile(f"[{_INVISIBLE}{_NEAR}{_FAR}]")


@dataclass(frozen=True, slots=True)
class Reading:
    """One text, prepared once for all detectors; positions in the three forms are the same.

    Attributes:
        text: in plain signs.
        raw: the same with a `?` for each character that is not ASCII.
        classes: `raw` with `0` for each digit and `a` for each letter.
    """

    text: str
    raw: bytes = field(init=False)
    classes: bytes = field(init=False)

    def __post_init__(self) -> None:
        raw = self.text.encode("ascii", "replace")
        object.__setattr__(self, "raw", raw)
        object.__setattr__(self, "classes", raw.translate(_CLASSES))

    def words_before(self, start: int, most: int) -> str:
        r"""What stands before a place on the same line, in small letters; a written-out `\n` ends a line too."""
        line = self.text[max(0, start - most) : start].rpartition("\n")[2]
        return line.rpartition("\\n")[2].lower()


def read_text(text: str) -> Reading:
    """Prepare a text."""
    return Reading(write_plainly(text))


def write_plainly(text: str) -> str:
    """A text in plain signs, without the invisible ones; an ASCII text is taken as it is."""
    if text.isascii() or not _ODD.search(text):
        return text
    return _ODD.sub(lambda found: _TWINS.get(found[0], ""), text)


def restore_places(text: str, finds: Iterable[Find]) -> Iterator[Find]:
    """Finds in a reading as places in the text that was read; they overlap nowhere and are in order."""
    if text.isascii():
        yield from finds
        return
    dropped = (found.start() for found in _DROPPED.finditer(text))
    pending = next(dropped, len(text))
    shift = 0
    for find in finds:
        while pending <= find.start + shift:
            shift, pending = shift + 1, next(dropped, len(text))
        start = find.start + shift
        while pending <= find.end - 1 + shift:
            shift, pending = shift + 1, next(dropped, len(text))
        yield Find(find.entity, start, find.end + shift)
