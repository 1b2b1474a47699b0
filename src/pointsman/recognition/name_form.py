"""What a recognised person must look like to count: a full name as people write it, or a name behind a title.

Without this, every second page of source code or technical prose holds a "person", such as `Snapshot` or `docker run`.
"""

import re

_PART = r"[^\W\d_](?:[^\W\d_]|['’.-]){0,39}"
_FULL_NAME = re.compile(rf"{_PART}(?:,?[ \t\u00a0]{{1,2}}{_PART}|,?\n{_PART}){{1,5}}")
_PARTS = re.compile(_PART)
_TITLE_BEFORE = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Lady|Herr|Herrn|Frau|Monsieur|Madame|Mme|Señor|Señora|Sr|Sra|Signor|"
    r"Signora)\.?[ ]$"
)
_MOST_BEFORE = 16


def is_name(text: str, start: int, end: int) -> bool:
    """Whether the span is a name of two words or more, at least two of them not in lower case, or follows a title."""
    span = text[start:end].strip()
    if span.lower() == span.upper() and not span.isascii():
        return len(span) > 1  # a script without capitals
    capitalised = sum(not part[0].islower() for part in _PARTS.findall(span))
    if _TITLE_BEFORE.search(text[max(0, start - _MOST_BEFORE) : start]):
        return capitalised > 0
    return capitalised > 1 and _FULL_NAME.fullmatch(span.removesuffix("'s").removesuffix("’s")) is not None
