"""Show what charges would be at the prices that count now, and book the difference where `--apply` says so."""

import json
import re
import sys
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import urlencode

import typer

from pointsman.cli.gateway import Gateway, GatewayError, find_gateway
from pointsman.core.chat.money import NUSD_PER_USD, format_usd

_UNITS_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000}
_SPAN = re.compile(r"([0-9]{1,6})([mhd])")
_COLUMNS = ("entries", "changed", "unknown", "booked_usd", "would_be_usd", "difference_usd")
_AMOUNTS = frozenset(("booked_usd", "would_be_usd", "difference_usd"))
_COUNTS = ("entries", "changed", "unknown", "still_unknown")
_PATH = "/api/v1/usage/rerate"

Totals = dict[str, dict[str, int]]


def rerate(
    since: Annotated[str, typer.Option(help="From when: 30m, 24h or 7d ago, or a day such as 2026-11-01.")] = "7d",
    until: Annotated[str, typer.Option(help="Until when, likewise; now if left out.")] = "",
    model: Annotated[str, typer.Option(help="Only this model, by our name.")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="Book the difference; without it nothing changes.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for the audit; --apply needs it.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")] = False,
) -> None:
    """Show what charges would be at the prices that count now; book the difference with --apply.

    Example: pointsman usage rerate --since 7d --model fast
    """
    now_ms = time.time_ns() // 1_000_000
    stretch: dict[str, object] = {
        "since_ms": _read_moment("--since", since, now_ms),
        "until_ms": _read_moment("--until", until, now_ms) if until else now_ms,
    }
    if model:
        stretch["model"] = model
    if apply and not reason:
        typer.echo("--apply needs --reason: the audit keeps why charges were corrected", err=True)
        raise typer.Exit(2)
    try:
        gateway = find_gateway()
        totals, booked = _go_through(gateway, stretch, reason if apply else None)
    except GatewayError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    if as_json:
        json.dump({"models": _list_rows(totals), "booked": booked, "applied": apply}, sys.stdout)
        typer.echo()
        return
    _show(totals, booked, is_applied=apply)


def _go_through(gateway: Gateway, stretch: dict[str, object], reason: str | None) -> tuple[Totals, int]:
    """All steps, one after the other; a run that was broken off is taken up by running it again."""
    totals: Totals = {}
    booked, after = 0, 0
    while True:
        step = stretch | {"after": after}
        if reason is None:
            answer: Any = gateway.call("GET", f"{_PATH}?{urlencode(step)}")
        else:
            answer = gateway.call("POST", _PATH, step | {"reason": reason})
        for row in answer["models"]:
            _add(totals.setdefault(row["model"], dict.fromkeys((*_COUNTS, *_AMOUNTS), 0)), row)
        booked += answer["booked"]
        if answer["next"] is None:
            return totals, booked
        after = answer["next"]


def _add(total: dict[str, int], row: dict[str, Any]) -> None:
    for name in _COUNTS:
        total[name] += row[name]
    for name in _AMOUNTS:
        total[name] += int(Decimal(row[name]) * NUSD_PER_USD)


def _list_rows(totals: Totals) -> list[dict[str, object]]:
    return [
        {"model": name} | {key: format_usd(value) if key in _AMOUNTS else value for key, value in total.items()}
        for name, total in sorted(totals.items())
    ]


def _show(totals: Totals, booked: int, *, is_applied: bool) -> None:
    if not totals:
        typer.echo("nothing was charged in that time", err=True)
        return
    table = [("model", *(name.replace("_usd", " $").replace("_", " ") for name in _COLUMNS))]
    table += [(str(row["model"]), *(str(row[name]) for name in _COLUMNS)) for row in _list_rows(totals)]
    widths = [max(map(len, cells)) for cells in zip(*table, strict=True)]
    for first, *others in table:
        cells = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        typer.echo("  ".join((first.ljust(widths[0]), *cells)).rstrip())
    changed = sum(total["changed"] for total in totals.values())
    unknown = sum(total["still_unknown"] for total in totals.values())
    if unknown:
        typer.echo(f"{unknown} stay unknown: no price, or no usage to go by", err=True)
    if is_applied:
        typer.echo(f"{booked} corrections booked", err=True)
    elif changed:
        typer.echo("nothing has been booked; next: the same with --apply --reason TEXT", err=True)
    else:
        typer.echo("all of it is as it would be; there is nothing to book", err=True)


def _read_moment(option: str, text: str, now_ms: int) -> int:
    span = _SPAN.fullmatch(text)
    if span is not None:
        return max(now_ms - int(span[1]) * _UNITS_MS[span[2]], 0)
    try:
        moment = datetime.fromisoformat(text)
        since_ms = int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1_000)
    except (ValueError, OverflowError):
        since_ms = -1
    if since_ms < 0:
        message = f'{option} "{text[:32]}" is no time; write it like 24h, 7d or 2026-11-01'
        typer.echo(message, err=True)
        raise typer.Exit(2)
    return since_ms
