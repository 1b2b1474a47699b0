"""Splits text as byte-pair vocabularies do, about four characters to a token; the pieces join to the text again.

The split looks at nothing behind the piece it takes: the first n tokens of a text are also the tokens of the text that
they join to.
"""

import re

_ONE_BY_ONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_LETTER = rf"(?:(?![{_ONE_BY_ONE}])[^\W\d_])"
_PIECE = re.compile(
    rf"[{_ONE_BY_ONE}]"  # Chinese, Japanese and Korean: a token each
    rf"| ?{_LETTER}{{1,6}}"  # a short word with its space, or the first six letters of a long one
    r"| ?\d{1,3}"
    r"| ?(?:[^\w\s]|_){1,3}"  # punctuation sticks together
    r"|\n{1,4}|[^\S\n]{1,8}"  # line ends, and indentation
)


def split_tokens(text: str) -> list[str]:
    """The tokens of `text`, in order."""
    return _PIECE.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens `text` has."""
    return len(_PIECE.findall(text))
