"""Bars of cost over time for a terminal; of plain characters where it can do no more."""

import os
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal

WIDTH = 40
EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"
PLAIN_HEIGHTS = "._-=*#"

Figures = Mapping[str, object]


def can_draw() -> bool:
    """Whether stdout takes more than ASCII."""
    encoding = (sys.stdout.encoding or "ascii").lower().replace("-", "")
    return encoding.startswith("utf") and os.environ.get("TERM") != "dumb"


def can_colour() -> bool:
    """Whether stdout is a terminal whose user wants colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def draw_bars(labels: Sequence[str], values: Sequence[Figures], *, is_rich: bool, is_coloured: bool) -> list[str]:
    """A line for each window: its label, a bar as long as its cost, the cost and the calls."""
    costs = [read_cost(each) for each in values]
    most = max([*costs, Decimal(0)])
    width = max([len(label) for label in labels], default=0)
    amounts = [f"${each['cost_usd']}" for each in values]
    widest = max([len(amount) for amount in amounts], default=0)
    lines = []
    for label, cost, amount, each in zip(labels, costs, amounts, values, strict=True):
        bar = _draw_bar(cost / most if most else Decimal(0), is_rich=is_rich)
        shown = f"\x1b[36m{bar}\x1b[0m" if is_coloured else bar
        lines.append(
            f"{label.ljust(width)}  {shown}{' ' * (WIDTH - len(bar))}  {amount.rjust(widest)}  {each['calls']} calls"
        )
    return lines


def draw_line(values: Sequence[Figures], *, is_rich: bool) -> str:
    """A whole series in one line, a character for each window; a blank where nothing was paid."""
    heights = HEIGHTS if is_rich else PLAIN_HEIGHTS
    costs = [read_cost(each) for each in values]
    most = max([*costs, Decimal(0)])
    return "".join(" " if cost <= 0 else heights[int(cost / most * (len(heights) - 1))] for cost in costs)


def read_cost(figures: Figures) -> Decimal:
    """A cost as the gateway writes it."""
    return Decimal(str(figures["cost_usd"]))


def _draw_bar(part: Decimal, *, is_rich: bool) -> str:
    if part <= 0:
        return ""
    if not is_rich:
        return "#" * max(round(part * WIDTH), 1)
    full, rest = divmod(max(round(part * WIDTH * 8), 1), 8)
    return "█" * full + (EIGHTHS[rest] if rest else "")
