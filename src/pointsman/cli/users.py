"""Register the users that keys name, with what the keys of each may use up together."""

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
    check_word,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
UserId = Annotated[str, typer.Argument(help="What keys, budgets and usage call it, such as ada@example.com.")]
Title = Annotated[str | None, typer.Option("--name", help="What people call it.")]
Team = Annotated[str | None, typer.Option(help="The team it belongs to.", callback=check_word)]


@app.command()
def create(
    id: UserId,
    name: Title = None,
    team: Team = None,
    models: Models = None,
    budget: Budgets = None,
    confirm_zero: ConfirmZero = False,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrent: Concurrent = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Register a user; what is left out restricts nothing.

    Exit code 0: created; 1: refused.

    Example: pointsman users create ada@example.com --budget '$100/month Europe/Berlin' --requests-per-minute 600
    """
    said: dict[str, object] = {
        "name": name,
        "team": team,
        "models": models,
        "budgets": budget,
        "confirm_zero": confirm_zero,
    }
    said |= {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
    create_registered("user", id, said | {"concurrent": concurrent}, reason, as_json=as_json)


@app.command()
def update(
    id: UserId,
    name: Title = None,
    team: Team = None,
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
    """Change a user, from the next request on; what is left out stays as it is.

    A list takes the place of the former one. Exit code 0: changed; 1: refused.

    Example: pointsman users update ada@example.com --disable --reason "left the company"
    """
    said: dict[str, object] = {
        "name": name,
        "team": team,
        "models": models,
        "budgets": budget,
        "confirm_zero": confirm_zero or None,
    }
    said |= {"requests_per_minute": requests_per_minute, "tokens_per_minute": tokens_per_minute}
    said |= {"concurrent": concurrent, "disabled": disabled}
    update_registered("user", id, said, clear, reason, as_json=as_json)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List the users. Example: pointsman users list"""
    list_registered("user", as_json=as_json)


@app.command()
def show(id: UserId, as_json: AsJson = False) -> None:
    """Show one user. Example: pointsman users show ada@example.com"""
    show_registered("user", id, as_json=as_json)


@app.command()
def delete(id: UserId, reason: Reason = "", as_json: AsJson = False) -> None:
    """Forget a user that no live key names. Example: pointsman users delete ada@example.com"""
    delete_registered("user", id, reason, as_json=as_json)
