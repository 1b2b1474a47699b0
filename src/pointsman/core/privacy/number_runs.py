"""Digits with what people write between them: runs are found once, and cards, phones and the like are read off them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pointsman.core.privacy.reading import Reading

LONGEST_RUN = 1000
"""Characters of a run that are looked at together; a longer one is read in pieces that overlap."""

_OVERLAP = 80
"""More than the longest number that any detector takes, with its separators."""

_FEWEST_DIGITS = 7
_SEPARATORS = b" ().-/"
_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else byte for byte in range(256))
_RUN = re.compile(rb"[0-9][0-9 ().\-/]{%d,%d}" % (_FEWEST_DIGITS - 1, LONGEST_RUN - 1))
_GROUP = re.compile("[0-9]+")
_DATE = re.compile(rb"(?:19|20)[0-9]{2}([-/.])[0-9]{2}\1[0-9]{2}[ (]{0,2}")
"""What most runs of a log are."""


@dataclass(frozen=True, slots=True)
class NumberRun:
    """A run of digits and separators.

    Attributes:
        groups: the digits between the separators.
        separators: what stands between two groups; one fewer than groups.
        starts: where each group begins in the reading.
        whole: whether this is all of the run, and not a piece of it.
    """

    groups: tuple[str, ...]
    separators: tuple[str, ...]
    starts: tuple[int, ...]
    whole: bool

    def find_end(self, last: int) -> int:
        """Where a group ends."""
        return self.starts[last] + len(self.groups[last])


def list_runs(reading: Reading) -> Iterator[NumberRun]:
    """The runs of at least seven digits that are no dates, in the order of the text."""
    raw = reading.raw
    if b"0" * _FEWEST_DIGITS not in raw.translate(_ZEROS, _SEPARATORS):
        return
    found = _RUN.search(raw)
    while found is not None:
        start, end = found.span()
        if len(found[0].translate(None, _SEPARATORS)) >= _FEWEST_DIGITS and not _DATE.fullmatch(found[0]):
            yield _split_run(found[0].decode(), start, end - start < LONGEST_RUN)
        found = _RUN.search(raw, end if end - start < LONGEST_RUN else end - _OVERLAP)


def _split_run(written: str, start: int, whole: bool) -> NumberRun:
    spans = [found.span() for found in _GROUP.finditer(written)]
    return NumberRun(
        tuple(written[begin:end] for begin, end in spans),
        tuple(written[end:begin] for (_, end), (begin, _) in pairwise(spans)),
        tuple(start + begin for begin, _ in spans),
        whole,
    )
