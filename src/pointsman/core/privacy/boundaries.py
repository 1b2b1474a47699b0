"""Where a word begins: after anything that is no letter, digit or underscore, and after a written-out line end."""

_ESCAPES = frozenset(b"nrt")
_BACKSLASH = ord("\\")


def is_inside_word(raw: bytes, start: int) -> bool:
    r"""Whether a letter or digit stands right before; not so in `\n4111`, as JSON within a text writes it."""
    if start == 0:
        return False
    before = raw[start - 1 : start]
    if not before.isalnum() and before != b"_":
        return False
    return not (start > 1 and before[0] in _ESCAPES and raw[start - 2] == _BACKSLASH)


def is_word_after(raw: bytes, end: int) -> bool:
    """Whether a letter, digit or underscore stands right after."""
    after = raw[end : end + 1]
    return after.isalnum() or after == b"_"
