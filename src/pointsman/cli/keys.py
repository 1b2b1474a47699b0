"""Create, change, rotate and revoke the keys that callers of a running gateway present."""

from typing import Annotated, Any, Literal
from urllib.parse import quote as quote_url

import typer

from pointsman.cli.change import Reason
from pointsman.cli.gateway import call_gateway
from pointsman.cli.local_configuration import name_author
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
    choose_changes,
    choose_said,
    print_json,
    send_terms,
    split_names,
    write_terms,
)

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)

NO_KEYS = "There is no key. Next: pointsman keys create --name NAME"
CLEARABLE = frozenset(
    {
        *("team", "user", "tags", "models", "privacy", "detect", "strategies", "budgets", "expires"),
        *("requests_per_minute", "tokens_per_minute", "concurrent", "max_cost_per_request"),
    }
)
"""Terms that `keys update --clear` takes away."""

KeyId = Annotated[str, typer.Argument(help="The id that `keys list` shows.")]
Team = Annotated[str | None, typer.Option(help="Whose requests these are.", callback=check_word)]
User = Annotated[str | None, typer.Option(help="Which person's or program's.", callback=check_word)]
Tags = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        help="A label that each request has; may be repeated.",
        callback=lambda given: split_names(given or []),
    ),
]
Agents = Annotated[
    list[str] | None,
    typer.Option(
        help="Agents that it may ask for, or *: the same as agent:NAME under --models.",
        callback=lambda given: split_names(given or []),
    ),
]
Privacy = Annotated[
    Literal["low", "medium", "high"] | None, typer.Option(help="The label that each request has at least.")
]
Detect = Annotated[
    Literal["off", "rules", "always"] | None, typer.Option(help="When private data is looked for in its requests.")
]
Strategies = Annotated[
    list[str] | None,
    typer.Option(
        help="Strategies that its requests may ask for, or *; none if left out.",
        callback=lambda given: split_names(given or []),
    ),
]
MaxCost = Annotated[
    str | None,
    typer.Option("--max-cost", help="Dollars that one request may cost, such as 0.50.", callback=check_word),
]
Expires = Annotated[
    str | None,
    typer.Option(help="Such as 30d, 2027-01-31 or 2027-01-31T18:00Z; never if left out.", callback=check_word),
]


