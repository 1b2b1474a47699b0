"""Tables as CSV (RFC 4180) that no spreadsheet takes for formulas, whoever chose the names in it."""

import csv
import io
from collections.abc import Sequence

FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")

Cell = str | int | float | None


def write_csv_line(cells: Sequence[Cell]) -> str:
    """One line with its end; `None` is an empty cell, and a text that begins as formulas do gets an apostrophe."""
    line = io.StringIO()
    csv.writer(line).writerow([_make_safe(cell) for cell in cells])
    return line.getvalue()


def _make_safe(cell: Cell) -> Cell:
    return f"'{cell}" if type(cell) is str and cell.startswith(FORMULA_BEGINNINGS) else cell
