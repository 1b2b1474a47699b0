"""Register the teams that keys name, with what the keys of each may use up together."""

from typing import Annotated

import typer

from pointsman.cli.change import Reason
from pointsman.cli.registered import (
    create_registered,
    delete_registered,
    list_registered,
    show_registered,
    update_registered,
)
from pointsman.cli.term_options import (
    AsJson,
    Budgets,
    Clear,
    Concurrent,
    ConfirmZero,
    Models,
    RequestsPerMinute,
    TokensPerMinute,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
TeamId = Annotated[str, typer.Argument(help="What keys, budgets and usage call it, such as billing.")]
Title = Annotated[str | None, typer.Option("--name", help="What people call it.")]


@app.command()
def create(
    id: TeamId,
    name: Title = None,
    models: Models = None,
    budget: Budgets = None,
    confirm_zero: ConfirmZero = False,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrent: Concurrent = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Register a team; what is left out restricts nothing.

    Exit code 0: created; 1: refused.

    Example: pointsman teams create billing --budget '$100/month Europe/Berlin' --requests-per-minute 600
    """
    said: dict[str, object] = {"name": name, "models": models, "budgets": budget, "confirm_zero": confirm_zero}
    said |= {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
    create_registered("team", id, said | {"concurrent": concurrent}, reason, as_json=as_json)


@app.command()
def update(
    id: TeamId,
    name: Title = None,
    models: Models = None,
    budget: Budgets = None,
    confirm_zero: ConfirmZero = False,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrent: Concurrent = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="Its keys open nothing for now.")] = None,
    clear: Clear = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Change a team, from the next request on; what is left out stays as it is.

    A list takes the place of the former one. Exit code 0: changed; 1: refused.

    Example: pointsman teams update billing --disable --reason "left the company"
    """
    said: dict[str, object] = {"name": name, "models": models, "budgets": budget, "confirm_zero": confirm_zero or None}
    said |= {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
    said |= {"concurrent": concurrent, "disabled": disabled}
    update_registered("team", id, said, clear, reason, as_json=as_json)


@app.command("list")
def list_teams(as_json: AsJson = False) -> None:
    """List the teams. Example: pointsman teams list"""
    list_registered("team", as_json=as_json)


@app.command()
def show(id: TeamId, as_json: AsJson = False) -> None:
    """Show one team. Example: pointsman teams show billing"""
    show_registered("team", id, as_json=as_json)


@app.command()
def delete(id: TeamId, reason: Reason = "", as_json: AsJson = False) -> None:
    """Forget a team that no live key names. Example: pointsman teams delete billing"""
    delete_registered("team", id, reason, as_json=as_json)