@app.command()
def create(
    name: Annotated[str, typer.Option(help="Whom the key is for.")],
    team: Team = None,
    user: User = None,
    tag: Tags = None,
    models: Models = None,
    agents: Agents = None,
    privacy: Privacy = None,
    detect: Detect = None,
    strategies: Strategies = None,
    budget_mode: Annotated[
        bool, typer.Option("--budget-mode", help="Each request takes the model for saving.")
    ] = False,
    budget: Budgets = None,
    confirm_zero: ConfirmZero = False,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrent: Concurrent = None,
    max_cost: MaxCost = None,
    clamp: Annotated[bool, typer.Option("--clamp", help="Cut too large a limit of the answer.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse where a parameter would be changed.")] = False,
    expires: Expires = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Create a key; it is shown this once.

    Exit code 0: created; 1: refused.

    Example: pointsman keys create --name reports --team billing --models agent:writer,gpt-4o --budget '$5/day'
    """
    terms: dict[str, object] = {
        "team": team,
        "user": user,
        "tags": tag,
        "models": models,
        "agents": agents,
        "privacy": privacy,
    }
    terms |= {"detect": detect, "strategies": strategies, "budget_mode": budget_mode, "budgets": budget}
    terms |= {"confirm_zero": confirm_zero, "requests_per_minute": requests_per_minute, "concurrent": concurrent}
    terms |= {"tokens_per_minute": tokens_per_minute, "max_cost_per_request": max_cost, "clamp": clamp}
    said = choose_said(terms | {"strict": strict, "expires": expires, "reason": reason or None})
    answer = send_terms("POST", "/api/v1/keys", {"name": name, "author": name_author()} | said)
    _show_text(answer, as_json=as_json)


@app.command()
def update(
    key_id: KeyId,
    name: Annotated[str | None, typer.Option(help="Whom the key is for.", callback=check_word)] = None,
    team: Team = None,
    user: User = None,
    tag: Tags = None,
    models: Models = None,
    agents: Agents = None,
    privacy: Privacy = None,
    detect: Detect = None,
    strategies: Strategies = None,
    budget_mode: Annotated[bool | None, typer.Option(help="Each request takes the model for saving.")] = None,
    budget: Budgets = None,
    confirm_zero: ConfirmZero = False,
    requests_per_minute: RequestsPerMinute = None,
    tokens_per_minute: TokensPerMinute = None,
    concurrent: Concurrent = None,
    max_cost: MaxCost = None,
    clamp: Annotated[bool | None, typer.Option(help="Cut too large a limit of the answer.")] = None,
    strict: Annotated[bool | None, typer.Option(help="Refuse where a parameter would be changed.")] = None,
    expires: Expires = None,
    disabled: Annotated[bool | None, typer.Option("--disable/--enable", help="It opens nothing for now.")] = None,
    clear: Clear = None,
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Change what a key may do, from the next request on; what is left out stays as it is.

    A list takes the place of the former one. Exit code 0: changed; 1: refused.

    Example: pointsman keys update key_12ab --budget '$10/day' --clear expires --reason "more to do"
    """
    terms: dict[str, object] = {
        "name": name,
        "team": team,
        "user": user,
        "tags": tag,
        "models": models,
        "agents": agents,
    }
    terms |= {"privacy": privacy, "detect": detect, "strategies": strategies, "budget_mode": budget_mode}
    terms |= {"budgets": budget, "confirm_zero": confirm_zero or None, "requests_per_minute": requests_per_minute}
    terms |= {"tokens_per_minute": tokens_per_minute, "concurrent": concurrent, "max_cost_per_request": max_cost}
    terms |= {"clamp": clamp, "strict": strict, "expires": expires, "disabled": disabled}
    changes = choose_changes(terms, clear, CLEARABLE)
    answer = send_terms("PATCH", _path_of(key_id), changes | {"author": name_author(), "reason": reason})
    _show(answer, as_json=as_json)
    typer.echo(f"changed {key_id}. Next: pointsman keys list", err=True)


@app.command()
def rotate(
    key_id: KeyId,
    grace: Annotated[str, typer.Option(help="How long the former text works, such as 24h; 0 ends it at once.")] = "24h",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """Give a key another text, which is shown this once; its id, terms, budgets and usage go on.

    Exit code 0: rotated; 1: refused.

    Example: pointsman keys rotate key_12ab --grace 1h --reason "it was in a log"
    """
    body = {"grace": grace, "author": name_author(), "reason": reason}
    _show_text(send_terms("POST", f"{_path_of(key_id)}/rotate", body), as_json=as_json)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets. Example: pointsman keys list"""
    answer = call_gateway("GET", "/api/v1/keys")
    if as_json:
        print_json(answer)
        return
    for key in answer["keys"]:
        typer.echo(_write_key(key))
    typer.echo("Next: pointsman keys revoke ID" if answer["keys"] else NO_KEYS, err=True)


@app.command()
def show(key_id: KeyId, as_json: AsJson = False) -> None:
    """Show one key, without its secret. Example: pointsman keys show key_12ab"""
    _show(call_gateway("GET", _path_of(key_id)), as_json=as_json)
    typer.echo(f"Next: pointsman keys update {key_id}", err=True)


@app.command()
def revoke(key_id: KeyId, reason: Reason = "", as_json: AsJson = False) -> None:
    """Revoke a key; the next call that presents it is refused. Example: pointsman keys revoke key_12ab"""
    call_gateway("DELETE", _path_of(key_id), query={"author": name_author(), "reason": reason})
    if as_json:
        print_json({"id": key_id, "revoked": True})
    typer.echo(f"revoked {key_id}. Next: pointsman keys list", err=True)


def _path_of(key_id: str) -> str:
    return f"/api/v1/keys/{quote_url(key_id, safe='')}"


def _show_text(answer: dict[str, Any], *, as_json: bool) -> None:
    """The text of a key, alone on stdout."""
    if as_json:
        print_json(answer)
        return
    typer.echo(answer["key"])
    typer.echo(f'key {answer["id"]} for "{answer["name"]}": keep it now, it is not shown again', err=True)
    if terms := write_terms(answer):
        typer.echo("; ".join(terms), err=True)
    typer.echo("Next: send it as Authorization: Bearer, or look at all keys with: pointsman keys list", err=True)


def _show(answer: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(answer)
    else:
        typer.echo(_write_key(answer))


def _write_key(key: dict[str, Any]) -> str:
    written = "revoked" if key["revoked_at"] else "broken" if key.get("problem") else "live"
    used = [f"last used {key['last_used_at']}"] if key.get("last_used_at") else []
    terms = key.get("problem") or "; ".join([*write_terms(key), *used])
    line = f"{key['id']}  {key['display']}  {key.get('state') or written:7} {key['name']}"
    return f"{line}  ({terms})" if terms else line
