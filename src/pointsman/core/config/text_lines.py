"""Lines of a YAML text around an offset: where they begin and end, and which comments belong to what stands there."""

import re

_BREAK = re.compile(r"\r\n|\r|\n")
_COMMENT_OR_BLANK = re.compile(r"([ \t]*)(#?)")


def find_newline(text: str) -> str:
    """The line break that a text uses, by its first one."""
    found = _BREAK.search(text)
    return found[0] if found else "\n"


def start_of_line(text: str, at: int) -> int:
    """Offset of the first character of the line."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def end_of_line(text: str, at: int) -> int:
    """Offset behind the last character of the line, before its break."""
    found = _BREAK.search(text, at)
    return found.start() if found else len(text)


def start_of_next_line(text: str, at: int) -> int:
    """Offset behind the line's break, or the end of the text."""
    found = _BREAK.search(text, at)
    return found.end() if found else len(text)


def column_of(text: str, at: int) -> int:
    """Characters before an offset on its line."""
    return at - start_of_line(text, at)


def is_first_on_line(text: str, at: int) -> bool:
    """Whether nothing but spaces stands before an offset on its line."""
    return not text[start_of_line(text, at) : at].strip(" ")


def start_with_comments(text: str, at: int) -> int:
    """Where the line of a key or a dash begins, with the comment lines right above it that stand in its column.

    Comments on the first lines of the text are the text's own.
    """
    column = column_of(text, at)
    line = first = start_of_line(text, at)
    while line:
        above = start_of_line(text, _find_break_before(text, line))
        blanks, mark = _read_line(text, above)
        if not mark or blanks != column:
            return line
        line = above
    return first


def end_with_comments(text: str, stop: int, column: int) -> int:
    """Where the lines end of what stops at an offset, with the comment lines below that stand deeper than a column."""
    end = stop if stop and text[stop - 1] in "\r\n" else start_of_next_line(text, stop)
    line = end
    while line < len(text):
        blanks, mark = _read_line(text, line)
        following = start_of_next_line(text, line)
        if mark and blanks > column:
            end = following
        elif mark or text[line:following].strip():
            break
        line = following
    return end


def _find_break_before(text: str, line: int) -> int:
    """Offset of the break that ends the line above."""
    return line - 2 if text[line - 2 : line] == "\r\n" else line - 1


def _read_line(text: str, line: int) -> tuple[int, bool]:
    """How many blanks a line begins with, and whether all else of it is a comment."""
    found = _COMMENT_OR_BLANK.match(text, line)
    assert found is not None, "the pattern matches anywhere"
    return len(found[1]), bool(found[2])
