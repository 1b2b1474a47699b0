"""Change which model an agent runs on for a while; an override ends by itself.

Example: pointsman override agent orchestrator --model gpt-4o --reason "outage" --for 2h
"""

import json
from typing import Annotated, Any
from urllib.parse import quote as quote_url

import typer

from pointsman.cli.change import GivenReason, Reason
from pointsman.cli.gateway import GatewayError, ask_gateway, call_gateway, say_refused
from pointsman.cli.local_configuration import name_author

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


def check_duration(text: str | None) -> str | None:
    """A duration that an override may have; the option calls it."""
    from pointsman.control.changes import ChangeRefused
    from pointsman.control.overrides import read_override_duration

    try:
        return None if text is None or read_override_duration(text) < 1 else text
    except ChangeRefused as refused:
        raise typer.BadParameter(str(refused)) from None


@app.command()
def agent(
    name: Annotated[str, typer.Argument(help="The agent.")],
    model: Annotated[str, typer.Option(help="The model it runs on meanwhile.")],
    reason: GivenReason,
    duration: Annotated[
        str | None,
        typer.Option("--for", help="Such as 30m, 2h, 7d; until cancelled if left out.", callback=check_duration),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run an agent on another model for a while.

    Exit code 0: in force; 1: refused.

    Example: pointsman override agent orchestrator --model gpt-4o --reason outage --for 2h
    """
    body = {"model_id": model, "reason": reason, "duration": duration, "author": name_author()}
    try:
        answer = ask_gateway("POST", f"/api/agents/{quote_url(name, safe='')}/model", body)
    except GatewayError as error:
        # What is wrong with an override is wrong with the options that made it; it has no lines, and no id yet.
        error.problems = [problem | {"file": "this override"} for problem in error.problems]
        say_refused(error)
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    typer.echo(_write_override(answer))
    typer.echo(f"Next: pointsman override cancel {answer['id']}", err=True)


@app.command("list")
def list_overrides(as_json: AsJson = False) -> None:
    """List the overrides that count now. Example: pointsman override list"""
    answer = call_gateway("GET", "/api/v1/overrides")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["overrides"]:
        typer.echo(_write_override(each))
    if answer["overrides"]:
        typer.echo("Next: pointsman override cancel ID", err=True)
    else:
        typer.echo("No override counts. Next: pointsman override agent NAME --model M --reason WHY --for 2h", err=True)


@app.command()
def cancel(
    override_id: Annotated[str, typer.Argument(help="The id that `override list` shows.")],
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """End an override before its time. Example: pointsman override cancel ovr_12ab34cd56ef7890"""
    query = {"author": name_author(), "reason": reason}
    call_gateway("DELETE", f"/api/v1/overrides/{quote_url(override_id, safe='')}", query=query)
    if as_json:
        typer.echo(json.dumps({"id": override_id, "cancelled": True}))
    typer.echo(f"ended {override_id}. Next: pointsman override list", err=True)


def _write_override(override: dict[str, Any]) -> str:
    ends = f"until {override['expires_at']}" if override["expires_at"] else "until cancelled"
    said = f": {override['reason']}" if override["reason"] else ""
    subject = f"{override['kind']} {override['target']} runs on {override['value']}"
    return f"{override['id']}  {subject} {ends} (by {override['author']}{said})"
