"""Texts as passages that the library can take one by one: cut between words, and so that no name is cut in two."""

from collections.abc import Sequence

PASSAGE_CHARACTERS = 4_000
"""The longest passage; how long the library works without a chance to stop follows from it."""

OVERLAP_CHARACTERS = 200
"""How much of a passage the next one repeats; longer than a name or an address."""

MOST_CHARACTERS = 60_000
"""The most that is looked through for one request; about a second's work."""

_BETWEEN_TEXTS = "\n\n"


def is_too_long(texts: Sequence[str]) -> bool:
    """Whether the texts are more than is looked through for one request; looks no further than it must."""
    length = -len(_BETWEEN_TEXTS)
    for text in texts:
        length += len(_BETWEEN_TEXTS) + len(text)
        if length > MOST_CHARACTERS:
            return True
    return False


def cut_passages(texts: Sequence[str]) -> list[str]:
    """All of the texts in passages of at most `PASSAGE_CHARACTERS`; short texts share one."""
    whole = _BETWEEN_TEXTS.join(text for text in texts if text and not text.isspace())
    passages: list[str] = []
    start = 0
    while len(whole) - start > PASSAGE_CHARACTERS:
        end = _find_gap(whole, start + PASSAGE_CHARACTERS)
        passages.append(whole[start:end])
        start = _find_gap(whole, end - OVERLAP_CHARACTERS)
    if whole[start:]:
        passages.append(whole[start:])
    return passages


def _find_gap(text: str, wanted: int) -> int:
    """The last place between two words at or before `wanted`, or `wanted` itself within a word longer than any name."""
    for place in range(wanted, wanted - OVERLAP_CHARACTERS, -1):
        if text[place - 1].isspace():
            return place
    return wanted
