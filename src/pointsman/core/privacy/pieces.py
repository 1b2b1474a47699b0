"""Long texts in pieces, so that whoever searches may stop between two of them; each find belongs to one piece only.

A piece is read with enough of its neighbours that the same is found as in the whole text.
"""

from collections.abc import Iterator
from typing import NamedTuple

from pointsman.core.privacy.reading import Reading, read_text, write_plainly

PIECE_CHARACTERS = 32_768
"""How much of a text is read at a time: an ordinary one for some milliseconds, no text for longer than 0.2 s."""

MARGIN_CHARACTERS = 2_048
"""How much is read of the neighbours: longer than a run of digits that is looked at together, and any words around."""

_SEARCHED_FOR_GAP = 8_192
"""A longer word than this may be cut, and what it holds may then be taken for something else."""

_GAPS = ("\n", " ", '"', ",", ";", ">")
"""What no key holds."""


class Piece(NamedTuple):
    """A part of a text; the finds from `begin` up to `end` belong to it, the rest of the reading to its neighbours."""

    reading: Reading
    begin: int
    end: int


def read_pieces(text: str) -> Iterator[Piece]:
    """All of a text, in order; a text that is not long is one piece."""
    if len(text) <= PIECE_CHARACTERS + 2 * MARGIN_CHARACTERS:
        reading = read_text(text)
        yield Piece(reading, 0, len(reading.text))
        return
    plain, begin = "", 0
    for start in range(0, len(text), PIECE_CHARACTERS):
        plain += write_plainly(text[start : start + PIECE_CHARACTERS])
        while len(plain) > begin + PIECE_CHARACTERS + MARGIN_CHARACTERS:
            end = _find_gap(plain, begin + PIECE_CHARACTERS)
            yield Piece(Reading(plain[: end + MARGIN_CHARACTERS]), begin, end)
            kept = max(0, end - MARGIN_CHARACTERS)
            plain, begin = plain[kept:], end - kept
    yield Piece(Reading(plain), begin, len(plain))


def _find_gap(plain: str, wanted: int) -> int:
    """The last place between two words at or before the wanted one, which itself counts where there is none near."""
    lowest = wanted - _SEARCHED_FOR_GAP
    return max(plain.rfind(gap, lowest, wanted) for gap in _GAPS) + 1 or wanted
