"""One thing to change in a condition: where, what, and what was probably meant; texts of the user are not repeated."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal

Code = Literal["invalid_rule", "unknown_fact"]

MOST_MISTAKES = 10
"""Mistakes of one condition that are reported; the leftmost are kept."""

LONGEST_GUESSED = 64
"""Characters of a name beyond which nobody guesses what it was meant to be."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing to change in a condition.

    Attributes:
        column: 1-based, in characters of the condition's text.
        code: stable: `unknown_fact` for a name that is no fact, `invalid_rule` for everything else.
        message: what is wrong and what to write instead.
        suggestion: the name or value that was probably meant, or `None`.
    """

    column: int
    code: Code
    message: str
    suggestion: str | None = None


def in_order(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """At most `MOST_MISTAKES`, from left to right, each place and message once."""
    return tuple(sorted(dict.fromkeys(mistakes), key=lambda one: one.column)[:MOST_MISTAKES])


def guess_word(word: str, known: Iterable[str]) -> str | None:
    """The known word that differs only in case, dashes and underscores, else the most similar one, else `None`.

    The beginning of one known word alone also counts: `sat` means `saturday`.
    """
    if not 0 < len(word) <= LONGEST_GUESSED:
        return None
    meant = _fold(word)
    folded = {_fold(one): one for one in known}
    if meant in folded:
        return folded[meant]
    begun = [one for one in folded if one.startswith(meant)] if len(meant) >= 3 else []
    close = begun if len(begun) == 1 else get_close_matches(meant, folded, n=1, cutoff=0.7)
    return folded[close[0]] if close else None


def _fold(word: str) -> str:
    return word.lower().replace("-", "_")
