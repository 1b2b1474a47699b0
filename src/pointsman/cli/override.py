"""Change for a while how requests are routed: an agent's model, the strategy, a task's model; it ends by itself.

Example: pointsman override agent orchestrator --model gpt-4o --reason "outage" --for 2h
"""

import json
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote as quote_url

import typer

from pointsman.cli.change import GivenReason, Reason
from pointsman.cli.gateway import GatewayError, ask_gateway, call_gateway, say_refused
from pointsman.cli.local_configuration import name_author

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


_SUBJECTS = {
    "agent": "agent {target} runs on {value}",
    "strategy": "the strategy is {value}",
    "task": "task {target} is forced to {value}",
}
"""What each kind of override does, for people."""


def check_duration(text: str | None) -> str | None:
    """A duration that an override may have; the option calls it."""
    from pointsman.control.override_duration import read_override_duration

    return _check(text, read_override_duration)


def check_task_duration(text: str | None) -> str | None:
    """The same for a task, whose override lasts a day at most."""
    from pointsman.control.override_duration import read_task_duration

    return _check(text, read_task_duration)


def _check(text: str | None, read: Callable[[str], int]) -> str | None:
    from pointsman.control.changes import ChangeRefused

    try:
        return None if text is None or read(text) < 1 else text
    except ChangeRefused as refused:
        raise typer.BadParameter(str(refused)) from None


Duration = Annotated[
    str | None, typer.Option("--for", help="Such as 30m, 2h, 7d; until cancelled if left out.", callback=check_duration)
]


@app.command()
def agent(
    name: Annotated[str, typer.Argument(help="The agent.")],
    model: Annotated[str, typer.Option(help="The model it runs on meanwhile.")],
    reason: GivenReason,
    duration: Duration = None,
    as_json: AsJson = False,
) -> None:
    """Run an agent on another model for a while.

    Exit code 0: in force; 1: refused.

    Example: pointsman override agent orchestrator --model gpt-4o --reason outage --for 2h
    """
    body = {"model_id": model, "reason": reason, "duration": duration, "author": name_author()}
    _make(f"/api/agents/{quote_url(name, safe='')}/model", body, as_json=as_json)


@app.command()
def strategy(
    name: Annotated[str, typer.Argument(help="The strategy: a built-in one, or one of the configuration.")],
    reason: GivenReason,
    duration: Duration = None,
    as_json: AsJson = False,
) -> None:
    """Order the candidates of all requests by another strategy for a while.

    Who has no model left under it is refused until it ends, and named here. Exit code 0: in force; 1: refused.

    Example: pointsman override strategy privacy_first --reason "audit at a provider" --for 2h
    """
    body = {"strategy": name, "reason": reason, "duration": duration, "author": name_author()}
    _make("/api/routing/strategy", body, as_json=as_json)


@app.command()
def task(
    task_id: Annotated[str, typer.Argument(help="What requests name as x-pointsman-task-id or metadata.task_id.")],
    model: Annotated[str, typer.Option(help="The model that serves them; no other stands in for it.")],
    reason: GivenReason,
    duration: Annotated[
        str | None,
        typer.Option("--for", help="Such as 30m, 2h; 24h if left out, and at most.", callback=check_task_duration),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Force a model for the requests of one task.

    Exit code 0: in force; 1: refused.

    Example: pointsman override task ticket-4711 --model claude-3-opus --reason "hard decision" --for 1h
    """
    body = {"force_model": model, "reason": reason, "duration": duration, "author": name_author()}
    _make(f"/api/tasks/{quote_url(task_id, safe='')}/routing", body, as_json=as_json)


def _make(path: str, body: dict[str, str | None], *, as_json: bool) -> None:
    """Ask for an override and say what came of it; ends the command with 1 when it was refused."""
    try:
        answer = ask_gateway("POST", path, body)
    except GatewayError as error:
        # What is wrong with an override is wrong with the options that made it; it has no lines, and no id yet.
        error.problems = [problem | {"file": "this override"} for problem in error.problems]
        say_refused(error)
        raise typer.Exit(1) from None
    for warning in answer.get("warnings", []):
        typer.echo(f"warning: {warning}", err=True)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    typer.echo(_write_override(answer))
    typer.echo(f"Next: pointsman override cancel {answer['id']}", err=True)


@app.command("list")
def list_overrides(
    ended: Annotated[bool, typer.Option("--ended", help="Those that count no more, the last one first.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the overrides that count now. Example: pointsman override list"""
    answer = call_gateway("GET", "/api/v1/overrides", query={"ended": "true"} if ended else None)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for each in answer["overrides"]:
        typer.echo(_write_override(each))
    if ended:
        typer.echo("Next: pointsman override list", err=True)
    elif answer["overrides"]:
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
    subject = _SUBJECTS.get(override["kind"], "{target}: {value}").format(**override)
    said = f": {override['reason']}" if override["reason"] else ""
    line = f"{override['id']}  {subject} {_write_end(override)} (by {override['author']}{said})"
    if not override.get("ended_at"):
        return line
    why = f": {override['end_reason']}" if override["end_reason"] else ""
    return f"{line}, ended {override['ended_at']} by {override['ended_by']}{why}"


def _write_end(override: dict[str, Any]) -> str:
    return f"until {override['expires_at']}" if override["expires_at"] else "until cancelled"
