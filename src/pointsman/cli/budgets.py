"""Show how much of each budget of a running gateway is spent, held and left, and what its window will come to.

Example: pointsman budgets
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any

import typer

from pointsman.cli.gateway import call_gateway
from pointsman.cli.term_options import print_json
from pointsman.cli.usage_chart import EIGHTHS, can_colour, can_draw
from pointsman.cli.usage_table import show_name

ABOUT = "Show how much of each budget of a running gateway is spent, held and left."
BAR_WIDTH = 20
MOST_ROWS = 1_000
COLOURS = {"ok": "32", "near": "33", "used_up": "31", "over": "31"}
HEAD = ("budget", "scope", "window", "spent", "held", "left", "limit", "used", "", "state", "ends")

app = typer.Typer(help=ABOUT, rich_markup_mode=None)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Row = Mapping[str, Any]


@app.callback(invoke_without_command=True)
def budgets(
    context: typer.Context,
    scope: Annotated[
        str, typer.Option(help="Only those of this scope, such as total or team:alpha, or of a kind such as user.")
    ] = "",
    state: Annotated[str, typer.Option(help="Only those that are ok, near, used_up or over.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many rows at most.")] = 200,
    as_json: AsJson = False,
) -> None:
    """Show how much of each budget of a running gateway is spent, held and left.

    Example: pointsman budgets --state near
    """
    if context.invoked_subcommand is not None:
        return
    query = {name: value for name, value in (("scope", scope), ("state", state)) if value}
    answer = call_gateway("GET", "/api/v1/budgets", query=query | {"limit": str(limit)})
    if as_json:
        print_json(answer)
        return
    rows = answer["budgets"]
    if not rows:
        typer.echo("There is no such budget. Next: write one under budgets: in pointsman.yaml, or see --help", err=True)
        return
    typer.echo(draw_rows(rows))
    if answer["next"] is not None:
        typer.echo(f"there are more; see them with --limit {MOST_ROWS} or --scope", err=True)
    typer.echo(f"next: pointsman budgets show {show_name(rows[0]['name'])!r}", err=True)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The budget's name, as `pointsman budgets` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Show one budget with all that is known of it; of one for each user, the rows of all of them.

    Exit code 0: shown; 1: there is none of this name.

    Example: pointsman budgets show "total per month"
    """
    answer = call_gateway("GET", "/api/v1/budgets", query={"name": name, "limit": str(MOST_ROWS)})
    if not answer["budgets"]:
        typer.echo(f"there is no budget {name!r}; list them with: pointsman budgets", err=True)
        raise typer.Exit(1)
    if as_json:
        print_json(answer)
        return
    for row in answer["budgets"]:
        for line in _describe(row):
            typer.echo(line)
    typer.echo("next: pointsman alerts", err=True)


def draw_rows(rows: Sequence[Row]) -> str:
    """The rows as the gateway gave them, each with a bar of what is spent."""
    is_rich, is_coloured = can_draw(), can_colour()
    lines = [[show_name(text) for text in _write_cells(row)] for row in rows]
    widths = [max(len(line[place]) for line in (HEAD, *lines)) for place in range(len(HEAD))]
    widths[8] = BAR_WIDTH
    drawn = [_join(list(HEAD), widths), "-" * (sum(widths) + 2 * (len(widths) - 1))]
    for row, line in zip(rows, lines, strict=True):
        line[8] = draw_bar(Decimal(row["used"]), is_rich=is_rich)
        text = _join(line, widths)
        drawn.append(f"\x1b[{COLOURS[row['state']]}m{text}\x1b[0m" if is_coloured and row["state"] != "ok" else text)
    return "\n".join(drawn)


def draw_bar(share: Decimal, *, is_rich: bool) -> str:
    """A bar that is full where all is spent."""
    part = min(max(share, Decimal(0)), Decimal(1))
    if not is_rich:
        return ("#" * int(part * BAR_WIDTH)).ljust(BAR_WIDTH, ".")
    full, rest = divmod(int(part * BAR_WIDTH * 8), 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(BAR_WIDTH, "·")


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Names to the left, figures to the right."""
    joined = [
        cell.rjust(width) if 3 <= place <= 7 else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(joined).rstrip()


def _write_cells(row: Row) -> list[str]:
    window = row["window"]
    return [
        row["name"],
        row["scope"],
        window["kind"],
        f"${row['spent_usd']}",
        f"${row['held_usd']}",
        f"${row['left_usd']}",
        f"${row['limit_usd']}",
        _write_percent(row["used"]),
        "",
        row["state"],
        window["end"],
    ]


def _write_percent(share: str) -> str:
    return f"{Decimal(share) * 100:.1f}%"


def _describe(row: Row) -> list[str]:
    window = row["window"]
    forecast = f"${row['forecast_usd']} at the end of the window" if row["forecast_usd"] is not None else "none yet"
    warnings = ", ".join(_write_percent(share) for share in row["alert_at"]) or "never"
    facts = (
        ("scope", row["scope"]),
        ("window", f"{window['kind']} from {window['start']} to {window['end']} ({window['time_zone']})"),
        ("spent", f"${row['spent_usd']} of ${row['limit_usd']} ({_write_percent(row['used'])}, {row['state']})"),
        ("held", f"${row['held_usd']} for calls under way, ${row['unknown_usd']} for calls of unknown cost"),
        ("left", f"${row['left_usd']}"),
        ("forecast", forecast),
        ("beyond it", row["on_exceed"]),
        ("warns at", warnings),
        ("stands in", row["stands_in"] or "(no document)"),
    )
    return [show_name(row["name"]), *(f"  {what.ljust(9)}  {show_name(text)}" for what, text in facts)]
