"""Our pages as a reader meets them: headings, links, tables and blocks of code."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

from source_tree import ROOT

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[[^]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

Row = tuple[str, ...]


@dataclass(frozen=True)
class Page:
    """One file of Markdown."""

    path: Path
    text: str

    @property
    def prose(self) -> str:
        """The page without its blocks of code."""
        return _FENCE.sub("", self.text)

    def list_blocks(self, language: str) -> list[str]:
        """The blocks of code in a language."""
        return [code for named, code in _FENCE.findall(self.text) if named == language]

    def list_code(self) -> Iterator[str]:
        """Everything that is set as code: blocks, and spans within a line."""
        yield from (code for _, code in _FENCE.findall(self.text))
        yield from _SPAN.findall(self.prose)

    def list_links(self) -> list[str]:
        return _LINK.findall(self.prose)

    def list_anchors(self) -> set[str]:
        """What a link may name after `#`."""
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in _HEADING.findall(self.prose)}

    def list_rows(self, *head: str) -> list[Row]:
        """The rows, as cells, of every table whose head begins with these columns."""
        rows: list[Row] = []
        for is_table, lines in groupby(self.prose.splitlines(), lambda line: line.startswith("|")):
            table = [_split_row(line) for line in lines] if is_table else []
            if table and table[0][: len(head)] == head:
                rows += table[2:]
        return rows


def _split_row(line: str) -> Row:
    return tuple(cell.strip() for cell in line.strip().strip("|").split("|"))


def spans_of(cell: str) -> tuple[str, ...]:
    """What is set as code in a cell."""
    return tuple(_SPAN.findall(cell))


@cache
def read_page(name: str) -> Page:
    """A page by its path from the root of the repository."""
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


@cache
def list_pages() -> tuple[Page, ...]:
    """Every page that belongs to the repository: the ones at its root and the ones under `docs`."""
    paths = (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))
    return tuple(read_page(path.relative_to(ROOT).as_posix()) for path in paths)
