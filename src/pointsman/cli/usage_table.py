"""Usage as a table of plain text: names to the left, figures to the right, the total below."""

from collections.abc import Mapping, Sequence

COLUMNS = ("calls", "failures", "input_tokens", "output_tokens", "cost_usd", "avg_latency_ms")

Row = Mapping[str, object]


def draw_table(rows: Sequence[Row], totals: Row, dimensions: Sequence[str]) -> str:
    """The rows as the gateway gave them, under their names."""
    names = list(dimensions)
    head = [*(names or [""]), *(column.replace("_", " ") for column in COLUMNS)]
    lines = [[*(show_name(row[name]) for name in names), *_show_figures(row)] for row in rows]
    last = ["total", *("" for _ in names[1:]), *_show_figures(totals)]
    widths = [max(len(line[place]) for line in (head, *lines, last)) for place in range(len(head))]
    split = max(len(names), 1)

    def draw(line: list[str]) -> str:
        left = (cell.ljust(width) for cell, width in zip(line[:split], widths[:split], strict=True))
        right = (cell.rjust(width) for cell, width in zip(line[split:], widths[split:], strict=True))
        return "  ".join((*left, *right)).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([draw(head), rule, *(draw(line) for line in lines), *([rule] if lines else []), draw(last)])


def show_name(name: object) -> str:
    """A name as a terminal may show it: names come from callers, and could hold what a terminal acts on."""
    text = str(name) or "(none)"
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _show_figures(row: Row) -> list[str]:
    return ["-" if row[column] is None else str(row[column]) for column in COLUMNS]
