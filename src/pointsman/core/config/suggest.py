"""Guesses what a misspelt name was meant to be."""

from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

MOST_CANDIDATES = 2_000
"""Names that one guess looks at; more would make a bad document slow to refuse."""

LONGEST_NAME = 128


def suggest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs only in case, dashes and underscores, else the most similar one, else `None`."""
    if len(name) > LONGEST_NAME:
        return None
    candidates = list(islice(known, MOST_CANDIDATES))
    folded = _fold(name)
    for candidate in candidates:
        if _fold(candidate) == folded:
            return candidate
    # A shorter or much longer name cannot be similar enough; leaving it out here is cheaper than comparing it.
    near = [candidate for candidate in candidates if abs(len(candidate) - len(name)) <= max(3, len(name) // 3)]
    closest = get_close_matches(name, near, n=3, cutoff=0.7)
    # A letter mistaken for another is likelier than one too many: "gpt-4p" is "gpt-4o" and not "gpt-4".
    return next((candidate for candidate in closest if len(candidate) == len(name)), closest[0] if closest else None)


def _fold(name: str) -> str:
    return name.lower().replace("-", "_")
