"""Turns offsets in a text into lines and columns, both from 1 and in characters."""

from bisect import bisect_right
from itertools import accumulate

from pointsman.linting.findings import Find


class Positions:
    """The lines of a text; only `\\n` ends one."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def locate(self, offset: int) -> tuple[int, int]:
        """The line and column of a character."""
        line = bisect_right(self._starts, offset) - 1
        return line + 1, offset - self._starts[line] + 1

    def find_at(self, offset: int, code: str, name: str, others: int = 0) -> Find:
        """Something found at a character."""
        return Find(*self.locate(offset), code, name, others)


def count_characters(line: str, byte_count: int) -> int:
    """How many characters of a line its first bytes in UTF-8 make."""
    return byte_count if line.isascii() else len(line.encode()[:byte_count].decode(errors="replace"))


def split_lines(text: str) -> list[str]:
    """The lines of a text as Python counts them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
