"""Show tokens, cost and latency of a running gateway, per agent or by what you name; `rerate` corrects costs.

Example: pointsman usage --by agent,model --since 7d
"""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from pointsman.cli.gateway import call_gateway
from pointsman.cli.usage_chart import can_colour, can_draw, draw_bars, draw_line
from pointsman.cli.usage_rerate import rerate
from pointsman.cli.usage_table import draw_table, show_name
from pointsman.core.chat.safe_csv import Cell, write_csv_line

MOST_ROWS = 10_000
ABOUT = "Show tokens, cost and latency of a running gateway, per agent or by what you name."

app = typer.Typer(help=ABOUT, rich_markup_mode=None)
app.command("rerate")(rerate)

Filter = typer.Option(help='Only what has this name; "" for none.', show_default=False)


@app.callback(invoke_without_command=True)
def usage(
    context: typer.Context,
    by: Annotated[
        str,
        typer.Option(
            help="What to group by: agent, model, provider, key, team, user, tag, ...; commas between (agent)."
        ),
    ] = "",
    since: Annotated[str, typer.Option(help="How far back, such as 30m, 24h or 7d, or a time.")] = "",
    until: Annotated[str, typer.Option(help="Up to when, likewise.")] = "",
    agent: Annotated[str | None, Filter] = None,
    model: Annotated[str | None, Filter] = None,
    provider: Annotated[str | None, Filter] = None,
    key: Annotated[str | None, Filter] = None,
    team: Annotated[str | None, Filter] = None,
    user: Annotated[str | None, Filter] = None,
    tag: Annotated[str | None, Filter] = None,
    interaction: Annotated[str | None, Filter] = None,
    experiment: Annotated[str | None, Filter] = None,
    sort: Annotated[str, typer.Option(help="By which figure; the largest first.")] = "cost_usd",
    limit: Annotated[int, typer.Option(min=1, max=MOST_ROWS, help="How many rows at most.")] = 1_000,
    series: Annotated[str, typer.Option(help="Over time instead: hour, day, week or month.")] = "",
    time_zone: Annotated[str, typer.Option(help="Whose days those are.")] = "UTC",
    chart: Annotated[
        bool, typer.Option("--chart", help="Draw bars over time, by day unless --series says else.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
    csv: Annotated[str, typer.Option("--csv", metavar="FILE", help="Write CSV to a file, or - for stdout.")] = "",
) -> None:
    """Show tokens, cost and latency of a running gateway, per agent or by what you name.

    Example: pointsman usage --by agent,model --since 7d --chart
    """
    if context.invoked_subcommand is not None:
        return
    named = {name: value for name, value in (("since", since), ("until", until)) if value}
    filters = {
        "agent": agent,
        "model": model,
        "provider": provider,
        "key": key,
        "team": team,
        "user": user,
        "tag": tag,
        "interaction": interaction,
        "experiment": experiment,
    }
    query = named | {name: value for name, value in filters.items() if value is not None}
    if series or chart:
        over_time = query | {"interval": series or "day", "time_zone": time_zone, "by": by or "none"}
        _show_series(over_time, as_json=as_json, csv=csv)
    else:
        asked = query | {"by": by or "agent", "sort": sort, "limit": str(limit)}
        _show_table(asked, as_json=as_json, csv=csv)


def _show_table(asked: Mapping[str, str], *, as_json: bool, csv: str) -> None:
    answer = call_gateway("GET", "/api/v1/usage", query=asked)
    dimensions = [name for name in asked["by"].split(",") if name != "none"]
    if as_json:
        _print_json(answer)
    elif csv:
        _write_csv(csv, [*dimensions, *answer["totals"]], answer["rows"])
    else:
        typer.echo(draw_table(answer["rows"], answer["totals"], dimensions))
        if answer["next"] is not None:
            typer.echo(f"there are more; see them with --limit {MOST_ROWS}", err=True)
        typer.echo("next: pointsman usage --by agent,model --since 24h --chart", err=True)


def _show_series(query: Mapping[str, str], *, as_json: bool, csv: str) -> None:
    answer = call_gateway("GET", "/api/v1/usage/series", query=query)
    if as_json:
        _print_json(answer)
        return
    zone = ZoneInfo(answer["time_zone"])
    starts = [f"{datetime.fromisoformat(start).astimezone(zone):%Y-%m-%d %H:%M}" for start in answer["starts"]]
    by = query["by"]
    lines = [(line[by], line["values"]) for line in answer.get("series", ())]
    if csv:
        grouped = lines or [(None, answer["totals"])]
        rows = [
            {"start": start, by: name, **figures}
            for name, values in grouped
            for start, figures in zip(answer["starts"], values, strict=True)
        ]
        _write_csv(csv, ["start", *([by] if lines else []), *answer["totals"][0]], rows)
        return
    is_rich = can_draw()
    for bar in draw_bars(starts, answer["totals"], is_rich=is_rich, is_coloured=can_colour()):
        typer.echo(bar)
    if lines:
        width = max(len(show_name(name)) for name, _ in lines)
        typer.echo()
        for name, values in lines:
            typer.echo(f"{show_name(name).ljust(width)}  |{draw_line(values, is_rich=is_rich)}|")
    typer.echo("next: pointsman usage --by model --since 24h", err=True)


def _print_json(answer: Mapping[str, Any]) -> None:
    json.dump(answer, sys.stdout)
    typer.echo()


def _write_csv(target: str, columns: Sequence[str], rows: Sequence[Mapping[str, Cell]]) -> None:
    """The rows under their names, as `GET /api/v1/usage/export.csv` writes them."""
    lines = [write_csv_line(columns), *(write_csv_line([row[name] for name in columns]) for row in rows)]
    if target == "-":
        sys.stdout.write("".join(lines))
        return
    try:
        with Path(target).open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
    except OSError as error:
        typer.echo(f"cannot write {target}: {error.strerror}; name a file in a folder that is yours", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{len(rows)} rows written to {target}", err=True)
