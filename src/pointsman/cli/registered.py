"""What the commands for teams and those for users share: how each is sent, and how one reads on a line."""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import quote as quote_url

import typer

from pointsman.cli.gateway import call_gateway
from pointsman.cli.local_configuration import name_author
from pointsman.cli.term_options import choose_changes, choose_said, print_json, send_terms, write_terms

Kind = Literal["team", "user"]

CLEARABLE = frozenset({"models", "budgets", "requests_per_minute", "tokens_per_minute", "concurrent"})
"""Terms that `update --clear` takes away; of a user the team, too."""


def create_registered(kind: Kind, id: str, said: Mapping[str, object], reason: str, *, as_json: bool) -> None:
    """Register one and show it."""
    body = {"id": id, "author": name_author(), "reason": reason} | choose_said(said)
    _show(send_terms("POST", f"/api/v1/{kind}s", body), as_json=as_json)
    typer.echo(f"created {id}. Next: pointsman keys create --name NAME --{kind} {id}", err=True)


def update_registered(
    kind: Kind, id: str, said: Mapping[str, object], clear: list[str] | None, reason: str, *, as_json: bool
) -> None:
    """Change one and show it."""
    clearable = CLEARABLE | {"team"} if kind == "user" else CLEARABLE
    changes = choose_changes(said, clear, clearable)
    answer = send_terms("PATCH", _path_of(kind, id), changes | {"author": name_author(), "reason": reason})
    _show(answer, as_json=as_json)
    typer.echo(f"changed {id}. Next: pointsman {kind}s list", err=True)


def list_registered(kind: Kind, *, as_json: bool) -> None:
    """Show all of a kind."""
    answer = call_gateway("GET", f"/api/v1/{kind}s")
    if as_json:
        print_json(answer)
        return
    shown = answer[f"{kind}s"]
    for each in shown:
        typer.echo(_write(each))
    typer.echo(
        f"Next: pointsman {kind}s update ID" if shown else f"There is no {kind}. Next: pointsman {kind}s create ID",
        err=True,
    )


def show_registered(kind: Kind, id: str, *, as_json: bool) -> None:
    """Show one."""
    _show(call_gateway("GET", _path_of(kind, id)), as_json=as_json)
    typer.echo(f"Next: pointsman {kind}s update {id}", err=True)


def delete_registered(kind: Kind, id: str, reason: str, *, as_json: bool) -> None:
    """Forget one."""
    call_gateway("DELETE", _path_of(kind, id), query={"author": name_author(), "reason": reason})
    if as_json:
        print_json({"id": id, "deleted": True})
    typer.echo(f"deleted {id}. Next: pointsman {kind}s list", err=True)


def _path_of(kind: Kind, id: str) -> str:
    return f"/api/v1/{kind}s/{quote_url(id, safe='')}"


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        typer.echo(_write(answer))


def _write(shown: dict[str, Any]) -> str:
    state = "broken" if shown.get("problem") else "disabled" if shown["disabled"] else "live"
    terms = shown.get("problem") or "; ".join(write_terms(shown))
    name = f"  {shown['name']}" if shown["name"] else ""
    return f"{shown['id']}  {state}{name}" + (f"  ({terms})" if terms else "")
