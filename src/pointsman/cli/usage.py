"""Show tokens, cost and latency of a running gateway, per agent or by what you name.

Example: pointsman usage --by agent,model --since 7d
"""

import json
import re
import sys
import time
from typing import Annotated

import typer

from pointsman.cli.gateway import GatewayError, find_gateway

_UNITS_MS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_COLUMNS = ("calls", "input_tokens", "output_tokens", "cost_usd", "avg_latency_ms")


def usage(
    by: Annotated[
        str, typer.Option(help="What to group by: agent, model, provider, key; several with commas.")
    ] = "agent",
    since: Annotated[str, typer.Option(help="How far back, such as 30m, 24h or 7d; everything if left out.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Show tokens, cost and latency of a running gateway, per agent or by what you name.

    Example: pointsman usage --by agent,model --since 7d
    """
    path = f"/api/v1/usage?by={by}"
    if since:
        match = re.fullmatch(r"([0-9]{1,6})([smhd])", since)
        if match is None:
            typer.echo(f'"{since[:32]}" is not a time span; write it like 30m, 24h or 7d', err=True)
            raise typer.Exit(2)
        path += f"&since_ms={int(time.time() * 1000) - int(match[1]) * _UNITS_MS[match[2]]}"
    try:
        gateway = find_gateway()
        answer = gateway.call("GET", path)
    except GatewayError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if as_json:
        json.dump(answer, sys.stdout)
        typer.echo()
        return
    typer.echo(f"usage of {gateway.url} (found in {gateway.found_in})", err=True)
    assert isinstance(answer, dict)
    typer.echo(_draw_table(answer, by.split(",")))
    typer.echo("next: pointsman usage --by agent,model --since 24h", err=True)


def _draw_table(answer: dict[str, list[dict[str, object]]], dimensions: list[str]) -> str:
    head = [*dimensions, *(column.replace("_", " ") for column in _COLUMNS)]
    rows = [[str(row[name]) or "(none)" for name in (*dimensions, *_COLUMNS)] for row in answer["rows"]]
    totals: object = answer["totals"]
    assert isinstance(totals, dict)
    last = ["total", *("" for _ in dimensions[1:]), *(str(totals[name]) for name in _COLUMNS)]
    widths = [max(len(line[place]) for line in (head, *rows, last)) for place in range(len(head))]
    split = len(dimensions)

    def draw(line: list[str]) -> str:
        left = (cell.ljust(width) for cell, width in zip(line[:split], widths[:split], strict=True))
        right = (cell.rjust(width) for cell, width in zip(line[split:], widths[split:], strict=True))
        return "  ".join((*left, *right)).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    return "\n".join([draw(head), rule, *(draw(row) for row in rows), rule, draw(last)])
