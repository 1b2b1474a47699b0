"""Create, list and revoke the keys that callers of a running gateway present."""

import json
from typing import Annotated, Any

import typer

from pointsman.cli.gateway import GatewayError, find_gateway

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, rich_markup_mode=None)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]


@app.command()
def create(name: Annotated[str, typer.Option(help="Whom the key is for.")], as_json: AsJson = False) -> None:
    """Create a key; it is shown this once. Example: pointsman keys create --name reports"""
    answer = _call("POST", "/api/v1/keys", {"name": name})
    if as_json:
        typer.echo(json.dumps(answer))
        return
    typer.echo(answer["key"])
    typer.echo(f'key {answer["id"]} for "{answer["name"]}": keep it now, it is not shown again', err=True)


@app.command("list")
def list_keys(as_json: AsJson = False) -> None:
    """List the keys, without their secrets. Example: pointsman keys list"""
    answer = _call("GET", "/api/v1/keys")
    if as_json:
        typer.echo(json.dumps(answer))
        return
    for key in answer["keys"]:
        state = "revoked" if key["revoked_at"] else "live"
        typer.echo(f"{key['id']}  {key['display']}  {state:8}{key['name']}")


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="The id that `keys list` shows.")], as_json: AsJson = False
) -> None:
    """Revoke a key; the next call that presents it is refused. Example: pointsman keys revoke key_12ab"""
    _call("DELETE", f"/api/v1/keys/{key_id}")
    if as_json:
        typer.echo(json.dumps({"id": key_id, "revoked": True}))
    typer.echo(f"revoked {key_id}", err=True)


def _call(method: str, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
    try:
        answer = find_gateway().call(method, path, body)
    except GatewayError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    return answer if isinstance(answer, dict) else {}
