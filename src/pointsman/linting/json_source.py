"""Finds model names in JSON, with comments or without, and in the code of notebooks; outputs are never looked at."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pointsman.linting.findings import Find
from pointsman.linting.names import ModelNames
from pointsman.linting.positions import Positions
from pointsman.linting.python_source import Unparsable, find_in_python, parse_python
from pointsman.linting.settings_tree import SettingsTree, find_in_tree

_PIECE = re.compile(
    r"""[\s,:]++|//[^\n]*+|(?P<string>"(?:[^"\\\n]|\\.)*+")|(?P<opens>[{\[])|(?P<closes>[}\]])|[^\s,:{}\[\]"/]++|.""",
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_MAGIC = re.compile(r"\s*[%!?]")


@dataclass(frozen=True, slots=True)
class _Cell:
    """The source of one cell: its lines, and where each begins in the file."""

    lines: tuple[str, ...]
    starts: tuple[int, ...]


def find_in_json(text: str, names: ModelNames) -> list[Find] | None:
    """The names in a text, `None` when it is one of Pointsman's own documents.

    Raises:
        TooDeep: when it is nested deeper than any settings are.
    """
    tree, positions = SettingsTree(), Positions(text)
    for piece in _PIECE.finditer(text):
        if piece["string"]:
            tree.add(_unescape(piece["string"]), *positions.locate(piece.start()))
        elif piece["opens"]:
            tree.open(piece["opens"] == "{")
        elif piece["closes"]:
            tree.close()
        elif piece[0][0] not in " \t\r\n,:/":
            tree.add("", 1, 1)
    return None if tree.is_own_document else list(find_in_tree(tree, names))


def find_in_notebook(text: str, names: ModelNames) -> list[Find]:
    """The names and clients in the cells of code.

    Raises:
        Unparsable: when the notebook holds nothing that could be read.
    """
    positions = Positions(text)
    finds: list[Find] = []
    cells = list(_list_cells(text))
    readable = 0
    for cell in cells:
        try:
            # What is for the notebook itself (`%pip`, `!ls`) is no Python.
            lines = ["" if _MAGIC.match(line) else line for line in cell.lines]
            finds += _place(find_in_python(parse_python("\n".join(lines)), lines, names), cell, positions)
            readable += 1
        except Unparsable:
            continue
    if cells and not readable:
        raise Unparsable
    return finds


def _list_cells(text: str) -> Iterator[_Cell]:
    """The sources of the cells of code, by the keys `cell_type` and `source` of one object."""
    depth, cell_depth = 0, 0
    key, is_code, is_cell = "", False, False
    source: list[re.Match[str]] = []
    for piece in _PIECE.finditer(text):
        if piece["opens"]:
            depth += 1
            if not cell_depth and depth == 3 and piece["opens"] == "{":
                cell_depth, key, is_code, source = depth, "", False, []
        elif piece["closes"]:
            if depth == cell_depth:
                if is_code and source:
                    yield _read_cell(source)
                cell_depth = 0
            depth -= 1
        elif piece["string"] and cell_depth:
            is_cell = depth == cell_depth
            behind = text[piece.end() : piece.end() + 8].lstrip()
            if is_cell and behind.startswith(":"):
                key = piece["string"].strip('"')
            elif is_cell and key == "cell_type":
                is_code = piece["string"] == '"code"'
            elif key == "source" and depth <= cell_depth + 1:
                source.append(piece)


def _read_cell(source: Sequence[re.Match[str]]) -> _Cell:
    lines: list[str] = []
    starts: list[int] = []
    for piece in source:
        for line in _unescape(piece["string"]).removesuffix("\n").split("\n"):
            lines.append(line)
            starts.append(piece.start() + 1)
    return _Cell(tuple(lines), tuple(starts))


def _place(finds: Sequence[Find], cell: _Cell, positions: Positions) -> Iterator[Find]:
    """The finds of a cell where they stand in the file; the column is exact where nothing before it is escaped."""
    for find in finds:
        line, column = positions.locate(cell.starts[find.line - 1])
        yield replace(find, line=line, column=column + find.column - 1)


def _unescape(written: str) -> str:
    def read(escape: re.Match[str]) -> str:
        return chr(int(escape[1], 16)) if escape[1] else _ESCAPED.get(escape[2], escape[2])

    return _ESCAPE.sub(read, written[1:-1]) if "\\" in written else written[1:-1]
