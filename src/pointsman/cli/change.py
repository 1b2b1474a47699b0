"""How a command changes the configuration of a running gateway, and says what came of it; a refusal is JSON too."""

import json
import re
from collections.abc import Callable
from typing import Annotated, Any, NoReturn

import typer

from pointsman.cli.gateway import GatewayError, ask_gateway, say_refused, write_problem

BASE = "/api/v1/configuration"
MOST_REASON = 1_024

NEXT_STEPS = {
    "configuration_refused": "correct the above, then try again",
    "invalid_change": "correct the above, then try again",
    "source_is_file": "edit the files of the gateway",
    "stale_revision": "pointsman config history",
    "not_found": "pointsman config history",
    "no_gateway": "pointsman serve",
}
"""What to do after a refusal, by its code."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Locate = Callable[[dict[str, Any]], dict[str, Any]]
"""Tells where a problem that the gateway found stands for whoever wrote the change."""


def check_reason(reason: str) -> str:
    """A reason that can be kept; options call it."""
    if len(reason) > MOST_REASON:
        raise typer.BadParameter(f"{len(reason):,} characters; a reason has at most {MOST_REASON:,}")
    if _CONTROL.search(reason):
        raise typer.BadParameter("a reason holds no control characters")
    return reason


def check_given_reason(reason: str) -> str:
    """The same where one has to be given."""
    if not reason.strip():
        raise typer.BadParameter("say why in a few words; it is kept in the history")
    return check_reason(reason)


Reason = Annotated[str, typer.Option(help="Why; kept in the history.", callback=check_reason)]
GivenReason = Annotated[str, typer.Option(help="Why; kept in the history.", callback=check_given_reason)]


def send_change(
    resource: str, body: dict[str, object], done: str, *, as_json: bool, locate: Locate | None = None
) -> None:
    """Ask for a change and say what it led to; ends the command with 1 when it was refused.

    Args:
        resource: below the configuration, such as `changes`.
        body: of the request.
        done: what to say of a change that is made, such as `in force`.
        as_json: whether the answer goes to stdout as JSON, a refusal included.
        locate: where a problem stands for the user.
    """
    try:
        answer = ask_gateway("POST", f"{BASE}/{resource}", body)
    except GatewayError as error:
        error.problems = _locate_all(error.problems, locate)
        say_refused(error)
        typer.echo(f"Nothing was changed. Next: {NEXT_STEPS.get(error.code, 'pointsman doctor')}", err=True)
        end_refused(error.problems, error.code, str(error), as_json=as_json)
    problems = _locate_all(answer["problems"], locate)
    for problem in problems:
        typer.echo(write_problem(problem), err=True)
    if not answer["ok"]:
        message = "Refused; what was in force stays. Next: correct the above, then try again."
        typer.echo(message, err=True)
        end_refused(problems, "configuration_refused", message, as_json=as_json)
    if as_json:
        typer.echo(json.dumps(answer | {"problems": problems}, ensure_ascii=False))
    else:
        typer.echo("".join(f"{line}\n" for line in write_changes(answer["changes"])), nl=False)
    number = f"revision {answer['number']} ({answer['revision']})" if answer["number"] else answer["revision"]
    what = "" if answer["changes"] else ", and nothing differs"
    typer.echo(f"{done}{what}: {number}. Next: pointsman config history", err=True)


def end_refused(problems: list[dict[str, Any]], code: str, message: str, *, as_json: bool) -> NoReturn:
    """End the command with 1; scripts get the keys of a change, and why it was not made."""
    if as_json:
        error = {"code": code, "message": message}
        answer = {"ok": False, "number": None, "revision": None, "changes": [], "problems": problems, "error": error}
        typer.echo(json.dumps(answer, ensure_ascii=False))
    raise typer.Exit(1)


def _locate_all(problems: list[dict[str, Any]], locate: Locate | None) -> list[dict[str, Any]]:
    """The problems where they stand for the user, in the order in which they are read there."""
    if locate is None:
        return problems
    located = [locate(problem) for problem in problems]
    return sorted(located, key=lambda one: (one.get("file", ""), one.get("line", 0), one.get("column", 0)))


def write_changes(changes: list[dict[str, Any]]) -> list[str]:
    """Differences for people, a line for each side."""
    lines: list[str] = []
    for each in changes:
        if each["kind"] != "added":
            lines.append(f"- {each['path']}: {json.dumps(each['old'], ensure_ascii=False)}")
        if each["kind"] != "removed":
            lines.append(f"+ {each['path']}: {json.dumps(each['new'], ensure_ascii=False)}")
    return lines
