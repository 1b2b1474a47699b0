"""Create, list and revoke the keys that callers of a running gateway present."""

import json
from typing import Annotated, Any, Literal
from urllib.parse import quote as quote_url

import typer

from pointsman.cli.gateway import call_gateway, write_problem

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]

NO_KEYS = "There is no key. Next: pointsman keys create --name NAME"


def split_names(given: list[str]) -> list[str]:
    """Names that are separated by commas, in one or several options.

    An empty one is refused, because an empty list allows more than any other: `--models "$UNSET"` must not.
    """
    names = [name.strip() for text in given for name in text.split(",")]
    if not all(names):
        raise typer.BadParameter("a name is missing; write them as in agent:writer,gpt-4o or leave the option out")
    return names


def check_word(given: str | None) -> str | None:
    """A text that is there when its option is, for the same reason."""
    if given is not None and not given.strip():
        raise typer.BadParameter("it is empty; leave the option out to say nothing")
    return given


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whom the key is for.")],
    team: Annotated[str | None, typer.Option(help="Whose requests these are.", callback=check_word)] = None,
    user: Annotated[str | None, typer.Option(help="Which person's or program's.", callback=check_word)] = None,
    tag: Annotated[
        list[str], typer.Option(help="A label that each request has; may be repeated.", callback=split_names)
    ] = [],  # noqa: B006  typer never changes it
    models: Annotated[
        list[str],
        typer.Option(help="What it may ask for: agent:writer,gpt-4o,task:*; all if left out.", callback=split_names),
    ] = [],  # noqa: B006
    privacy: Annotated[
        Literal["low", "medium", "high"] | None, typer.Option(help="The label that each request has at least.")
    ] = None,
    detect: Annotated[
        Literal["off", "rules", "always"] | None, typer.Option(help="When private data is looked for in its requests.")
    ] = None,
    strategies: Annotated[
        list[str],
        typer.Option(help="Strategies that its requests may ask for, or *; none if left out.", callback=split_names),
    ] = [],  # noqa: B006
    budget_mode: Annotated[
        bool, typer.Option("--budget-mode", help="Each request takes the model for saving.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Create a key; it is shown this once, and what it may do does not change any more.

    Exit code 0: created; 1: refused.

    Example: pointsman keys create --name reports --team billing --models agent:writer,gpt-4o --privacy high
    """
    said: dict[str, object] = {
        "team": team,
        "user": user,
        "tags": tag,
        "models": models,
        "privacy": privacy,
        "detect": detect,
        "strategies": strategies,
        "budget_mode": budget_mode,
    }
    answer = call_gateway("POST", "/api/v1/keys", {"name": name} | {key: value for key, value in said.items() if value})
    for warning in answer.get("warnings", ()):
        typer.echo(f"warning: {write_problem(warning)}", err=True)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    typer.echo(answer["key"])
    typer.echo(f'key {answer["id"]} for "{answer["name"]}": keep it now, it is not shown again', err=True)
    if terms := _write_policy(answer):
        typer.echo(terms, err=True)
    typer.echo("Next: send it as Authorization: Bearer, or look at all keys with: pointsman keys list", err=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets. Example: pointsman keys list"""
    answer = call_gateway("GET", "/api/v1/keys")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for key in answer["keys"]:
        typer.echo(_write_key(key))
    typer.echo("Next: pointsman keys revoke ID" if answer["keys"] else NO_KEYS, err=True)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")], as_json: AsJson = False
) -> None:
    """Revoke a key; the next call that presents it is refused. Example: pointsman keys revoke key_12ab"""
    call_gateway("DELETE", f"/api/v1/keys/{quote_url(key_id, safe='')}")
    if as_json:
        typer.echo(json.dumps({"id": key_id, "revoked": True}))
    typer.echo(f"revoked {key_id}. Next: pointsman keys list", err=True)


def _write_key(key: dict[str, Any]) -> str:
    state = "revoked" if key["revoked_at"] else "broken" if key.get("problem") else "live"
    terms = key.get("problem") or _write_policy(key)
    line = f"{key['id']}  {key['display']}  {state:8}{key['name']}"
    return f"{line}  ({terms})" if terms else line


def _write_policy(key: dict[str, Any]) -> str:
    """What a key may do beside the usual, for people; a gateway of an earlier version says nothing of it."""
    lists = {"tags": "tags", "models": "may ask for", "strategies": "strategies"}
    parts = [f"{what} {key[what]}" for what in ("team", "user") if key.get(what)]
    parts += [f"{words} {', '.join(key[what])}" for what, words in lists.items() if key.get(what)]
    parts += [f"{what} {key[what]}" for what in ("privacy", "detect") if key.get(what)]
    return "; ".join([*parts, "budget mode"] if key.get("budget_mode") else parts)
